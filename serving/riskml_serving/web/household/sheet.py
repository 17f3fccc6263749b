"""Writes what a household's page shows as sheets for Excel."""

from __future__ import annotations

from typing import Any

from riskml.workbook import Sheet
from riskml_serving.web.shell.sheets import CODE, CONTACT, REGION, Column, Row, Style, make_table
from riskml_serving.web.shell.words import HUNDRED, count_per_hundred, label_flag

SCORE_COLUMNS: tuple[Column, ...] = (
    (
        "截至",
        "as of",
        lambda row, style: f"{row['as_of']}{style.t('（结果未变）', ' (unchanged)')}" if row["same"] else row["as_of"],
    ),
    ("信号", "signal", lambda row, style: style.word("signal", row["signal"])),
    ("分级", "tier", lambda row, style: row["specify"](style.word("tier", row["tier"]))),
    (HUNDRED["zh"], HUNDRED["en"], lambda row, _: count_per_hundred(row["probability"])),
)
VISIT_COLUMNS: tuple[Column, ...] = (
    ("日期", "on", lambda visit, _: visit["verified_on"]),
    ("结果", "finding", lambda visit, style: style.word("outcome", visit["outcome"])),
    ("类别", "category", lambda visit, style: style.word("category", visit["category"])),
    ("原因", "causes", lambda visit, style: "、".join(style.word("cause", code) for code in visit["causes"])),
    ("措施", "measures", lambda visit, _: "、".join(visit["measures"])),
    (
        "备注",
        "note",
        lambda visit, style: (
            style.t("备注需经授权查看", "needs permission") if visit["note"] is None else visit["note"]
        ),
    ),
    ("农户异议", "objection", lambda visit, _: visit["objection"]),
)


def build_sheets(page: dict[str, Any], style: Style) -> list[Sheet]:
    """Build the sheets for a household's workbook from what its page shows."""
    t, home = style.t, {"household_id": page["household_id"], "region_code": page["register"]["region_code"]}
    names, (cells,) = make_table((CODE, *(CONTACT if page["heads"] else ()), REGION), [home], style)
    facts = [*zip(names, cells, strict=True), *(_list_verdicts(page, style) if page["current"] is not None else ())]
    scores = [{**row, "specify": page["specify"]} for row in page["history"]]
    return [
        (t("研判", "verdicts"), (t("项目", "what"), t("内容", "says")), facts),
        (t("历次研判", "scores"), *make_table(SCORE_COLUMNS, scores, style)),
        (t("核实", "verifications"), *make_table(VISIT_COLUMNS, page["visits"], style)),
    ]


def _list_verdicts(page: Row, style: Style) -> list[tuple[str, Any]]:
    """List both verdicts, the reasons and what to verify."""
    explanation, t, lang = page["explanation"], style.t, style.lang
    rule, unit = explanation.rule, t("（元/人/年）", " (yuan/person/year)")
    flags = [label_flag(t(flag.zh, flag.en), flag.cause, lang) for flag in rule.flags]
    if rule.hidden_flags:
        flags.append(t("健康类提示（需授权）", "health flag (needs permission)"))
    after_spending = []  # without permission for health details, the whole row is left out, as on the page
    if rule.income_after_spending is not None:
        after_spending.append((t("扣除刚性支出后", "after unavoidable spending") + unit, rule.income_after_spending))
    return [
        (t("截至", "as of"), explanation.as_of),
        (t("综合信号", "signal"), style.word("signal", page["current"]["signal"])),
        *page["current"]["facts"],
        (t("人均纯收入", "income per head") + unit, rule.income),
        (t("监测线", "line") + unit, rule.line),
        (t("差额", "gap") + unit, rule.gap),
        (t("收入数据截至", "income known up to"), page["income_until"]),
        *((item.get_name(lang) + t("（元，12 个月）", " (yuan, 12 months)"), item.amount) for item in rule.spending),
        *after_spending,
        (t("情况", "status"), style.word("status", explanation.status)),
        (t("规则研判类别", "category by the rule line"), page["category"]),
        (t("规则提示", "flags"), "、".join(flags)),
        (t("模型", "model"), page["hundred"] or style.word("status", explanation.status)),
        (t("两者对照", "together"), page["together"]),
        *(
            (explanation.name_relation(name, lang), text)
            for name in ("reasons", "protections")
            for _, text in page[name]
        ),
        *((t("缺少或过时", "missing or stale"), t(gap.zh, gap.en)) for gap in explanation.missing),
        *((t("需要核实", "to verify"), t(step.zh, step.en)) for step in explanation.steps),
    ]

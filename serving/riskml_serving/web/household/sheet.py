"""Writes what a household's page shows as sheets for Excel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from riskml.workbook import Sheet
from riskml_serving.web.shell.persons import NAMES, list_contact
from riskml_serving.web.shell.words import HUNDRED, count_per_hundred, get_word, label_flag

__all__ = ["build_sheets"]

Translate = Callable[[str, str], str]


def build_sheets(page: dict[str, Any], region: str, lang: str) -> list[Sheet]:
    """Build the sheets for a household's workbook from what its page shows."""

    def t(zh: str, en: str) -> str:
        return zh if lang == "zh" else en

    word = partial(get_word, lang=lang)
    code = page["household_id"]
    facts = [(t("户码", "code"), code)]
    if page["heads"]:
        facts += zip(NAMES[lang], list_contact(page["heads"].get(code)), strict=True)
    facts.append((t("地区", "region"), region))
    if page["current"] is not None:
        facts += _list_verdicts(page, t, lang)
    same = t("（结果未变）", " (unchanged)")
    scores = [
        (
            f"{row['as_of']}{same}" if row["same"] else row["as_of"],
            word("signal", row["signal"]),
            page["specify"](word("tier", row["tier"])),
            count_per_hundred(row["probability"]),
        )
        for row in page["history"]
    ]
    visits = [
        (
            visit["verified_on"],
            word("outcome", visit["outcome"]),
            word("category", visit["category"]),
            "、".join(word("cause", code) for code in visit["causes"]),
            "、".join(visit["measures"]),
            t("备注需经授权查看", "needs permission") if visit["note"] is None else visit["note"],
            visit["objection"],
        )
        for visit in page["visits"]
    ]
    verdict_names = (t("项目", "what"), t("内容", "says"))
    score_names = (t("截至", "as of"), t("信号", "signal"), t("分级", "tier"), HUNDRED[lang])
    visit_names = t(
        "日期 结果 类别 原因 措施 备注 农户异议", "on finding category causes measures note objection"
    ).split()
    return [
        (t("研判", "verdicts"), verdict_names, facts),
        (t("历次研判", "scores"), score_names, scores),
        (t("核实", "verifications"), visit_names, visits),
    ]


def _list_verdicts(page: dict[str, Any], t: Translate, lang: str) -> list[tuple[str, Any]]:
    """List both verdicts, the reasons and what to verify."""
    explanation = page["explanation"]
    rule, unit = explanation.rule, t("（元/人/年）", " (yuan/person/year)")
    flags = [label_flag(t(flag.zh, flag.en), flag.cause, lang) for flag in rule.flags]
    if rule.hidden_flags:
        flags.append(t("健康类提示（需授权）", "health flag (needs permission)"))
    after_spending = []  # without permission for health details, the whole row is left out, as on the page
    if rule.income_after_spending is not None:
        after_spending.append((t("扣除刚性支出后", "after unavoidable spending") + unit, rule.income_after_spending))
    return [
        (t("截至", "as of"), explanation.as_of),
        (t("综合信号", "signal"), get_word("signal", page["current"]["signal"], lang)),
        *page["current"]["facts"],
        (t("人均纯收入", "income per head") + unit, rule.income),
        (t("监测线", "line") + unit, rule.line),
        (t("差额", "gap") + unit, rule.gap),
        (t("收入数据截至", "income known up to"), page["income_until"]),
        *((item.get_name(lang) + t("（元，12 个月）", " (yuan, 12 months)"), item.amount) for item in rule.spending),
        *after_spending,
        (t("情况", "status"), get_word("status", explanation.status, lang)),
        (t("规则研判类别", "category by the rule line"), page["category"]),
        (t("规则提示", "flags"), "、".join(flags)),
        (t("模型", "model"), page["hundred"] or get_word("status", explanation.status, lang)),
        (t("两者对照", "together"), page["together"]),
        *(
            (explanation.name_relation(name, lang), text)
            for name in ("reasons", "protections")
            for _, text in page[name]
        ),
        *((t("缺少或过时", "missing or stale"), t(gap.zh, gap.en)) for gap in explanation.missing),
        *((t("需要核实", "to verify"), t(step.zh, step.en)) for step in explanation.steps),
    ]

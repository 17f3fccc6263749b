"""What a household's page says, as sheets for Excel."""

from __future__ import annotations

from typing import Any

from riskml_serving.web.shell.export import Sheet
from riskml_serving.web.shell.words import HUNDRED, hundred, word

__all__ = ["sheets_of"]


def sheets_of(page: dict[str, Any], region: str, lang: str) -> list[Sheet]:
    """Sheets of a household's workbook from what its page shows."""
    zh = lang == "zh"
    said = page.get("said")
    facts: list[tuple[Any, ...]] = [
        ("户码" if zh else "code", page["household_id"]),
        ("地区" if zh else "place", region),
    ]
    if said is not None:
        facts += _verdicts(page, zh)
        facts += [("与返贫风险升高相关" if zh else "related to a higher risk", text) for _, text in page["reasons"]]
        facts += [("与返贫风险降低相关" if zh else "related to a lower risk", text) for _, text in page["protections"]]
        facts += [("缺少或过时" if zh else "missing or stale", gap.zh if zh else gap.en) for gap in said.missing]
        facts += [("需要核实" if zh else "to verify", step.zh if zh else step.en) for step in said.steps]
    scores = [
        (
            row["as_of"],
            word("signal", row["signal"], lang),
            word("tier", row["tier"], lang),
            hundred(row["probability"]),
        )
        for row in page["history"]
    ]
    visits = [
        (
            visit["verified_on"],
            word("outcome", visit["outcome"], lang),
            word("category", visit["category"], lang),
            "、".join(word("cause", code, lang) for code in visit["causes"]),
            "、".join(visit["measures"]),
            visit["note"] if visit["note"] is not None else ("备注需经授权查看" if zh else "needs permission"),
            visit["objection"],
        )
        for visit in page["visits"]
    ]
    return [
        ("研判" if zh else "verdicts", ("项目" if zh else "what", "内容" if zh else "says"), facts),
        (
            "评分" if zh else "scores",
            ("截至", "信号", "分级", HUNDRED["zh"]) if zh else ("as of", "signal", "tier", HUNDRED["en"]),
            scores,
        ),
        (
            "核实" if zh else "verifications",
            ("日期", "结果", "类别", "原因", "措施", "备注", "农户异议")
            if zh
            else ("on", "finding", "category", "causes", "measures", "note", "objection"),
            visits,
        ),
    ]


def _verdicts(page: dict[str, Any], zh: bool) -> list[tuple[Any, ...]]:
    said, lang = page["said"], "zh" if zh else "en"
    unit = "(元/人/年)" if zh else " (yuan/person/year)"
    hidden = ("健康类提示(需授权)", "about health (needs permission)")
    flags = [flag.zh if zh else flag.en for flag in said.rule.flags] + [hidden[not zh]] * bool(said.rule.hidden_flags)
    return [
        ("截至" if zh else "as of", said.as_of),
        ("综合信号" if zh else "signal", word("signal", said.signal, lang)),
        (("人均纯收入" if zh else "income per head") + unit, said.rule.income),
        (("监测线" if zh else "line") + unit, said.rule.line),
        (("差额" if zh else "gap") + unit, said.rule.gap),
        ("规则提示" if zh else "flags", "、".join(flags)),
        ("模型" if zh else "model", page["hundred"] or word("status", said.status, lang)),
        ("两者对照" if zh else "together", page["together"]),
    ]

"""Present the results by group: what each group is, when it matters, and which of its values fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riskml.evaluation.checks.group_gap import find_gaps
from riskml.evaluation.groups import select_shown_groups
from riskml.evaluation.words import GROUPS, name_groups
from riskml.reporting.language import Language
from riskml.reporting.quality_figures import draw_groups

__all__ = ["arrange_groups"]

_ABOUT = {
    ("category", "zh"): (
        "监测线规则按时点上的收入和事件建议的监测类别；“无”表示监测线规则不建议纳入。",
        "监测线规则未提示的户全靠模型发现：若其漏判高，说明返贫致贫事前没有任何记录迹象，或记录来得太迟。",
    ),
    ("category", "en"): (
        "The category that the rule line suggests at the date; “none” if it suggests none.",
        "Households that the rule line does not flag depend on the model alone. If many of them are missed, nothing "
        "was recorded before they fell, or it was recorded too late.",
    ),
    ("exited", "zh"): (
        "“是”为脱贫户，“否”为一般农户。",
        "一般农户登记通常较少、来得较迟；若其漏判高，边缘户会被系统性忽视。",
    ),
    ("exited", "en"): (
        "“Yes” for households that left registered poverty, “no” for ordinary ones.",
        "Ordinary households tend to have fewer and later records; if they are missed more often, borderline "
        "households are systematically overlooked.",
    ),
    ("no_labour", "zh"): (
        "时点上没有劳动力的户。",
        "这类户靠转移性收入和照料，政策不得自动消除其风险；户数少，数字波动大。",
    ),
    ("no_labour", "en"): (
        "Households without labour at the date.",
        "They live on transfers and care, and policy never clears them automatically. They are few, so figures "
        "fluctuate.",
    ),
    ("income", "zh"): (
        "时点上已登记年度收入申报的户，和只按月登记收入的户。",
        "年度申报几个月后才知道，其间的收入变化看不见；若这些户漏判高，走访和部门名单更要跟上。",
    ),
    ("income", "en"): (
        "Households with a known yearly statement of income at the date, and those whose income is only reported month"
        " by month.",
        "A statement arrives months after its year, and what happens to income in between is unknown. If these"
        " households are missed more often, visits and department lists matter all the more for them.",
    ),
    ("region", "zh"): (
        "区划代码前缀相同的户；取有差别的最粗一级。",
        "登记习惯因地而异：某地漏判高，先查该地收入和医疗记录是否完整、是否迟到。",
    ),
    ("region", "en"): (
        "Households with the same prefix of the region code, at the coarsest level that differs.",
        "Recording practice differs between regions. If many falls are missed in a region, first check how complete "
        "and how late its records are.",
    ),
}
_OTHER = {
    "zh": ("按数据自带的分组。", "若某一取值的漏判明显偏高，先查其记录是否完整。"),
    "en": ("A group defined by the data.", "If falls are missed more often for one value, check its records first."),
}


def arrange_groups(groups: Sequence[Mapping[str, Any]], t: Language) -> dict[str, Any]:
    """Arrange the results by group, leaving out values with so few rows that a household could be identified.

    Returns
    -------
    dict
        ``groups``, each with its ``name``, ``what`` it is, ``when`` it matters, ``fails`` (the values that fail),
        ``hidden`` (the number of values left out) and its ``rows``; ``judged``, whether gaps could be assessed; and the
        ``figure``.
    """
    shown, hidden = select_shown_groups(groups)
    gaps = find_gaps(shown)
    failing = {(gap.group, gap.value): gap for gap in gaps or []}
    rows = [{**row, "gap": failing.get((row["group"], row["value"]))} for row in name_groups(shown, t.code)]
    parts = []
    for group in dict.fromkeys([row["group"] for row in groups]):
        what, when = _ABOUT.get((group, t.code)) or _OTHER[t.code]
        own = [row for row in rows if row["group"] == group]
        about = {"name": GROUPS.get_name(group, t.code), "what": what, "when": when}
        fails = [row for row in own if row["gap"]]
        parts.append({**about, "rows": own, "hidden": hidden.get(group, 0), "fails": fails})
    drawn = any(row["missed"] is not None for row in rows)
    return {"groups": parts, "judged": gaps is not None, "figure": draw_groups(rows, t) if drawn else None}

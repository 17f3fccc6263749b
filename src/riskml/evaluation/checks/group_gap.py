"""RKD006: some kinds of households are missed more often than others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskml.errors import shorten_list
from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable, shorten_list_zh
from riskml.evaluation.numbers import Z95
from riskml.evaluation.words import GROUP_VALUES, GROUPS

__all__ = ["Gap", "GroupGap", "find_gaps"]

GAP = 0.15
FEWEST = 10


class GroupGap(Check):
    """At the same visit capacity, the falls of one group stay unseen clearly more often than those of the others.

    Compared are the shares of missed falls in a group and in the group's other values, each with at least ten falls.
    A warning comes when the gap exceeds 15 points and the 95 % interval of the difference of two shares excludes
    zero. It does not block: the cause may lie in the data that a group has, and a person must judge it.
    """

    code = "RKD006"
    title = "group gap in missed households"
    title_zh = "分组漏判差距"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """See the class."""
        found = find_gaps(context.evaluation.get("groups") or [])
        if found is None:
            return NotApplicable(
                f"no group has two values with at least {FEWEST} falls each",
                f"没有两个取值各有至少 {FEWEST} 户返贫的分组",
            )
        if not found:
            return None
        return Finding(
            f"Falls are missed more often in {len(found)} group(s): "
            + shorten_list([f"{gap.group} {gap.value} ({gap.missed:.0%} against {gap.others:.0%})" for gap in found])
            + ".",
            "Look at how complete the records of these groups are, and reserve visits for them meanwhile.",
            blocking=False,
            zh=f"{len(found)} 个分组的返贫户漏判偏多：" + shorten_list_zh([_describe_zh(gap) for gap in found]) + "。",
            hint_zh="查看这些分组的记录是否完整，并暂时为其预留走访名额。",
        )


@dataclass(frozen=True)
class Gap:
    """A group whose falls are missed clearly more often than those of the group's other values."""

    group: str
    value: str
    missed: float
    others: float


def find_gaps(groups: Sequence[Mapping[str, Any]]) -> list[Gap] | None:
    """Find the groups that fail, the widest gap first.

    Parameters
    ----------
    groups : sequence of mapping
        ``groups`` of the evaluation.

    Returns
    -------
    list of Gap, or None
        None where no group has two values with at least ten falls each.
    """
    judged = [
        one for one in groups if one["value"] is not None and one["missed"] is not None and one["positives"] >= FEWEST
    ]
    found, compared = [], False
    for one in judged:
        others = [o for o in judged if o["group"] == one["group"] and o["value"] != one["value"]]
        n = sum(o["positives"] for o in others)
        if not n:
            continue
        compared = True
        rest = sum(o["missed"] * o["positives"] for o in others) / n
        error = math.sqrt(_compute_variance(one["missed"], one["positives"]) + _compute_variance(rest, n))
        if one["missed"] - rest > max(GAP, Z95 * error):
            found.append(Gap(one["group"], one["value"], one["missed"], rest))
    return sorted(found, key=lambda gap: gap.others - gap.missed) if compared else None


def _describe_zh(gap: Gap) -> str:
    group = GROUPS.get_name(gap.group, "zh")
    return f"{group}“{GROUP_VALUES.get_name(gap.value, 'zh')}”（漏判 {gap.missed:.0%}，其他取值 {gap.others:.0%}）"


def _compute_variance(share: float, n: int) -> float:
    """Variance of a share, with a little added so that 0 and 1 are not certain (Agresti and Coull 1998)."""
    shrunk = (share * n + 2) / (n + 4)
    return shrunk * (1 - shrunk) / (n + 4)

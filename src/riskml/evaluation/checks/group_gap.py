"""RKD006: some kinds of households are missed more often than others."""

from __future__ import annotations

import math

from riskml.errors import listed
from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable

__all__ = ["GroupGap"]

GAP = 0.15
FEWEST = 10
_Z = 1.959963984540054


class GroupGap(Check):
    """At the same visit capacity, the falls of one group stay unseen clearly more often than those of the others.

    Compared are the shares of missed falls in a group and in the group's other values, each with at least ten falls.
    A warning comes when the gap exceeds 15 points and the 95 % interval of the difference of two shares excludes
    zero. It does not block: the cause may lie in the data that a group has, and a person must judge it.
    """

    code = "RKD006"
    title = "group gap in missed households"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """See the class."""
        judged = [
            one
            for one in context.evaluation.get("groups") or []
            if one["value"] is not None and one["missed"] is not None and one["positives"] >= FEWEST
        ]
        gaps, compared = [], False
        for one in judged:
            others = [o for o in judged if o["group"] == one["group"] and o["value"] != one["value"]]
            n = sum(o["positives"] for o in others)
            if not n:
                continue
            compared = True
            rest = sum(o["missed"] * o["positives"] for o in others) / n
            error = math.sqrt(_variance(one["missed"], one["positives"]) + _variance(rest, n))
            gap = one["missed"] - rest
            if gap > max(GAP, _Z * error):
                gaps.append((gap, f"{one['group']} {one['value']} ({one['missed']:.0%} against {rest:.0%})"))
        if not compared:
            return NotApplicable(f"no group has two values with at least {FEWEST} falls each")
        if not gaps:
            return None
        gaps.sort(key=lambda entry: -entry[0])
        return Finding(
            f"Falls are missed more often in {len(gaps)} group(s): {listed([text for _, text in gaps])}.",
            "Look at how complete the records of these groups are, and reserve visits for them meanwhile.",
            blocking=False,
        )


def _variance(share: float, n: int) -> float:
    """Variance of a share, with a little added so that 0 and 1 are not certain (Agresti and Coull 1998)."""
    shrunk = (share * n + 2) / (n + 4)
    return shrunk * (1 - shrunk) / (n + 4)

"""Release check RKD006: the model misses some kinds of households more often than others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable
from riskml.evaluation.numbers import Z95
from riskml.evaluation.words import GROUP_VALUES, GROUPS
from riskml.text import Text, shorten_list

GAP = 0.15
MIN_FALLS = 10


class GroupGap(Check):
    """At the same visit capacity, falls in one group are missed clearly more often than falls in the others.

    Among the values of a group with at least ten falls each, the share of missed falls for each value is compared with
    that for the other values. A gap of more than 15 percentage points gives a warning if the 95 % interval of the
    difference excludes zero. It does not block the release, since the cause may be the data available on the group; a
    person must assess this.
    """

    code = "RKD006"
    title = Text("group gap in missed households")

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        gaps = find_gaps(context.evaluation.get("groups") or [])
        if gaps is None:
            return NotApplicable(Text("no group has two values with at least {least} falls each", least=MIN_FALLS))
        if not gaps:
            return None
        return Finding(
            Text(
                "Falls are missed more often in {count} group(s): {gaps}.",
                count=len(gaps),
                gaps=shorten_list(map(_describe, gaps)),
            ),
            Text("Check how complete the records of these groups are, and reserve visits for them in the meantime."),
            blocking=False,
        )


@dataclass(frozen=True)
class Gap:
    """A value of a group whose falls are missed clearly more often than those of the other values."""

    group: str
    value: str
    missed: float
    others: float


def find_gaps(groups: Sequence[Mapping[str, Any]]) -> list[Gap] | None:
    """Find the group values whose falls are missed clearly more often than those of other values, the widest gap first.

    Parameters
    ----------
    groups : sequence of mapping
        The ``groups`` in the evaluation.

    Returns
    -------
    list of Gap, or None
        None if no group has two values with at least ten falls each.
    """
    entries = [
        entry
        for entry in groups
        if entry["value"] is not None and entry["missed"] is not None and entry["positives"] >= MIN_FALLS
    ]
    gaps, compared = [], False
    for entry in entries:
        others = [o for o in entries if o["group"] == entry["group"] and o["value"] != entry["value"]]
        n = sum(o["positives"] for o in others)
        if not n:
            continue
        compared = True
        rest = sum(o["missed"] * o["positives"] for o in others) / n
        error = math.sqrt(_compute_variance(entry["missed"], entry["positives"]) + _compute_variance(rest, n))
        if entry["missed"] - rest > max(GAP, Z95 * error):
            gaps.append(Gap(entry["group"], entry["value"], entry["missed"], rest))
    return sorted(gaps, key=lambda gap: gap.others - gap.missed) if compared else None


def _describe(gap: Gap) -> Text:
    return Text(
        "{group} {value} ({missed:.0%} against {others:.0%})",
        **vars(gap),
        group_zh=GROUPS.get_name(gap.group, "zh"),
        value_zh=GROUP_VALUES.get_name(gap.value, "zh"),
    )


def _compute_variance(share: float, n: int) -> float:
    """Compute the variance of a share, shrunk so that 0 and 1 are not certain (Agresti and Coull 1998)."""
    shrunk = (share * n + 2) / (n + 4)
    return shrunk * (1 - shrunk) / (n + 4)

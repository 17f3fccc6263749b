"""RKD005: the model breaks a direction that policy demands."""

from __future__ import annotations

from riskml.errors import listed
from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable

__all__ = ["NotMonotone"]

ROUNDING = 1e-9


class NotMonotone(Check):
    """A household could lower its risk on paper by being worse off.

    Every feature with a demanded direction is raised over its range in sampled households while all else stands
    still; the margin may not move against the direction by more than floating point does.
    """

    code = "RKD005"
    title = "monotonicity broken"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """See the class."""
        if not context.monotonicity:
            return NotApplicable("no feature has a demanded direction")
        broken = sorted((p for p in context.monotonicity if not p.worst <= ROUNDING), key=lambda p: -p.worst)
        if not broken:
            return None
        shown = listed(
            [f"{p.feature} ({'rises' if p.direction < 0 else 'falls'} by {p.worst:.2g} in the margin)" for p in broken]
        )
        return Finding(
            f"{len(broken)} of {len(context.monotonicity)} feature(s) move the risk the wrong way: {shown}.",
            "Fit both parts of the model under the catalogue's directions; do not release until it holds.",
        )

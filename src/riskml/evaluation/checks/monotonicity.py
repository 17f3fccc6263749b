"""Release check RKD005: the model breaks a direction that policy demands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable
from riskml.text import Text, shorten_list

ROUNDING = 1e-9


class NotMonotone(Check):
    """A household could lower its predicted risk by being worse off.

    In sampled households, every feature with a required direction is raised over its range while all other features
    stay the same. The margin must not move against the direction by more than a rounding error.
    """

    code = "RKD005"
    title = Text("monotonicity broken")

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        probes = context.evidence.get("monotonicity")
        if not probes:
            return NotApplicable(Text("no feature has a required direction"))
        broken = sorted((p for p in probes if not p["worst"] <= ROUNDING), key=lambda p: -p["worst"])
        if not broken:
            return None
        return Finding(
            Text(
                "{count} of {all} feature(s) move the risk in the wrong direction: {shown}.",
                count=len(broken),
                all=len(probes),
                shown=shorten_list(map(_describe, broken)),
            ),
            Text(
                "Fit both parts of the model with the catalogue's directions; do not release the model until they hold."
            ),
        )


def _describe(probe: Mapping[str, Any]) -> Text:
    return Text(
        "{feature} (rises by {worst:.2g} in the margin)"
        if probe["direction"] < 0
        else "{feature} (falls by {worst:.2g} in the margin)",
        feature=probe["feature"],
        worst=probe["worst"],
    )

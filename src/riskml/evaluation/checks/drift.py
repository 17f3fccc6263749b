"""Release check RKD007: the distribution of a feature differs between training and test rows."""

from __future__ import annotations

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable, list_figures
from riskml.text import Text

LARGE = 0.25


class Drifted(Check):
    """The distribution of a feature in the test period differs from that in training.

    By convention, a population stability index above 0.25 is a large shift. It gives only a warning: a new monitoring
    line, a new kind of report or a price rise shows up here first, and the other checks show whether it does harm.
    """

    code = "RKD007"
    title = Text("drift between training and test")

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        drift = context.evidence.get("population_stability")
        if drift is None:
            return NotApplicable(Text("the features of training and test rows were not compared"))
        shifted = {name: index for name, index in drift.items() if index > LARGE}
        if not shifted:
            return None
        message = Text(
            "{count} of {all} feature(s) shifted between training and test (population stability index above {large}):"
            " {names}.",
            count=len(shifted),
            all=len(drift),
            large=LARGE,
            names=list_figures(shifted, digits=2),
        )
        hint = Text("Check whether reporting, units or the line changed, and retrain on the latest periods.")
        return Finding(message, hint, blocking=False)

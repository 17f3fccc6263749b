"""Release check RKD004: probabilities are miscalibrated."""

from __future__ import annotations

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable
from riskml.text import Joined, Text

TOLERANCE = 1.5
NOTICEABLE = 1.25
"""Factors by which a figure may differ from 1: exceeding the first blocks the release; exceeding the second only
gives a warning."""

_FIGURES = {
    "observed_over_expected": "falls observed over falls expected {value:.2f} (95 % interval {low:.2f} to {high:.2f})",
    "slope": "calibration slope {value:.2f} (95 % interval {low:.2f} to {high:.2f})",
}
"""Wordings for the tested figures."""


class Miscalibrated(Check):
    """Of 100 households with a probability of N %, clearly more or fewer than N fall.

    Two figures are tested by their 95 % intervals: observed falls divided by expected falls, and the slope in a
    logistic regression of the label on the logit of the probability. An interval entirely outside 1/1.5
    to 1.5 blocks the release. Since no period is quite like the one before, an interval entirely outside 1/1.25 to 1.25
    gives only a warning.
    """

    code = "RKD004"
    title = Text("miscalibration")

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        calibration = context.evaluation["calibration"]
        known = [key for key in _FIGURES if calibration.get(f"{key}_ci") is not None]
        if not known:
            return NotApplicable(Text("the test rows contain only one class, or the model gives only one probability"))
        for bound in (TOLERANCE, NOTICEABLE):
            outside = [
                Text(_FIGURES[key], value=calibration[key], low=low, high=high)
                for key in known
                for low, high in [calibration[f"{key}_ci"]]
                if low > bound or high < 1 / bound
            ]
            if not outside:
                continue
            message = Text(
                "Probabilities are miscalibrated: {figures}; {least:.2f} to {most:.2f} is tolerated.",
                figures=Joined(outside, "; ", "；"),
                least=1 / bound,
                most=bound,
            )
            hint = Text(
                "Recalibrate on the latest complete period, and check whether the line or the reporting changed."
            )
            return Finding(message, hint, blocking=bound == TOLERANCE)
        return None

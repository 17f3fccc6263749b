"""Release check RKD008: too few falls to evaluate a model."""

from __future__ import annotations

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable
from riskml.text import Text

REQUIRED = 20
RECOMMENDED = 100


class TooFewPositives(Check):
    """The test rows contain so few falls that every figure may be due to chance.

    With fewer than 20 falls, no figure can support a release. With fewer than 100, the intervals are wide, so the check
    gives a warning.
    """

    code = "RKD008"
    title = Text("too few positives")

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        n = sum(int(part["n"]) for part in context.evaluation["by_kind"].values())
        if n >= RECOMMENDED:
            return None
        message = Text(
            "Only {n} test row(s) are falls; at least {required} are needed to judge a model."
            if n < REQUIRED
            else "Only {n} test rows are falls: intervals are wide, and similar models cannot be told apart.",
            n=n,
            required=REQUIRED,
        )
        hint = Text("Test on more as-of dates (--step, --test-from), or on more households.")
        return Finding(message, hint, blocking=n < REQUIRED)

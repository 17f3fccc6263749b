"""Release check RKD003: the model is worse than a baseline or the champion."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable
from riskml.text import Text, join_sentences

NOTICEABLE = 0.005
"""A loss of average precision of more than this gives a warning, even if it may be due to chance."""

_NAMES = {
    "rule_line": "the rule line",
    "weighted_past_income": "weighted past income",
    "champion": "the released champion",
}
_UNMEASURED = {
    "rule_line": "The rule line was not measured on the same test rows.",
    "weighted_past_income": "Weighted past income was not measured on the same test rows.",
    "champion": "The released champion was not measured on the same test rows.",
}
_HINT = Text(
    "Keep the current model or rule. The comparison by lead time and by group shows where the model is worse; add data "
    "or features."
)


class WorseThanBaseline(Check):
    """The model ranks worse than the rule line, weighted past income or the champion, on the same test rows.

    The model is meant to improve on the rule line, so its average precision must not be lower than the rule line's.
    With fewer than a few hundred falls, similar models cannot be told apart. The model therefore counts as worse than
    weighted past income or the champion only if the 95 % interval of the difference, computed on the same resamples of
    households, lies entirely below zero. If the interval includes zero, a figure that is lower by more
    than 0.005 gives a warning. If there is no interval, any lower figure fails.
    """

    code = "RKD003"
    title = Text("worse than a baseline")

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        if context.evaluation["models"]["riskml"]["ap"] is None:
            return NotApplicable(Text("the test rows contain no falls, or only falls"))
        findings = [self._compare_with_baseline(context, name) for name in ("rule_line", "weighted_past_income")]
        champion = context.champion
        if champion is not None:
            findings.append(
                _compare("champion", champion.value, champion.ci)
                if champion.same_rows and champion.value is not None
                else _report_unmeasured("champion")
            )
        worse = [finding for finding in findings if finding is not None]
        if not worse:
            return None
        worse.sort(key=lambda finding: not finding.blocking)
        message = join_sentences(*(finding.message for finding in worse))
        return Finding(message, worse[0].hint, any(finding.blocking for finding in worse))

    @staticmethod
    def _compare_with_baseline(context: CheckContext, name: str) -> Finding | None:
        difference = context.evaluation.get("ap_difference", {}).get(name)
        if difference is None or difference["value"] is None:
            return _report_unmeasured(name)
        return _compare(name, difference["value"], difference["ci"])


def _compare(name: str, value: float, ci: Sequence[float] | None) -> Finding | None:
    if value >= 0:
        return None
    interval = ""
    if ci is not None and name != "rule_line":
        interval = Text(" (95 % interval of the difference {low:.3f} to {high:.3f})", low=ci[0], high=ci[1])
    values = {"loss": -value, "name": Text(_NAMES[name]), "interval": interval}
    if not interval or ci is None or ci[1] < 0:
        return Finding(Text("Average precision is {loss:.3f} lower than that of {name}{interval}.", **values), _HINT)
    if value < -NOTICEABLE:
        chance = "Average precision is {loss:.3f} lower than that of {name}{interval}, which may be due to chance."
        return Finding(Text(chance, **values), Text("Test on more as-of dates (--origins)."), blocking=False)
    return None


def _report_unmeasured(name: str) -> Finding:
    return Finding(Text(_UNMEASURED[name]), Text("Evaluate it on the rows of this model's forward split."))

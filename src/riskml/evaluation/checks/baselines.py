"""RKD003: the model is worse than what is there already."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable

__all__ = ["WorseThanBaseline"]

NOTICEABLE = 0.005
"""Loss of average precision that is worth a warning although it may be chance."""

_NAMES = {
    "rule_line": "the rule line",
    "weighted_past_income": "weighted past income",
    "champion": "the released champion",
}
_RETRAIN = "Keep the present model or rule; look at the comparison by lead and by group, add data or features."


class WorseThanBaseline(Check):
    """The model ranks worse than the rule line, weighted past income or the champion, on the same test rows.

    Against the rule line, which it shall improve on, the model's average precision itself may not be lower. Against
    weighted past income and the champion it is worse when the whole 95 % interval of the difference, over the same
    resamples of households, lies below zero: fewer than some hundred fallers cannot tell close models apart. A
    lower figure within the interval is a warning. Without an interval the figure itself decides.
    """

    code = "RKD003"
    title = "worse than a baseline"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """See the class."""
        if context.evaluation["models"]["riskml"]["ap"] is None:
            return NotApplicable("the test rows hold no fall, or nothing but falls")
        found = [self._baseline(context, name) for name in ("rule_line", "weighted_past_income")]
        champion = context.champion
        if champion is not None:
            found.append(
                _judged("champion", champion.value, champion.ci)
                if champion.same_rows and champion.value is not None
                else _unmeasured("champion")
            )
        worse = [finding for finding in found if finding is not None]
        if not worse:
            return None
        worse.sort(key=lambda finding: not finding.blocking)
        return Finding(
            " ".join(finding.message for finding in worse), worse[0].hint, any(finding.blocking for finding in worse)
        )

    @staticmethod
    def _baseline(context: CheckContext, name: str) -> Finding | None:
        difference = context.evaluation.get("ap_difference", {}).get(name)
        if difference is None or difference["value"] is None:
            return _unmeasured(name)
        return _judged(name, difference["value"], difference["ci"])


def _judged(name: str, value: float, ci: Sequence[float] | None) -> Finding | None:
    if value >= 0:
        return None
    said = f"Average precision is {-value:.3f} lower than that of {_NAMES[name]}"
    if ci is None or name == "rule_line":
        return Finding(f"{said}.", _RETRAIN)
    span = f" (95 % interval of the difference {ci[0]:.3f} to {ci[1]:.3f})"
    if ci[1] < 0:
        return Finding(f"{said}{span}.", _RETRAIN)
    if value < -NOTICEABLE:
        return Finding(f"{said}{span}, which may be chance.", "Test on more as_of dates (--origins).", blocking=False)
    return None


def _unmeasured(name: str) -> Finding:
    return Finding(
        f"{_NAMES[name].capitalize()} was not measured on the same test rows.",
        "Evaluate it on the rows of this model's forward split.",
    )

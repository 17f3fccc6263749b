"""Run all release checks, and reject the release if any of them fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from riskml.errors import ReleaseError
from riskml.evaluation.checks.base import Check, CheckContext, NotApplicable
from riskml.evaluation.checks.baselines import WorseThanBaseline
from riskml.evaluation.checks.drift import Drifted
from riskml.evaluation.checks.few_positives import TooFewPositives
from riskml.evaluation.checks.group_gap import GroupGap
from riskml.evaluation.checks.leakage import Leakage
from riskml.evaluation.checks.miscalibration import Miscalibrated
from riskml.evaluation.checks.monotonicity import NotMonotone
from riskml.evaluation.checks.time_overlap import TimeOverlap
from riskml.evaluation.words import CHECK_STATUSES
from riskml.text import Joined, Text, join_sentences, read

CHECKS: tuple[Check, ...] = (
    TimeOverlap(),
    Leakage(),
    WorseThanBaseline(),
    Miscalibrated(),
    NotMonotone(),
    GroupGap(),
    Drifted(),
    TooFewPositives(),
)
"""All checks, in the order of their codes."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Parameters
    ----------
    code : str
    title : Text
    status : str
        ``passed``, ``warning``, ``failed`` or ``not_applicable``.
    message, hint : str or Text
        The finding and what to do about it, or the reason why the check does not apply.
    """

    code: str
    title: Text
    status: str
    message: str = ""
    hint: str = ""

    def describe(self, lang: str) -> dict[str, str]:
        """Return ``code``, ``title``, ``status``, the ``word`` for the status, ``message`` and ``hint`` in ``lang``."""
        texts = {name: read(text, lang) for name, text in vars(self).items()}
        return {**texts, "word": CHECK_STATUSES.get_name(self.status, lang)}


def run_checks(context: CheckContext, checks: Sequence[Check] = CHECKS) -> list[CheckResult]:
    """Run checks on the evidence.

    Parameters
    ----------
    context : CheckContext
    checks : sequence of Check, default all

    Returns
    -------
    list of CheckResult
        One per check, in order.
    """
    results = []
    for check in checks:
        outcome = check.run(context)
        result = CheckResult(check.code, check.title, "passed")
        if isinstance(outcome, NotApplicable):
            result = replace(result, status="not_applicable", message=outcome.reason)
        elif outcome is not None:
            status = "failed" if outcome.blocking else "warning"
            result = replace(result, status=status, message=outcome.message, hint=outcome.hint)
        results.append(result)
    return results


def require_release(results: Sequence[CheckResult]) -> None:
    """Reject the release if any check failed.

    Raises
    ------
    ReleaseError
        If a check failed; the message lists each failed check with its finding and what to do about it.

    >>> require_release([CheckResult("RKD008", "too few positives", "warning", "Only 60 test rows fell.")])
    """
    failed = [result for result in results if result.status == "failed"]
    if failed:
        raise ReleaseError(
            "{count} of {all} check(s) failed: {failed}",
            "{hints}\nThe pages in docs/checks explain every check.",
            count=len(failed),
            all=len(results),
            failed=join_sentences(*(Text("{code} {title}: {message}", **vars(result)) for result in failed)),
            hints=Joined((Text("{code}: {hint}", **vars(result)) for result in failed), "\n", "\n"),
        )

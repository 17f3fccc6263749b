"""Run all release checks, and reject the release if any of them fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

__all__ = ["CHECKS", "CheckResult", "require_release", "run_checks"]

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
    code, title : str
    status : str
        ``passed``, ``warning``, ``failed`` or ``not_applicable``.
    message, hint : str
        The finding and what to do about it, or the reason why the check does not apply.
    title_zh, message_zh, hint_zh : str
        Title, message and hint in Chinese.
    """

    code: str
    title: str
    status: str
    message: str = ""
    hint: str = ""
    title_zh: str = ""
    message_zh: str = ""
    hint_zh: str = ""

    def describe(self, lang: str) -> dict[str, str]:
        """Return ``code``, ``title``, ``status``, the ``word`` for the status, ``message`` and ``hint`` in ``lang``."""
        zh = lang == "zh"
        return {
            "code": self.code,
            "title": (zh and self.title_zh) or self.title,
            "status": self.status,
            "word": CHECK_STATUSES.get_name(self.status, lang),
            "message": (zh and self.message_zh) or self.message,
            "hint": (zh and self.hint_zh) or self.hint,
        }


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
        status, texts = "passed", {"title_zh": check.title_zh}
        if isinstance(outcome, NotApplicable):
            status = "not_applicable"
            texts |= {"message": outcome.reason, "message_zh": outcome.zh}
        elif outcome is not None:
            status = "failed" if outcome.blocking else "warning"
            texts |= {"message": outcome.message, "hint": outcome.hint}
            texts |= {"message_zh": outcome.zh, "hint_zh": outcome.hint_zh}
        results.append(CheckResult(check.code, check.title, status, **texts))
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
            f"{len(failed)} of {len(results)} check(s) failed: "
            + " ".join(f"{result.code} {result.title}: {result.message}" for result in failed),
            "\n".join(f"{result.code}: {result.hint}" for result in failed)
            + "\nThe pages in docs/checks explain every check.",
        )

"""Coded checks before a release: each returns a finding, nothing, or says why it does not apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from riskml.errors import ReleaseError
from riskml.evaluation.checks.base import (
    ChampionEvidence,
    Check,
    CheckContext,
    Finding,
    MonotoneProbe,
    NotApplicable,
    SplitEvidence,
)
from riskml.evaluation.checks.baselines import WorseThanBaseline
from riskml.evaluation.checks.drift import Drifted
from riskml.evaluation.checks.few_positives import TooFewPositives
from riskml.evaluation.checks.group_gap import GroupGap
from riskml.evaluation.checks.leakage import Leakage
from riskml.evaluation.checks.miscalibration import Miscalibrated
from riskml.evaluation.checks.monotonicity import NotMonotone
from riskml.evaluation.checks.time_overlap import TimeOverlap

__all__ = [
    "CHECKS",
    "ChampionEvidence",
    "Check",
    "CheckContext",
    "CheckResult",
    "Finding",
    "MonotoneProbe",
    "NotApplicable",
    "SplitEvidence",
    "require_release",
    "run_checks",
]

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
"""Every check, by code."""


@dataclass(frozen=True)
class CheckResult:
    """What one check said.

    Parameters
    ----------
    code, title : str
    status : str
        ``passed``, ``warning``, ``failed`` or ``not_applicable``.
    message, hint : str
        The finding and what to do, or the reason why the check does not apply.
    """

    code: str
    title: str
    status: str
    message: str = ""
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the result for JSON."""
        return asdict(self)


def run_checks(context: CheckContext, checks: Sequence[Check] = CHECKS) -> list[CheckResult]:
    """Run checks on the evidence.

    Parameters
    ----------
    context : CheckContext
    checks : sequence of Check, default all

    Returns
    -------
    list of CheckResult
        One a check, in order.
    """
    results = []
    for check in checks:
        found = check.run(context)
        if found is None:
            results.append(CheckResult(check.code, check.title, "passed"))
        elif isinstance(found, NotApplicable):
            results.append(CheckResult(check.code, check.title, "not_applicable", found.reason))
        else:
            status = "failed" if found.blocking else "warning"
            results.append(CheckResult(check.code, check.title, status, found.message, found.hint))
    return results


def require_release(results: Sequence[CheckResult]) -> None:
    """Refuse a release when a check failed.

    Raises
    ------
    ReleaseError
        Naming every failed check, its finding and what to do.

    >>> require_release([CheckResult("RKD008", "too few positives", "warning", "Only 60 test rows fell.")])
    """
    failed = [result for result in results if result.status == "failed"]
    if failed:
        raise ReleaseError(
            f"{len(failed)} of {len(results)} check(s) failed: "
            + " ".join(f"{result.code} {result.title}: {result.message}" for result in failed),
            "\n".join(f"{result.code}: {result.hint} See docs/checks/{result.code}.md." for result in failed),
        )

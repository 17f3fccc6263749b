"""Run the release checks, which decide whether a model may become the champion."""

from __future__ import annotations

from riskml.evaluation.checks.base import ChampionEvidence, CheckContext
from riskml.evaluation.checks.run import CheckResult, run_checks
from riskml.model import Bundle
from riskml.policy import Policy
from riskml.progress import SILENT, Progress
from riskml.records.panel.store import Records
from riskml.training.compare import compare_on


def run_release_checks(
    bundle: Bundle,
    champion: Bundle | None,
    records: Records | None,
    policy: Policy | None = None,
    progress: Progress = SILENT,
) -> list[CheckResult]:
    """Run every check on a bundle.

    Parameters
    ----------
    bundle : Bundle
    champion : Bundle, optional
        The current champion; None before the first release.
    records : Records, optional
        Needed if the champion was tested on other rows: it is then scored on the test rows of this bundle.
    policy : Policy, optional
        Required with ``records``.
    progress : Progress, optional

    Returns
    -------
    list of CheckResult
    """
    champion_evidence = _compare_with_champion(bundle, champion, records, policy, progress)
    return run_checks(CheckContext(bundle.evaluation, champion_evidence))


def _compare_with_champion(
    bundle: Bundle, champion: Bundle | None, records: Records | None, policy: Policy | None, progress: Progress
) -> ChampionEvidence | None:
    if champion is None or champion.model_version == bundle.model_version:
        return None
    if records is not None and policy is not None:
        comparison = compare_on(records, bundle, champion, policy, progress)
        difference = comparison["ap_difference"][champion.model_version]
        return ChampionEvidence(difference["value"], difference["ci"])
    same = not bundle.find_differences(champion)
    candidate_ap, champion_ap = (part.evaluation["models"]["riskml"]["ap"] for part in (bundle, champion))
    difference = None if None in (candidate_ap, champion_ap) else candidate_ap - champion_ap
    return ChampionEvidence(difference, None, same_rows=same)

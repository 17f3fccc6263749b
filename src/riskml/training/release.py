"""The release checks: whether a model may become the champion."""

from __future__ import annotations

from riskml.evaluation.checks import CheckResult, run_checks
from riskml.evaluation.checks.base import ChampionEvidence, CheckContext, MonotoneProbe, SplitEvidence
from riskml.model import Bundle
from riskml.policy import Policy
from riskml.progress import Progress
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.training.compare import compare_on

__all__ = ["run_release_checks"]


def run_release_checks(
    bundle: Bundle,
    champion: Bundle | None,
    records: Records | None,
    policy: Policy | None = None,
    progress: Progress | None = None,
) -> list[CheckResult]:
    """Run every check on a bundle.

    Parameters
    ----------
    bundle : Bundle
    champion : Bundle, optional
        The current champion; none before the first release.
    records : Records, optional
        Needed if the champion was tested on other rows: it is then scored on this bundle's.
    policy : Policy, optional
        Required with ``records``.
    progress : Progress, optional

    Returns
    -------
    list of CheckResult
    """
    evaluation, split = bundle.evaluation, bundle.manifest["split"]
    evidence = evaluation.get("evidence", {})
    return run_checks(
        CheckContext(
            evaluation=evaluation,
            split=SplitEvidence(
                train_as_of=[to_day(text) for text in split["train_as_ofs"]],
                test_as_of=[to_day(text) for text in split["test_as_ofs"]],
                horizon=bundle.settings.horizon,
                labels_known_by=to_day(split["train_known_by"]),
            ),
            monotonicity=[MonotoneProbe(**probe) for probe in evidence.get("monotonicity", [])],
            champion=_compare_with_champion(bundle, champion, records, policy, progress),
            feature_auc=evidence.get("feature_auc"),
            drift=evidence.get("population_stability"),
        )
    )


def _compare_with_champion(
    bundle: Bundle, champion: Bundle | None, records: Records | None, policy: Policy | None, progress: Progress | None
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

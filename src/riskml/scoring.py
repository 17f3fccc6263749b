"""Score all households known on a date, with the model and with the rule line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.errors import UsageError
from riskml.evaluation.capacity import mark_visits
from riskml.features import build
from riskml.features.matrix import FeatureMatrix
from riskml.model import Bundle
from riskml.outcomes import AT_RISK, UNKNOWN, classify_cohort
from riskml.policy import Policy, apply_rule_line, combine_signal, name_agreement
from riskml.progress import Progress, Silent
from riskml.records.contract.calendar import to_date
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records
from riskml.verdict import FIELDS, Opinion, read_fields

COLUMNS = ("household_id", "as_of", *(field.name for field in FIELDS))
"""Columns of a table of scores."""


def judge(
    bundle: Bundle, panel: Panel, policy: Policy, observe: Callable[[FeatureMatrix], None] | None = None
) -> Opinion:
    """Judge every household of a panel by the model and by the rule line.

    The result for a household is the same, bit for bit, whether it is judged alone or with many others.

    Parameters
    ----------
    bundle : Bundle
    panel : Panel
    policy : Policy
    observe : callable, optional
        Called with the features of the households at risk, so that drift can be monitored.
    """
    status = classify_cohort(panel, bundle.settings, policy)
    at_risk = np.flatnonzero(status == AT_RISK)
    margin, probability = np.full(panel.n, np.nan), np.full(panel.n, np.nan)
    if len(at_risk):
        features = build(panel).take(at_risk)
        margin[at_risk] = bundle.predict_margin(features)
        probability[at_risk] = bundle.blend.calibration.predict_probability(margin[at_risk])
        if observe is not None:
            observe(features)
    tier = policy.assign_tiers(probability)
    verdicts = apply_rule_line(panel, policy)
    return Opinion(
        status=status,
        margin=margin,
        probability=probability,
        tier=tier,
        signal=combine_signal(verdicts.colour, tier, policy),
        income_until=panel.income_until,
        verdicts=verdicts,
    )


def score(
    bundle: Bundle, records: Records, as_of: int, policy: Policy, progress: Progress | None = None
) -> pd.DataFrame:
    """Score every household known on a date.

    Parameters
    ----------
    bundle : Bundle
    records : Records
    as_of : int
        Day number; only records known by the end of that day are used.
    policy : Policy
    progress : Progress, optional

    Returns
    -------
    DataFrame
        See :func:`tabulate_scores`.

    Raises
    ------
    UsageError
        If no household is known on the date.
    """
    return tabulate_scores(bundle, [judge_all(bundle, records, as_of, policy, progress)], as_of, policy)


def judge_all(
    bundle: Bundle, records: Records, as_of: int, policy: Policy, progress: Progress | None = None
) -> dict[str, NDArray[Any]]:
    """Judge every household known on a date independently of the others, so any part of the records is enough.

    Returns
    -------
    dict of str to array
        The fields of :func:`riskml.verdict.read_fields`, ``household_id``, and ``any_flag``: whether the rule line
        raised a flag. Each has one element per household; the dictionary is empty if the records have no household.
    """
    progress = progress or Silent()
    panels = list(records.panels(as_of, bundle.settings.basis))
    progress.stage("scores", len(panels))
    parts = []
    for panel in panels:
        opinion = judge(bundle, panel, policy)
        fields = {"household_id": panel.household_id, **read_fields(opinion), "any_flag": opinion.verdicts.any_flag}
        parts.append({name: values[opinion.status != UNKNOWN] for name, values in fields.items()})
        panel.memo.clear()
        progress.step()
    return _join(parts)


def tabulate_scores(
    bundle: Bundle, parts: Sequence[Mapping[str, NDArray[Any]]], as_of: int, policy: Policy
) -> pd.DataFrame:
    """Tabulate the scores of households that were judged in parts, and compare all of them with one another.

    Parameters
    ----------
    bundle : Bundle
    parts : sequence of mapping
        Results of :func:`judge_all` on records of different households.
    as_of : int
    policy : Policy

    Returns
    -------
    DataFrame
        One row per household, ordered by household code, with the columns ``COLUMNS``. ``agreement`` says whether the
        rule line raised a flag and whether the household is on the visit list. The list holds the riskiest of the
        households at risk, as many as the policy's visit capacity allows; ties are broken by household code.

    Raises
    ------
    UsageError
        If no household is known on the date.
    """
    values = _join([part for part in parts if part])
    if not values or not len(values["household_id"]):
        raise UsageError(
            "No household is known on {day}.",
            "Choose a later --as-of, or check recorded_on in the table households.",
            day=to_date(as_of),
        )
    if len(parts) > 1:
        order = np.argsort(values["household_id"])
        values = {name: array[order] for name, array in values.items()}
    codes, margin, at_risk = values["household_id"], values["margin"], values["status"] == AT_RISK
    visited = np.zeros(len(codes), bool)
    days = np.full(int(at_risk.sum()), as_of, np.int32)
    visited[at_risk] = mark_visits(margin[at_risk], days, codes[at_risk], policy.visit_capacity)
    columns: dict[str, Any] = {
        "household_id": codes,
        "as_of": to_date(as_of),
        **{field.name: field.spell(values[field.name]) for field in FIELDS if field.name in values},
        "agreement": name_agreement(visited, values["any_flag"]),
        "model_version": bundle.model_version,
        "policy_version": policy.version,
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def _join(parts: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}

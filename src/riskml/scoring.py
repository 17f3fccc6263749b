"""Score everybody known at a date: the model beside the rule line, never instead of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
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
from riskml.policy import Policy, Verdicts, apply_rule_line, combine_signal, name_agreement
from riskml.progress import Progress, Silent
from riskml.records.contract.calendar import to_date
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records
from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, STATUSES, TIERS

__all__ = ["COLUMNS", "Opinion", "judge", "score"]

COLUMNS = (
    "household_id",
    "as_of",
    "status",
    "probability",
    "margin",
    "tier",
    "rule_signal",
    "signal",
    "rule_flags",
    "agreement",
    "model_version",
    "policy_version",
)
"""Columns of a table of scores."""

Floats = NDArray[np.float64]
_KEPT = ("status", "margin", "probability", "tier", "rule_colour", "signal", "flags")
"""What of the opinions on the parts of a county is kept to the end."""


@dataclass(frozen=True)
class Opinion:
    """Both verdicts on the households of a panel, before they are compared with one another.

    Parameters
    ----------
    status : array of int8, shape (n,)
        Positions in ``STATUSES``.
    margin, probability : array of float64, shape (n,)
        NaN unless at risk.
    tier : array of int8, shape (n,)
        Positions in ``TIERS``, -1 unless at risk.
    signal : array of int8, shape (n,)
        Positions in ``COLOURS``.
    verdicts : Verdicts
        The rule line's, which an explanation can take as they are.
    """

    status: NDArray[np.int8]
    margin: Floats
    probability: Floats
    tier: NDArray[np.int8]
    signal: NDArray[np.int8]
    verdicts: Verdicts

    @property
    def rule_colour(self) -> NDArray[np.int8]:
        """Positions in ``COLOURS``, shape (n,)."""
        return self.verdicts.colour

    @cached_property
    def flags(self) -> list[str]:
        """Codes of the flags joined by ``;``, one text a household."""
        return [";".join(self.verdicts.list_flag_codes(i)) for i in range(len(self.verdicts))]


def judge(bundle: Bundle, panel: Panel, policy: Policy, seen: Callable[[FeatureMatrix], None] | None = None) -> Opinion:
    """Ask the model and the rule line about every household of a panel; one alone or many give the same bits.

    Parameters
    ----------
    bundle : Bundle
    panel : Panel
    policy : Policy
    seen : callable, optional
        Shown the features of the households at risk, as a monitor of drift needs them.
    """
    status = classify_cohort(panel, bundle.settings)
    at_risk = np.flatnonzero(status == AT_RISK)
    margin, probability = np.full(panel.n, np.nan), np.full(panel.n, np.nan)
    if len(at_risk):
        features = build(panel).take(at_risk)
        margin[at_risk] = bundle.predict_margin(features)
        probability[at_risk] = bundle.blend.calibration.predict_probability(margin[at_risk])
        if seen is not None:
            seen(features)
    tier = policy.assign_tiers(probability)
    verdicts = apply_rule_line(panel, policy, bundle.settings.window)
    return Opinion(
        status=status,
        margin=margin,
        probability=probability,
        tier=tier,
        signal=combine_signal(verdicts.colour, tier, policy),
        verdicts=verdicts,
    )


def score(
    bundle: Bundle, records: Records, as_of: int, policy: Policy, progress: Progress | None = None
) -> pd.DataFrame:
    """Score every household known at a date.

    Parameters
    ----------
    bundle : Bundle
    records : Records
    as_of : int
        Day at whose end the records are read.
    policy : Policy
    progress : Progress, optional

    Returns
    -------
    DataFrame
        One row a household, in the order of the codes, with ``COLUMNS``. ``agreement`` compares any flag of the rule
        line with a place in the visit capacity: the riskiest share of the households at risk, ties by code.

    Raises
    ------
    UsageError
        If nobody is known at the date.
    """
    progress = progress or Silent()
    panels = list(records.panels(as_of))
    progress.stage("scores", len(panels))
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _KEPT}
    for panel in panels:
        opinion = judge(bundle, panel, policy)
        for name, kept in parts.items():
            kept.append(np.asarray(getattr(opinion, name), object if name == "flags" else None))
        panel.memo.clear()
        progress.step()
    whole = {name: np.concatenate(kept) if kept else np.empty(0, np.int8) for name, kept in parts.items()}
    known = np.flatnonzero(whole["status"] != UNKNOWN)
    if not len(known):
        raise UsageError(
            f"No household is known on {to_date(as_of)}.", "Choose a later --as-of, or check recorded_on of households."
        )
    status, margin, probability, tier, colour, signal, flags = (whole[name][known] for name in _KEPT)
    codes = records.household_id[known]
    visited = np.zeros(len(known), bool)
    at_risk = status == AT_RISK
    days = np.full(int(at_risk.sum()), as_of, np.int32)
    visited[at_risk] = mark_visits(margin[at_risk], days, codes[at_risk], policy.visit_capacity)
    frame = pd.DataFrame(
        {
            "household_id": codes,
            "as_of": to_date(as_of),
            "status": np.array(STATUSES.codes)[status],
            "probability": probability,
            "margin": margin,
            "tier": np.array([*TIERS, None], dtype=object)[tier],  # -1, none, picks the last
            "rule_signal": np.array(COLOURS.codes)[colour],
            "signal": np.array(COLOURS.codes)[signal],
            "rule_flags": flags,
            "agreement": name_agreement(visited, flags != ""),
            "model_version": bundle.model_version,
            "policy_version": policy.version,
        }
    )
    assert tuple(frame.columns) == COLUMNS, "the contract fixes the columns"
    assert set(frame["agreement"]) <= set(AGREEMENTS), "the policy room names the four kinds"
    return frame

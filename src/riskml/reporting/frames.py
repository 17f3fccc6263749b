"""Evaluations, checks, coverage and features as pandas data frames with Chinese or English headings, for notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from riskml.evaluation.checks.run import CheckResult
from riskml.evaluation.words import MODELS, name_groups, sort_models
from riskml.features import CATALOGUE
from riskml.records.contract.schema import TABLES
from riskml.vocabulary.terms import read_vocabularies

_HEADS = read_vocabularies("riskml.reporting", "headings.yaml")["heads"]


def _tabulate(rows: Iterable[Mapping[str, Any]], heads: tuple[str, ...], lang: str) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(heads)).rename(columns=_HEADS.get_names(lang))


def tabulate_comparison(evaluation: Mapping[str, Any], lang: str = "zh") -> pd.DataFrame:
    """Tabulate the results of every model on the same test rows, one row per model, the baselines last.

    Parameters
    ----------
    evaluation : mapping
        A bundle's ``evaluation.json``, or the result of :func:`riskml.training.compare_on`.
    lang : {"zh", "en"}

    Returns
    -------
    DataFrame
        AUC, AP with its 95 % interval, Brier score, recall and visits per case at 10 % of households, and lead months.
    """
    rows = []
    names = evaluation["models"]
    candidates = [name for name in names if name not in MODELS]
    for name in (*candidates, *sort_models(name for name in names if name in MODELS)):
        measured = evaluation["models"][name]
        low, high = (measured.get("ci") or {}).get("ap") or (np.nan, np.nan)
        recall, visits, lead = measured["recall_at"]["0.10"], measured.get("visits_per_case"), measured["lead_months"]
        own = {"model": MODELS.get_name(name, lang), "ap_low": low, "ap_high": high}
        rows.append({**measured, **own, "recall": recall, "visits": visits, "lead": lead})
    heads = ("model", "auc", "ap", "ap_low", "ap_high", "brier", "recall", "visits", "lead")
    return _tabulate(rows, heads, lang).set_index(_HEADS["model"].get_name(lang))


def tabulate_groups(evaluation: Mapping[str, Any], lang: str = "zh") -> pd.DataFrame:
    """Tabulate the results by group: rows and falls, share of falls missed, predicted and observed rates.

    An evaluation has no figures for group values with fewer than 20 rows, so they are missing here too.
    """
    heads = ("name", "value", "n", "positives", "visited", "missed", "mean_probability", "observed_rate")
    rows = [{**row, "value": row["word"]} for row in name_groups(evaluation["groups"], lang)]
    return _tabulate(rows, heads, lang)


def tabulate_checks(results: Iterable[CheckResult], lang: str = "zh") -> pd.DataFrame:
    """Tabulate the results of the release checks, one row per check.

    >>> tabulate_checks([CheckResult("RKD008", "too few positives", "passed")], "en")["result"].tolist()
    ['passed']
    """
    return _tabulate((result.describe(lang) for result in results), ("code", "title", "word", "message"), lang)


def tabulate_coverage(coverage: Mapping[str, Any], lang: str = "zh") -> pd.DataFrame:
    """Tabulate how much each table holds and how late its rows were recorded, one row per table in the folder.

    Parameters
    ----------
    coverage : mapping
        See :func:`riskml.training.aggregates.describe_coverage`.
    lang : {"zh", "en"}
    """
    rows = []
    for name, table in coverage["tables"].items():
        if table["present"]:
            lateness = table.get("lateness") or {}
            days = lateness.get("days") or {}
            own = {"table": re.split("[(（]", getattr(TABLES[name], lang))[0], "late": lateness.get("late")}
            rows.append({**table, **own, "median": days.get("0.5"), "slowest": days.get("0.9")})
    heads = ("table", "rows", "first", "last", "without_rows", "late", "median", "slowest")
    return _tabulate(rows, heads, lang)


def read_monthly_coverage(coverage: Mapping[str, Any]) -> pd.Series:
    """Return the share of households that report any income, by month."""
    months = coverage["months"]
    index = pd.period_range(months["first"], periods=len(months["share"]), freq="M").to_timestamp()
    return pd.Series(months["share"], index=index, name="share")


def tabulate_features(frame: pd.DataFrame, lang: str = "zh") -> pd.DataFrame:
    """Tabulate the features in a data frame with their meaning, window and share of known values.

    Parameters
    ----------
    frame : DataFrame
        See :meth:`riskml.features.FeatureMatrix.to_frame`; columns missing from the catalogue are left out.
    lang : {"zh", "en"}
    """
    rows = [
        vars(feature) | {"feature": name, "meaning": getattr(feature, lang), "present": frame[name].notna().mean()}
        for name, feature in CATALOGUE.items()
        if name in frame
    ]
    return _tabulate(rows, ("feature", "topic", "window", "unit", "meaning", "present"), lang)

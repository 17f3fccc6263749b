"""Show which features drive a model by mean contributions over groups of many households, never by individual rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Floats, Ints, Positions
from riskml.vocabulary.causes import CAUSES

FEWEST_HOUSEHOLDS = 20
"""Minimum number of households that a group of rows must come from."""

TOP = 12
MOST_GROUPS = 100
BINS = 10


def summarise_contributions(
    values: Floats,
    contributions: Floats,
    features: Sequence[tuple[str, str]],
    household: NDArray[np.integer[Any]],
    levels: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Summarise the contributions of many rows so that no household can be identified.

    Parameters
    ----------
    values, contributions : array of float64, shape (n, F)
        Feature values in the order of the model's schema, and the contribution of each to the margin, in log odds.
    features : sequence of (str, str), length F
        Name and cause of each feature.
    household : array of int, shape (n,)
        Household of each row.
    levels : mapping of str to sequence of str, optional
        Levels of each categorical feature.

    Returns
    -------
    dict
        - ``rows`` and ``households``: how many there are.
        - ``causes``: for each cause, the mean over rows of the absolute sum of its features' contributions.
        - ``features``: the 12 features with the largest mean absolute contribution, the strongest first. Each has
          ``name``, ``cause``, ``mean_abs``, ``groups``, and ``left_out``, the share of rows that are in no group. A
          group covers rows with similar values and contributions from at least 20 households. It has the number ``n``
          of rows, the mean ``value`` (None if missing; the level for a category) and the mean ``contribution``.

    Examples
    --------
    Groups with fewer than 20 households are left out:

    >>> few = summarise_contributions(np.ones((3, 1)), np.ones((3, 1)), [("size", "other")], np.arange(3))
    >>> few["features"][0]["groups"], few["features"][0]["left_out"]
    ([], 1.0)
    """
    n = len(values)
    rows_each = int(np.bincount(household).max()) if n else 0
    least = max(FEWEST_HOUSEHOLDS * rows_each, -(-n // MOST_GROUPS), 1)
    size = np.abs(contributions).mean(axis=0) if n else np.zeros(len(features))
    summaries = []
    for j in np.argsort(-size, kind="stable")[:TOP].tolist():
        name, cause = features[j]
        groups = _group_rows(values[:, j], contributions[:, j], least, (levels or {}).get(name))
        left_out = 1.0 - sum(group["n"] for group in groups) / n if n else 0.0
        summaries.append(
            {"name": name, "cause": cause, "mean_abs": _round(size[j]), "groups": groups, "left_out": _round(left_out)}
        )
    by_cause = sum_by_cause(contributions, [cause for _, cause in features])
    strength = np.abs(by_cause).mean(axis=0) if n else np.zeros(len(CAUSES))
    return {
        "rows": n,
        "households": len(np.unique(household)),
        "causes": {cause: _round(strength[i]) for i, cause in enumerate(CAUSES)},
        "features": summaries,
    }


def sum_by_cause(contributions: Floats, causes: Sequence[str]) -> Floats:
    """Sum each cause's contributions over its features.

    Parameters
    ----------
    contributions : array of float64, shape (n, F)
    causes : sequence of str, length F
        Cause of each feature.

    Returns
    -------
    array of float64, shape (n, causes)
        In the order of :data:`riskml.vocabulary.causes.CAUSES`.
    """
    n, size = len(contributions), len(CAUSES)
    cell = np.arange(n)[:, None] * size + _find_positions(tuple(causes))
    # bincount adds one entry after another, so a row's sums do not depend on the other rows
    sums: Floats = np.bincount(cell.ravel(), contributions.ravel(), n * size).reshape(n, size).astype(np.float64)
    return sums


@lru_cache(maxsize=16)
def _find_positions(causes: tuple[str, ...]) -> Positions:
    return np.array([CAUSES.codes.index(cause) for cause in causes], np.intp)


def _group_rows(x: Floats, c: Floats, least: int, levels: Sequence[str] | None) -> list[dict[str, Any]]:
    """Split the rows by a feature's value, then by its contribution, into groups of at least ``least`` rows."""
    groups: list[dict[str, Any]] = []
    bins = _bin_values(x, categorical=levels is not None)
    for b in np.unique(bins):
        rows = np.flatnonzero(bins == b)
        rows = rows[np.argsort(c[rows], kind="stable")]
        for part in np.array_split(rows, len(rows) // least) if len(rows) >= least else ():
            value: float | str | None = None
            if not np.isnan(x[part[0]]):
                value = levels[int(x[part[0]])] if levels is not None else _round(x[part].mean())
            groups.append({"n": len(part), "value": value, "contribution": _round(c[part].mean())})
    return groups


def _bin_values(x: Floats, *, categorical: bool) -> Ints:
    """Return the bin of each value: the level of a category, one of ten bins of about equal size, or -1 if missing."""
    known = ~np.isnan(x)
    bins = np.full(len(x), -1, np.int64)
    if categorical:
        bins[known] = x[known].astype(np.int64)
    elif known.any():
        edges = np.unique(np.quantile(x[known], np.arange(1, BINS) / BINS))
        bins[known] = np.searchsorted(edges, x[known], side="left")
    return bins


def _round(value: float) -> float:
    """Round to three significant digits, since an aggregate must not reveal a household's exact figure."""
    return float(f"{value:.3g}")

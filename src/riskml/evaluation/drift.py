"""How far households of today lie from the training rows, told from the aggregates that a bundle keeps of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.features.matrix import FeatureMatrix

__all__ = ["compare_deciles", "compare_shares", "measure_drift"]

Floats = NDArray[np.float64]


def measure_drift(reference: Mapping[str, Any], matrix: FeatureMatrix, probability: Floats) -> dict[str, float]:
    """Population stability index of every feature, and of the score, against a bundle's ``reference.json``.

    Parameters
    ----------
    reference : mapping
        Of a bundle.
    matrix : FeatureMatrix
        n rows in the bundle's schema.
    probability : array, shape (n,)
        The model's probability of each.

    Returns
    -------
    dict of str to float
        By feature; the score under ``probability``. What the reference tells nothing of is left out; empty without
        rows.

    References
    ----------
    Yurdakul (2018), Statistical properties of the population stability index, Western Michigan University.
    """
    if not len(matrix):
        return {}
    found = {}
    if reference.get("probability"):
        found["probability"] = compare_deciles(reference["probability"], 0.0, probability)
    for j, column in enumerate(matrix.columns):
        known, values = reference["features"].get(column.name, {}), matrix.values[:, j]
        if known.get("deciles"):
            found[column.name] = compare_deciles(known["deciles"], known["missing"], values)
        elif "shares" in known:
            names = matrix.levels[column.name]
            texts = [None if np.isnan(value) else names[int(value)] for value in values]
            found[column.name] = compare_shares(known["shares"], known["missing"], texts)
    return found


def compare_deciles(deciles: Sequence[float], missing: float, values: Floats) -> float:
    """Population stability index of a quantity whose training rows are known by their deciles.

    Parameters
    ----------
    deciles : sequence of float, length 9
    missing : float
        Share of the training rows in which it is missing.
    values : array, shape (n,)
        NaN where missing, which is a bin of its own.

    Notes
    -----
    Deciles that repeat tell that many rows share one value, but not exactly how many: nine zeros may be 90 % or 100 %
    of the rows. Within what they leave open the reference is taken as near to the values as it may be, so the index of
    a count is never overstated. Half a row is added to every bin, as in ``population_stability``.

    >>> round(compare_deciles([0.0] * 9, 0.0, np.zeros(1000)), 3)  # nobody has it: as it may have been
    0.0
    >>> compare_deciles([0.0] * 9, 0.0, np.ones(1000)) > 1  # everybody has it
    True
    """
    edges, last = np.unique(deciles), []
    steps = np.searchsorted(np.asarray(deciles), edges, side="right")
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
    counts = np.bincount(bins, minlength=len(edges) + 2).astype(float)
    known = counts[:-1].sum()
    observed = np.cumsum(counts[:-2]) / known if known else np.zeros(len(edges))
    atoms = len(edges) < len(deciles)
    for step, share in zip(steps.tolist(), observed.tolist(), strict=True):
        low, high = step / 10, (step + 1) / 10
        last.append(min(max(share, low), high) if atoms else low)
    expected = np.diff([0.0, *np.maximum.accumulate(last), 1.0]) * (1 - missing)
    return _compute_index(np.append(expected, missing), counts)


def compare_shares(shares: Mapping[str, float], missing: float, values: Sequence[str | None]) -> float:
    """Population stability index of a category whose training rows are known by the shares of its levels.

    Levels without a share, and those unknown to the model, are counted together; None is missing.

    >>> round(compare_shares({"a": 0.5, "b": 0.5}, 0.0, ["a", "b"] * 500), 3)
    0.0
    """
    place = {level: i for i, level in enumerate(shares)}
    bins = [len(place) + 1 if value is None else place.get(value, len(place)) for value in values]
    counts = np.bincount(np.asarray(bins, np.int64), minlength=len(place) + 2).astype(float)
    rest = max(0.0, 1.0 - sum(shares.values()) - missing)
    return _compute_index(np.array([*shares.values(), rest, missing]), counts)


def _compute_index(expected: Floats, counts: Floats) -> float:
    """Index between shares and counted rows, half a row added to every bin of both."""
    n = counts.sum()
    before, after = ((rows + 0.5) / (n + 0.5 * len(counts)) for rows in (expected * n, counts))
    return float(((after - before) * np.log(after / before)).sum())

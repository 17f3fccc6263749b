"""Measure drift: how far the distributions of features and scores differ from those of the training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from riskml.arrays import Floats
from riskml.features.matrix import FeatureMatrix


def measure_drift(reference: Mapping[str, Any], matrix: FeatureMatrix, probability: Floats) -> dict[str, float]:
    """Compute the population stability index of every feature and of the score relative to ``reference.json``.

    Parameters
    ----------
    reference : mapping
        Content of ``reference.json``.
    matrix : FeatureMatrix
        n rows in the bundle's schema.
    probability : array, shape (n,)
        The model's probability for each row.

    Returns
    -------
    dict of str to float
        The index for each feature, and for the score under ``probability``. Features without a reference are left out;
        the result is empty if there are no rows.

    References
    ----------
    Yurdakul (2018), Statistical properties of the population stability index, Western Michigan University.
    """
    if not len(matrix):
        return {}
    drift = {}
    if reference.get("probability"):
        drift["probability"] = compare_deciles(reference["probability"], 0.0, probability)
    for j, column in enumerate(matrix.columns):
        known, values = reference["features"].get(column.name, {}), matrix.values[:, j]
        if known.get("deciles"):
            drift[column.name] = compare_deciles(known["deciles"], known["missing"], values)
        elif "shares" in known:
            names = matrix.levels[column.name]
            texts = [None if np.isnan(value) else names[int(value)] for value in values]
            drift[column.name] = compare_shares(known["shares"], known["missing"], texts)
    return drift


def compare_deciles(deciles: Sequence[float], missing: float, values: Floats) -> float:
    """Compute the population stability index of a numeric feature from the deciles of the training rows.

    Parameters
    ----------
    deciles : sequence of float, length 9
    missing : float
        Share of the training rows without a value.
    values : array, shape (n,)
        Missing values (NaN) form a separate bin.

    Notes
    -----
    Repeated deciles show that many rows share one value, but not exactly how many: nine zeros may mean that 90 % or
    that 100 % of the rows are zero. Within these bounds, the reference is assumed to be as close to the values as
    possible, so that the index of a count is never overstated.

    >>> round(compare_deciles([0.0] * 9, 0.0, np.zeros(1000)), 3)  # all values are 0, which the deciles allow
    0.0
    >>> compare_deciles([0.0] * 9, 0.0, np.ones(1000)) > 1  # all values are 1
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
    return compute_stability_index(np.append(expected, missing) * counts.sum(), counts)


def compare_shares(shares: Mapping[str, float], missing: float, values: Sequence[str | None]) -> float:
    """Compute the population stability index of a category from the shares of its levels in the training rows.

    Levels without a share are counted together with those unknown to the model; None counts as missing.

    >>> round(compare_shares({"a": 0.5, "b": 0.5}, 0.0, ["a", "b"] * 500), 3)
    0.0
    """
    position = {level: i for i, level in enumerate(shares)}
    bins = [len(position) + 1 if value is None else position.get(value, len(position)) for value in values]
    counts = np.bincount(np.asarray(bins, np.int64), minlength=len(position) + 2).astype(float)
    rest = max(0.0, 1.0 - sum(shares.values()) - missing)
    return compute_stability_index(np.array([*shares.values(), rest, missing]) * counts.sum(), counts)


def compute_stability_index(before: Floats, after: Floats) -> float:
    """Compute the population stability index between two counts of rows by bin.

    Half a row is added to every bin, so that an empty bin gives a finite index.

    >>> compute_stability_index(np.array([10.0, 10.0]), np.array([5.0, 5.0]))
    0.0
    """
    old, new = ((rows + 0.5) / (rows + 0.5).sum() for rows in (before, after))
    return float(((new - old) * np.log(new / old)).sum())

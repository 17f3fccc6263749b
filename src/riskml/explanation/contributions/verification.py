"""Check the tables against LightGBM; this is done whenever an explainer is created."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np

from riskml.arrays import Floats
from riskml.errors import BundleError
from riskml.explanation.contributions.tables import Tables
from riskml.model.tree_splits import Splits

ROWS = 50
TOLERANCE = 1e-9
RETRAIN = "Install the library versions named in the bundle's manifest.json, or train the model again here."


def predict_contributions(booster: lgb.Booster, values: Floats) -> tuple[Floats, float]:
    """Compute the contributions and the base with LightGBM itself, on one thread.

    Returns
    -------
    array of float64, shape (n, F)
    float
    """
    columns = np.asarray(booster.predict(values, pred_contrib=True, num_threads=1), np.float64)
    return np.ascontiguousarray(columns[:, :-1]), float(columns[0, -1]) if len(columns) else 0.0


def make_probe_rows(splits: Splits, n_features: int) -> Floats:
    """Make rows with values near the trees' thresholds, where errors in the splits show up.

    Parameters
    ----------
    splits : Splits
    n_features : int

    Returns
    -------
    array of float64, shape (50, n_features)
        Each value is a threshold of its feature (for a category: a known or unknown level), the next
        float above it, a number nearby, zero, or missing. The first two rows hold unknown categories, the last NaN.
    """
    rng = np.random.default_rng(0)
    out = np.zeros((ROWS, n_features))
    for f in range(n_features):
        own = np.flatnonzero(splits.feature == f)
        if not len(own):
            continue
        drawn = rng.choice(own, ROWS)
        at = splits.threshold[drawn]
        kind = rng.random(ROWS)
        near = np.where(kind < 0.3, at, np.where(kind < 0.6, np.nextafter(at, np.inf), at + rng.normal(size=ROWS)))
        category = np.floor(kind * (splits.size[drawn] + 3)) - 1
        x = np.where(splits.missing[drawn] < 0, category, near)
        special = rng.random(ROWS)
        out[:, f] = np.where(special < 0.15, np.nan, np.where(special < 0.25, 0.0, x))
        if splits.missing[own[0]] < 0:
            out[0, f], out[1, f] = -1, splits.size[own].max()
    out[-1] = np.nan
    return out


def check_tables(tables: Tables, booster: lgb.Booster) -> float:
    """Compare the tables with LightGBM on 50 rows.

    Returns
    -------
    float
        The largest difference found.

    Raises
    ------
    BundleError
        If a contribution or the base differs by more than 1e-9 (relative to its size if that exceeds 1), or if a row's
        explanation depends on whether it is explained alone or in a batch.
    """
    rows = make_probe_rows(tables.forest.splits, tables.forest.n_features)
    expected, base = predict_contributions(booster, rows)
    actual = tables.explain(rows)
    difference = np.abs(actual - expected) / np.maximum(1.0, np.abs(expected))
    worst = float(max(difference.max(initial=0.0), abs(tables.base - base) / max(1.0, abs(base))))
    if not np.array_equal(actual, np.concatenate([tables.explain(row[None]) for row in rows])):
        raise BundleError("A single row is explained differently from the same row in a batch.", RETRAIN)
    if not worst <= TOLERANCE:
        raise BundleError(
            "The contributions of the trees differ by {worst:.2g} from LightGBM's on {rows} test rows; "
            "at most {allowed:g} is allowed.",
            RETRAIN,
            worst=worst,
            rows=ROWS,
            allowed=TOLERANCE,
        )
    return worst

"""Golden cases: synthetic rows of features whose scores a bundle must reproduce when it is loaded."""

from __future__ import annotations

from typing import Any

import numpy as np

from riskml.errors import BundleError
from riskml.model.blend import Blend
from riskml.model.schema import FloatArray, Schema

MIXED = 12
TOLERANCE = 1e-12


def round_significant(values: FloatArray, digits: int = 3) -> FloatArray:
    """Round to significant digits, so that an aggregate never shows the exact value of one household.

    >>> round_significant(np.array([12345.6, -0.0123456, 0.0, np.nan])).tolist()
    [12300.0, -0.0123, 0.0, nan]
    """
    return np.array([float(f"{v:.{digits}g}") for v in np.asarray(values, np.float64).ravel()]).reshape(values.shape)


def _make_golden_rows(schema: Schema, values: FloatArray, seed: int = 0) -> FloatArray:
    """Make synthetic rows: independently drawn quantiles of each feature, and corner cases.

    Parameters
    ----------
    schema : Schema
    values : array, shape (n, F)
        Training rows; only their rounded quantiles are used.
    seed : int, default 0

    Returns
    -------
    array, shape (19, F)
        One row each with medians, low quantiles, high quantiles, missing values, high extremes, low extremes and
        unknown categories, followed by twelve rows of mixed quantiles in which a tenth of the values are missing.
    """
    rng = np.random.default_rng(seed)
    count = len(schema.columns)
    grid = np.zeros((7, count))
    for j, column in enumerate(schema.columns):
        known = values[np.isfinite(values[:, j]), j]
        if column.categorical:
            grid[:, j] = rng.integers(0, max(len(schema.levels[column.name]), 1), 7)
        elif len(known):
            grid[:, j] = round_significant(np.quantile(known, [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98]))
    number = np.array([not column.categorical for column in schema.columns])
    unknown = grid[3].copy()
    unknown[~number] = [len(schema.levels[c.name]) for c in schema.columns if c.categorical]
    mixed = grid[rng.integers(0, 7, (MIXED, count)), np.arange(count)]
    mixed[rng.random(mixed.shape) < 0.1] = np.nan
    extremes = [np.where(number, edge, grid[3]) for edge in (1e12, -1e12)]
    return np.vstack([grid[[3, 1, 5]], np.full(count, np.nan), *extremes, unknown, mixed])


def make_golden_cases(blend: Blend, values: FloatArray, seed: int = 0) -> dict[str, Any]:
    """Make golden cases, rows with the model's margins and probabilities, as JSON values."""
    rows = _make_golden_rows(blend.schema, values, seed)
    margin = blend.predict_margin(rows)
    probability = blend.calibration.predict_probability(margin)
    return {
        "features": list(blend.schema.names),
        "cases": [
            {"values": [None if np.isnan(v) else v for v in row], "margin": m, "probability": p}
            for row, m, p in zip(rows.tolist(), margin.tolist(), probability.tolist(), strict=True)
        ],
    }


def check_golden(blend: Blend, golden: dict[str, Any]) -> None:
    """Check that the golden cases get the same scores as before.

    Raises
    ------
    BundleError
        If a score differs by more than 1e-12 (relative for scores above 1).
    """
    cases = golden["cases"]
    rows = np.array([[np.nan if v is None else v for v in case["values"]] for case in cases], np.float64)
    margin = blend.predict_margin(rows)
    for name, scores in (("margin", margin), ("probability", blend.calibration.predict_probability(margin))):
        expected = np.array([case[name] for case in cases], np.float64)
        wrong = ~(np.abs(scores - expected) <= TOLERANCE * np.maximum(1.0, np.abs(expected)))
        if wrong.any():
            worst = int(np.argmax(np.where(wrong, np.abs(scores - expected), -1.0)))
            raise BundleError(
                "{count} of {cases} golden cases in golden.json have a different {name} from when "
                "the bundle was made (case {worst}: {score!r} instead of {expected!r}).",
                "Install the library versions named in manifest.json, or train the model again on this machine.",
                count=int(wrong.sum()),
                cases=len(cases),
                name=name,
                worst=worst,
                score=scores[worst],
                expected=expected[worst],
            )

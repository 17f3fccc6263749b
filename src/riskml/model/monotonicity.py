"""Evidence that the margin moves the way policy demands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskml.model.blend import Blend
from riskml.model.schema import FloatArray

__all__ = ["Violation", "monotonicity_violations"]

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Violation:
    """A directed feature along which the margin moves the wrong way.

    Parameters
    ----------
    feature : str
    rows : int
        Rows on which it does.
    worst : float
        Largest wrong step of the margin.
    """

    feature: str
    rows: int
    worst: float


def monotonicity_violations(blend: Blend, rows: FloatArray, points: int = 9) -> list[Violation]:
    """Sweep each directed feature over its range on given rows.

    Parameters
    ----------
    blend : Blend
    rows : array, shape (n, F)
        Golden or other synthetic rows in the model's schema; each feature is swept over the range it has in them.
    points : int, default 9
        Steps of the sweep, evenly spaced between the smallest and largest value, and at every value seen in ``rows``.

    Returns
    -------
    list of Violation
        Empty where every margin is non-decreasing in a feature of higher risk and non-increasing in one of lower.

    Notes
    -----
    Both parts are monotone by construction (bounded coefficients, LightGBM's monotone constraints), and the weights
    are never negative; this measures it on the finished model. Missing values are not ordered and not swept.
    """
    found = []
    for j in np.flatnonzero(blend.schema.directions):
        known = rows[np.isfinite(rows[:, j]), j]
        if not len(known):
            continue
        sweep = np.unique(np.concatenate([np.linspace(known.min(), known.max(), points), known]))
        many = np.repeat(rows, len(sweep), axis=0)
        many[:, j] = np.tile(sweep, len(rows))
        margin = blend.margin(many).reshape(len(rows), len(sweep))
        wrong = -int(blend.schema.directions[j]) * np.diff(margin, axis=1)
        size = TOLERANCE * np.maximum(1.0, np.abs(margin[:, 1:]))
        bad = wrong > size
        if bad.any():
            found.append(Violation(blend.schema.names[j], int(bad.any(axis=1).sum()), float(wrong.max())))
    return found

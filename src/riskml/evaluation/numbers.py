"""Numbers as JSON holds them: a figure that does not exist is null, never NaN."""

from __future__ import annotations

import math

__all__ = ["null_if_nan"]


def null_if_nan(value: float) -> float | None:
    """Turn a figure that does not exist into None.

    >>> null_if_nan(0.25), null_if_nan(float("nan"))
    (0.25, None)
    """
    return float(value) if math.isfinite(value) else None

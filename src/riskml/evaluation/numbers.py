"""Numbers as JSON holds them: a figure that does not exist is null, never NaN."""

from __future__ import annotations

import math

__all__ = ["number"]


def number(value: float) -> float | None:
    """Turn a figure that does not exist into None.

    >>> number(0.25), number(float("nan"))
    (0.25, None)
    """
    return float(value) if math.isfinite(value) else None

"""Format the figures of an evaluation for JSON and as text; an undefined figure is null, never NaN."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z95 = 1.959963984540054
"""Number of standard errors from an estimate to either end of its 95 % interval."""


def null_if_nan(value: float) -> float | None:
    """Turn an undefined figure (NaN or infinite) into None.

    >>> null_if_nan(0.25), null_if_nan(float("nan"))
    (0.25, None)
    """
    return float(value) if math.isfinite(value) else None


def format_figure(value: float | None, digits: int = 3, missing: str = "–") -> str:
    """Format a figure; return ``missing`` if there is none."""
    return missing if value is None else f"{value:.{digits}f}"


def _format_percent(value: float | None, digits: int = 1) -> str:
    """Format a share as a percentage; return a dash if there is none."""
    return "–" if value is None else f"{value:.{digits}%}"


def format_interval(interval: Sequence[float] | None, digits: int = 3, kind: str = "f", *, form: str = "{}–{}") -> str:
    """Format an interval; return an empty string if there is none.

    Parameters
    ----------
    interval : (float, float) or None
    digits : int, default 3
        Number of decimals.
    kind : {"f", "%"}
        ``f`` for decimal numbers, ``%`` for percentages.
    form : str, default "{}–{}"
        Template into which both ends are filled.

    Examples
    --------
    >>> format_interval((0.1, 0.25), 2, form=" ({}–{})"), format_interval((0.1, 0.25), 0, "%"), format_interval(None)
    (' (0.10–0.25)', '10%–25%', '')
    """
    return "" if interval is None else form.format(*(f"{end:.{digits}{kind}}" for end in interval))


def _format_count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


FORMATS = {"figure": format_figure, "percent": _format_percent, "count": _format_count}
"""Filters for the templates of the report and the model card."""

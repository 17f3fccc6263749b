"""Random numbers for compiled code: one stream for each household, draw and purpose, whatever the number of threads.

Splitmix64 (Steele, Lea, Flood 2014, https://doi.org/10.1145/2714064.2660195) needs only one 64-bit word of state, so
every simulated future can have its own stream. Normal variates are computed with Acklam's rational approximation of the
inverse distribution function (relative error below 1.2e-9).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])
Stream = Any
"""The state of a stream of random numbers, as a one-element ``uint64`` array."""


def compiled(function: Function) -> Function:
    """Compile a function that other compiled functions call."""
    return cast(Function, numba.njit(nogil=True)(function))


_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_16, _SHIFT, _SHIFT2, _SHIFT3 = np.uint64(0xFFFF), np.uint64(16), np.uint64(32), np.uint64(48)


@compiled
def _mix(word: Any) -> Any:
    word = (word ^ (word >> _30)) * _FIRST
    word = (word ^ (word >> _27)) * _SECOND
    return word ^ (word >> _31)


@compiled
def start_stream(state: Stream, seed: int, purpose: int, item: int, part: int) -> None:
    """Set ``state`` to the start of the stream for (seed, purpose, item, part)."""
    word = _mix(np.uint64(seed) + _STEP)
    word = _mix(word ^ (np.uint64(purpose) + _STEP))
    word = _mix(word ^ (np.uint64(item) + _STEP))
    state[0] = _mix(word ^ (np.uint64(part) + _STEP))


@compiled
def draw_uniform(state: Stream) -> float:
    """Draw from (0, 1), both ends excluded.

    >>> state = np.zeros(1, np.uint64)
    >>> start_stream(state, 1, 2, 3, 4)
    >>> 0 < draw_uniform(state) < 1
    True
    """
    state[0] += _STEP
    return (np.float64(_mix(state[0]) >> _11) + 0.5) * 1.1102230246251565e-16


@compiled
def draw_bell(state: Stream) -> float:
    """Draw from a bell-shaped distribution between -3.47 and 3.47 with mean 0 and variance 1.

    The number is the standardised sum of the four 16-bit parts of one word (Irwin-Hall distribution of order 4). This
    takes a fifth of the time of `draw_normal`.
    """
    state[0] += _STEP
    word = _mix(state[0])
    parts = (word & _16) + ((word >> _SHIFT) & _16) + ((word >> _SHIFT2) & _16) + (word >> _SHIFT3)
    return (np.float64(parts) - 131070.0) * 2.6429e-5


_MIDDLE = 0.02425
"""Tail probability; the approximation for the tails is used below it and above one minus it."""

_MIDDLE_TOP = (
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.383577518672690e2, -3.066479806614716e1,
    2.506628277459239e0,
)  # fmt: skip
_MIDDLE_BOTTOM = (
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1.0,
)  # fmt: skip
_TAIL_TOP = (
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838e0, -2.549732539343734e0, 4.374664141464968e0,
    2.938163982698783e0,
)  # fmt: skip
_TAIL_BOTTOM = (7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996e0, 3.754408661907416e0, 1.0)


@compiled
def _evaluate_polynomial(coefficients: tuple[float, ...], x: float) -> float:
    """Evaluate a polynomial with Horner's rule; the coefficient of the highest power comes first."""
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


@compiled
def draw_normal(state: Stream) -> float:
    """Draw from the standard normal distribution."""
    share = draw_uniform(state)
    if _MIDDLE <= share <= 1.0 - _MIDDLE:
        q = share - 0.5
        r = q * q
        return _evaluate_polynomial(_MIDDLE_TOP, r) * q / _evaluate_polynomial(_MIDDLE_BOTTOM, r)
    q = np.sqrt(-2.0 * np.log(min(share, 1.0 - share)))
    value = _evaluate_polynomial(_TAIL_TOP, q) / _evaluate_polynomial(_TAIL_BOTTOM, q)
    return float(value if share < 0.5 else -value)

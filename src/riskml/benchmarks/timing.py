"""Time function calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import numpy as np

T = TypeVar("T")
R = TypeVar("R")


def time_call(work: Callable[[], R]) -> tuple[R, float]:
    """Time one call; return its result and the number of seconds that it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def time_median(work: Callable[[T], object], items: Iterable[T]) -> float:
    """Time one call for each item; return the median in milliseconds."""
    return 1e3 * float(np.median([time_call(partial(work, item))[1] for item in items]))

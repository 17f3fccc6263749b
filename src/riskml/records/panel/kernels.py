"""Compiled loops over packed arrays, and the decorator that compiles them.

NumPy would read an array once for each operation, while these loops read it only once. They run without Python's
interpreter lock. They compute each household separately and in a fixed order, so that its result is the same, bit for
bit, whether it is computed alone or with many others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.versions import FOREVER, NO_DAY

F = TypeVar("F", bound=Callable[..., Any])
Array = Any
"""An array in compiled code; numba infers its type."""
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_FOREVER, _NO_DAY = int(FOREVER), int(NO_DAY)

with suppress(OSError, RuntimeError):  # without such a folder, numba looks for another one itself
    CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "riskml", "compiled")
    """Folder for machine code, which only its user may enter, since numba runs whatever it finds there."""
    CACHE.mkdir(0o700, parents=True, exist_ok=True)
    CACHE.chmod(0o700)  # fails if it is another user's
    numba.config.CACHE_DIR = numba.config.CACHE_DIR or str(CACHE)


def compiled(function: F) -> F:
    """Compile a loop to machine code that runs without the interpreter lock, and cache this code on disk.

    A division by zero gives NaN or infinity, as in NumPy. If no folder for it can be written to, as in a read-only
    container, every process compiles the loop again.
    """
    try:
        return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:
        return cast(F, numba.njit(nogil=True, error_model="numpy")(function))


@compiled
def fill_income(
    household: Array,
    start: Array,
    months: Array,
    source: Array,
    amount: Array,
    recorded: Array,
    group: Array,
    first: int,
    ends: Array,
    block: Array,
    known_from: Array,
) -> Array:
    """Write every row whose cells are still free into the block, spread evenly over its months.

    Parameters
    ----------
    household, start, months, source, amount, recorded, group : array, shape (E,)
        Columns of the income rows, as the readers return them.
    first : int
        Month of the block's first row.
    ends : array of int32, shape (T,)
        Last day of each month of the block.
    block, known_from : array, shape (S, T, H)
        Amounts, and the day on which each became known; filled in place.

    Returns
    -------
    array of bool, shape (E,)
        Whether each row was not written, because another row occupies one of its cells or it belongs to a group of
        corrections.
    """
    left = np.zeros(len(household), np.bool_)
    for i in range(len(household)):
        left[i] = group[i] >= 0
        h, s, t, n = household[i], source[i], start[i] - first, months[i]
        for k in range(t, t + n):
            left[i] |= known_from[s, k, h] != _FOREVER
        if left[i]:
            continue
        day = recorded[i] if recorded[i] != _NO_DAY else ends[t + n - 1]
        share = amount[i] / n
        for k in range(t, t + n):
            block[s, k, h] = share
            known_from[s, k, h] = day
    return left


@compiled
def copy_known_income(block: Array, known_from: Array, newest: int, start: int, known_at: int, out: Array) -> None:
    """Copy the income that is known for a range of households, the latest month first; all other cells become NaN.

    Parameters
    ----------
    block, known_from : array, shape (S, T, H)
    newest : int
        Position in the block of the month that becomes month 0; it may be outside the block.
    start : int
        First household of the range.
    known_at : int
    out : array of float64, shape (S or more, months, n)
        Filled in place; sources that the block lacks become NaN.
    """
    length = block.shape[1]
    for s in range(out.shape[0]):
        for t in range(out.shape[1]):
            row = newest - t
            if s >= block.shape[0] or row < 0 or row >= length:
                out[s, t] = np.nan
                continue
            for j in range(out.shape[2]):
                known = known_from[s, row, start + j] <= known_at
                out[s, t, j] = block[s, row, start + j] if known else np.nan


@compiled
def sum_sources(sources: Array, total: Array, reported: Array) -> None:
    """Sum each month's sources in declared order (0 if none is reported), and mark the months that are reported."""
    for t in range(total.shape[0]):
        for s in range(sources.shape[0]):
            for j in range(total.shape[1]):
                value = sources[s, t, j]
                stated = not np.isnan(value)
                total[t, j] += value if stated else 0.0
                reported[t, j] |= stated


@compiled
def compute_income_per_head(total: Array, reported: Array, size: Array, lag: int, window: int, fewest: float) -> Floats:
    """Compute income per head, shape (n,): the mean income of a window's reported months × 12 ÷ size.

    It is NaN if no month is reported, or fewer than ``fewest`` are.
    """
    n = total.shape[1]
    sums, counts = np.zeros(n), np.zeros(n)
    for t in range(lag, lag + window):
        for j in range(n):
            sums[j] += total[t, j]
            counts[j] += 1.0 if reported[t, j] else 0.0
    for j in range(n):
        enough = counts[j] >= fewest and counts[j] > 0
        sums[j] = sums[j] / counts[j] * 12 / size[j] if enough else np.nan
    return sums


@compiled
def look_up_month_ends(
    first: Array,
    known: Array,
    recorded: Array,
    size: Array,
    region: Array,
    grid: Array,
    days: Array,
    sizes: Array,
    lines: Array,
) -> None:
    """Look up each household's size, and the line in force, from the version that applies on each day.

    Before its first version was recorded, a household is taken to have the size and region of that version.

    Parameters
    ----------
    first, known : array of int32, shape (n,)
        Position of each household's first version, and how many of its versions are known.
    recorded, size, region : array, shape (V,)
    grid : array of float64, shape (T, regions)
    days : array of int32, shape (T,)
        Day numbers, the latest first.
    sizes, lines : array of float64, shape (T, n)
        Filled in place.
    """
    version = first + np.maximum(known - 1, 0)
    for t in range(len(days)):
        for j in range(len(first)):
            while version[j] > first[j] and recorded[version[j]] > days[t]:
                version[j] -= 1
            sizes[t, j] = size[version[j]]
            lines[t, j] = grid[t, region[version[j]]]


@compiled
def count_rows(household: Array, mask: Array, n: int) -> Floats:
    """Count each household's rows that the mask selects, as floats, shape (n,)."""
    counts = np.zeros(n)
    for i in range(len(household)):
        if mask[i]:
            counts[household[i]] += 1.0
    return counts


@compiled
def sum_rows(household: Array, values: Array, mask: Array, n: int) -> Floats:
    """Sum each household's known values in the order of its rows, shape (n,); NaN if it has rows but no known value."""
    sums, state = np.zeros(n), np.zeros(n, np.int8)
    for i in range(len(household)):
        if mask[i]:
            h = household[i]
            if np.isnan(values[i]):
                state[h] |= 1
            else:
                state[h] |= 2
                sums[h] += values[i]
    for h in range(n):
        if state[h] == 1:
            sums[h] = np.nan
    return sums


@compiled
def find_largest(household: Array, values: Array, mask: Array, n: int) -> Floats:
    """Find the largest known value of each household, shape (n,); NaN if there is none."""
    out = np.full(n, np.nan)
    for i in range(len(household)):
        if mask[i]:
            h = household[i]
            if not out[h] >= values[i]:
                out[h] = values[i] if not np.isnan(values[i]) else out[h]
    return out


@compiled
def count_codes(household: Array, code: Array, wanted: int, n: int) -> Floats:
    """Count the rows of each household whose code's bit is set in ``wanted``, shape (n,).

    The count is NaN if the household has rows but none of them has a code, and 0 if it has no rows.
    """
    counts, state = np.zeros(n), np.zeros(n, np.int8)
    for i in range(len(household)):
        h = household[i]
        if code[i] < 0:
            state[h] |= 1
        else:
            state[h] |= 2
            counts[h] += (wanted >> code[i]) & 1
    for h in range(n):
        if state[h] == 1:
            counts[h] = np.nan
    return counts


@compiled
def mark_known_rows(
    known_from: Array, known_until: Array, day: Array, withdrawn: Array, as_of: int, known_at: int, since: int
) -> Mask:
    """Mark the rows that are known, not withdrawn, and about a day after ``since`` and up to ``as_of``, shape (E,)."""
    use = np.empty(len(day), np.bool_)
    for i in range(len(day)):
        use[i] = (
            (known_from[i] <= known_at)
            & (known_at < known_until[i])
            & (day[i] <= as_of)
            & (day[i] > since)
            & (not withdrawn[i])
        )
    return use


@compiled
def find_struck_households(
    first: Array,
    known: Array,
    recorded: Array,
    region: Array,
    region_first: Array,
    struck: Array,
    day: Array,
    use: Array,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Find the disasters that struck the region in which each household lived on the day of the disaster.

    Parameters
    ----------
    first, known : array of int32, shape (n,)
        Position of each household's first version, and how many of its versions are known.
    recorded, region : array, shape (V,)
        Columns of the versions; a household's first version applies even before it was recorded.
    region_first, struck : array of int64
        Where the rows for each region begin in ``struck``, and the positions of the rows, sorted by region and day.
    day, use : array, shape (E,)
        Day of each row, and whether it counts.

    Returns
    -------
    household : array of int32, ascending
    rows : array of int64
    """
    households, rows = [np.int32(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for j in range(len(first)):
        last = first[j] + max(known[j], 1) - 1
        for version in range(first[j], last + 1):
            lived = region[version]
            for k in range(region_first[lived], region_first[lived + 1]):
                row = struck[k]
                begun = version == first[j] or recorded[version] <= day[row]
                ended = version < last and recorded[version + 1] <= day[row]
                if use[row] and begun and not ended:
                    households.append(np.int32(j))
                    rows.append(row)
    return np.array(households, np.int32), np.array(rows, np.int64)


def sum_window(values: Floats) -> Floats:
    """Sum over the first axis, one row after the other.

    ``np.sum`` adds pairwise for one household and in sequence for many, and the results can differ in the last bit.
    ``np.add.accumulate`` always adds in sequence.
    """
    sums: Floats = np.add.accumulate(values, axis=0)[-1]
    return sums

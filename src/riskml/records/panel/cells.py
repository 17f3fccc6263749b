"""Convert the cells of tables in memory, such as those of a request or a data frame, to packed columns."""

from __future__ import annotations

import datetime as dt
import numbers
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.records.contract.calendar import to_month
from riskml.records.contract.schema import Column, Kind, Table
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.packed_rows import Array

Cells = Sequence[Any]

_EPOCH = dt.date(1970, 1, 1).toordinal()
_NEVER_NULL = {dt.date, int, bool}


def is_null(value: Any) -> bool:
    """Return whether a cell is empty: None, NaN, NaT, NA, or an empty string (as in a file).

    >>> [is_null(value) for value in (None, float("nan"), pd.NaT, pd.NA, "", 0, " ")]
    [True, True, True, True, True, False, False]
    """
    if isinstance(value, str):
        return not value
    return value is None or value is pd.NA or bool(value != value)  # true only for NaN and NaT


def count_null(values: Cells) -> int:
    """Count the empty cells of a column."""
    kinds = set(map(type, values)) - _NEVER_NULL  # in most columns, all cells are of one type
    return (values.count("") if kinds == {str} else sum(map(is_null, values))) if kinds else 0


def mark_stated(values: Cells) -> NDArray[np.bool_]:
    """Mark the cells that are not empty.

    >>> mark_stated(["x", None, ""]).tolist()
    [True, False, False]
    """
    if set(map(type, values)) <= {type(None)}:
        return np.zeros(len(values), bool)
    return np.array([not is_null(value) for value in values], bool)


@lru_cache(maxsize=1 << 16)
def parse_day(value: Any) -> int:
    """Convert a cell to a day number, or to ``NO_DAY`` if it is null.

    Text may omit leading zeros, and may have a time after the date. Results are cached, since many rows of a request
    have the same date.

    Raises
    ------
    TypeError, ValueError
        If the cell is not a date.

    >>> parse_day("1970/1/5"), parse_day(dt.date(1970, 1, 5)), parse_day(None) == int(NO_DAY)
    (4, 4, True)
    """
    if is_null(value):
        return int(NO_DAY)
    if not isinstance(value, dt.date):
        year, month, day = str(value).strip().replace("/", "-").replace("T", " ").split(" ")[0].split("-")
        value = dt.date(int(year), int(month), int(day))
    return int(value.toordinal()) - _EPOCH


@lru_cache(maxsize=1 << 12)
def parse_month(value: Any) -> int:
    """Convert a cell with a date to a month number, or to ``NO_DAY`` if it is null; see :func:`parse_day`."""
    day = parse_day(value)
    return day if day == NO_DAY else to_month(day)


def look_up(values: Cells, positions: Mapping[str, int]) -> NDArray[np.int32]:
    """Look up the position of each code; it is -1 if the code is null or has no position.

    >>> look_up(["b", None, "x"], {"a": 0, "b": 1}).tolist()
    [1, -1, -1]
    """
    try:
        return _convert_all(positions.__getitem__, values, np.int32)
    except (KeyError, TypeError):
        return np.array([-1 if is_null(value) else positions.get(str(value), -1) for value in values], np.int32)


def encode_text(values: Cells) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return the position of each text among the sorted distinct texts (-1 if null), and these sorted texts."""
    levels = tuple(sorted({str(value) for value in values if not is_null(value)}))
    return look_up(values, {level: i for i, level in enumerate(levels)}), levels


def list_keys(table: Table, names: Sequence[str], columns: Mapping[str, Cells]) -> list[tuple[Any, ...]]:
    """List each row's key: its cells in the named columns, with None for a null.

    Dates are equal however they are written.
    """
    days = [(column := table.find_column(name)) is not None and column.kind is Kind.DATE for name in names]
    parts = [
        [None if is_null(value) else parse_day(value) if day else str(value) for value in columns[name]]
        for name, day in zip(names, days, strict=True)
    ]
    return list(zip(*parts, strict=True))


def _is_textual(value: Any) -> bool:
    """Return whether an attribute's cell counts as text: words, flags and dates do, numbers do not."""
    return not is_null(value) and (isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real))


def format_texts(values: Cells) -> list[str | None] | None:
    """Format an attribute's cells as they would be written to a file, with None for a null.

    Return None if no cell is text.

    >>> format_texts([True, "x", None]), format_texts([1, None, 2.5])
    (['true', 'x', None], None)
    """
    if not any(_is_textual(value) for value in values):
        return None
    texts = [str(value).lower() if isinstance(value, bool | np.bool_) else str(value) for value in values]
    return [None if is_null(value) else text for value, text in zip(values, texts, strict=True)]


def pack_cells(column: Column, values: Cells) -> Array:
    """Convert a column to its packed type.

    Raises
    ------
    TypeError, ValueError, OverflowError
        If a cell does not fit the column's kind.
    KeyError
        If a code is unknown.
    """
    match column.kind:
        case Kind.DATE:
            return _convert_all(parse_day, values, np.int32)
        case Kind.MONTH_START:
            return _convert_all(parse_month, values, np.int32)
        case Kind.COUNT if column.always_stated:
            if set(map(type, values)) == {int}:
                return np.array(values, np.int32)
            return np.array([column.default if is_null(value) else int(value) for value in values], np.int32)
        case Kind.COUNT | Kind.YEAR | Kind.AMOUNT:
            return parse_floats(values)
        case Kind.FLAG:
            stated = mark_stated(values)
            return np.array([bool(value) for value in values], bool) & stated if stated.any() else stated
        case Kind.CODE:
            positions = {code: i for i, code in enumerate(column.allowed or ())}
            try:
                return _convert_all(positions.__getitem__, values, np.int8)
            except KeyError:
                return np.array([-1 if is_null(value) else positions[value] for value in values], np.int8)
        case _:
            return np.array([_encode_bits(value, column.allowed or {}) for value in values], np.int32)


def parse_floats(values: Cells) -> NDArray[np.float64]:
    """Convert numbers to floats, and nulls to NaN.

    Raises
    ------
    TypeError, ValueError
        If a cell is not a number.
    """
    try:
        return np.array(values, np.float64)  # nulls become NaN
    except (TypeError, ValueError):
        return np.array([np.nan if is_null(value) else float(value) for value in values], np.float64)


def _convert_all(convert: Callable[[Any], int], values: Cells, dtype: Any) -> Array:
    return np.fromiter(map(convert, values), dtype, len(values))


def _encode_bits(value: Any, allowed: Mapping[str, str]) -> int:
    codes = set() if is_null(value) else set(str(value).replace(" ", "").split(";"))
    return sum(1 << i for i, code in enumerate(allowed) if code in codes)

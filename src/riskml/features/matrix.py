"""The feature matrix: one row per household and date, one column per feature."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.errors import ModelError
from riskml.text import Text

FloatArray = NDArray[np.float64]

TWIN = 1e-9
"""Relative and absolute tolerance within which two columns count as equal."""

PAST_INCOME = "weighted_past_income"
"""The column that is kept if other columns equal it; one part of the model uses this column alone."""


class Direction(IntEnum):
    """The sign that a feature's effect on the risk must have; ``FREE`` allows both."""

    LOWER_RISK = -1
    FREE = 0
    HIGHER_RISK = 1

    __hash__ = int.__hash__  # faster than hashing the name; schemas are looked up for every household that is scored


class FeatureColumn(NamedTuple):
    """What a model needs to know about one feature.

    Parameters
    ----------
    name : str
    direction : Direction, default FREE
        Sign of the effect on the risk, which every model must respect.
    categorical : bool, default False
        Whether the values are positions in the matrix's ``levels`` rather than numeric values.
    """

    name: str
    direction: Direction = Direction.FREE
    categorical: bool = False


def _are_close(ours: FloatArray, theirs: FloatArray) -> NDArray[np.bool_]:
    """Return whether columns count as equal to others, for each pair of columns."""
    return np.asarray(np.isclose(ours, theirs, rtol=TWIN, atol=TWIN, equal_nan=True).all(axis=0))


def hash_schema(columns: Sequence[FeatureColumn]) -> str:
    """Hash the names, order, directions and kinds of the features with SHA-256.

    >>> hash_schema([FeatureColumn("a")]) == hash_schema([FeatureColumn("a", Direction.LOWER_RISK)])
    False
    """
    text = json.dumps([[c.name, int(c.direction), c.categorical] for c in columns])
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class FeatureMatrix:
    """Features of households on their as_of dates.

    Parameters
    ----------
    household_id : array of str, shape (n,)
    as_of : array of int32, shape (n,)
        Day number of each row.
    columns : tuple of FeatureColumn, length F
    values : array of float64, shape (n, F)
        Values, with NaN if missing; categorical columns hold positions in ``levels``.
    levels : dict of str to tuple of str
        Sorted levels of each categorical column.
    """

    household_id: NDArray[np.str_]
    as_of: NDArray[np.int32]
    columns: tuple[FeatureColumn, ...]
    values: FloatArray
    levels: dict[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> FloatArray:
        """Return the values of one feature, shape (n,)."""
        return self.values[:, self.names.index(name)]

    def to_frame(self) -> pd.DataFrame:
        """Return a data frame with ``household_id`` and one column per feature; categories are written as text."""
        columns: dict[str, object] = {"household_id": self.household_id}
        for j, column in enumerate(self.columns):
            values = self.values[:, j]
            if column.categorical:
                names = np.array([*self.levels[column.name], None], dtype=object)
                values = names[np.where(np.isnan(values), len(names) - 1, values).astype(np.int64)]
            columns[column.name] = values
        return pd.DataFrame(columns)

    def take(self, rows: NDArray[np.generic]) -> FeatureMatrix:
        """Select rows by position or with a mask."""
        return replace(self, household_id=self.household_id[rows], as_of=self.as_of[rows], values=self.values[rows])

    def prune_levels(self) -> FeatureMatrix:
        """Return the matrix with only those levels that occur in its rows.

        A level that occurs only in other rows, some of which may have become known later, must not change the codes
        that are used to fit a model.
        """
        levels = {}
        for name, names in self.levels.items():
            codes = self.column(name)
            levels[name] = tuple(names[int(code)] for code in np.unique(codes[~np.isnan(codes)]))
        return self.recode(self.columns, levels)

    def drop_repeated(self) -> FeatureMatrix:
        """Return the matrix without numeric columns that equal another column in every row, to within a billionth.

        In a yearly survey, the features of the last month, quarter and year are equal, and a model would divide one
        effect among them at random. Of several equal columns, ``weighted_past_income`` is kept; without it, the last
        one, which has the longest window. With one year of history, ``weighted_past_income`` equals the last year's
        income. Once there are more years, it is the only column that averages all of them, so a model that was fitted
        on one year of history still works well.
        """
        order = sorted(range(len(self.columns)), key=lambda i: (self.columns[i].name == PAST_INCOME, i), reverse=True)
        kept: list[int] = []
        few = self.values[:64]  # most columns already differ in the first rows
        for i in order:
            rivals = np.array([k for k in kept if not self.columns[k].categorical], np.int64)
            rivals = rivals[_are_close(few[:, [i]], few[:, rivals])]
            if self.columns[i].categorical or not any(_are_close(self.values[:, i], self.values[:, k]) for k in rivals):
                kept.append(i)
        kept.sort()
        return replace(self, columns=tuple(self.columns[i] for i in kept), values=self.values[:, kept])

    def recode(self, columns: Sequence[FeatureColumn], levels: dict[str, tuple[str, ...]]) -> FeatureMatrix:
        """Return the matrix with the columns and category codes of another schema.

        A level that the schema lacks becomes missing, so that it cannot be mistaken for another level. A feature
        that this matrix lacks is missing in every row.

        Raises
        ------
        ModelError
            If a feature is categorical in the matrix and numeric in the schema, or the other way round.
        """
        wanted = tuple(columns)
        mapping = _map_columns(self.columns, wanted)
        values = np.full((len(self), len(wanted)), np.nan)
        values[:, mapping.target] = self.values[:, mapping.source]
        for j in mapping.other_kind:
            if np.isnan(values[:, j]).all():
                continue  # a column of nulls has no type, for example if a household lacks the attribute
            have, want = (Text("a number"), Text("text"))[:: 1 if wanted[j].categorical else -1]
            raise ModelError(
                "Feature {feature!r} is {have} in these records, but {want} in the model's schema.",
                "Check the type of that column in the households table.",
                feature=wanted[j].name,
                have=have,
                want=want,
            )
        for j in mapping.categorical:
            name = wanted[j].name
            values[:, j] = _recode(values[:, j], self.levels[name], levels[name])
        return replace(self, columns=wanted, values=values, levels=levels)


class _ColumnMapping(NamedTuple):
    """Which columns of a matrix correspond to which columns of a schema, and which cannot simply be copied."""

    target: NDArray[np.intp]
    """Positions in the schema of the columns that the matrix has."""
    source: NDArray[np.intp]
    """Positions of the same columns in the matrix."""
    other_kind: tuple[int, ...]
    """Positions in the schema of the columns that are categorical in only one of the two."""
    categorical: tuple[int, ...]
    """Positions in the schema of the columns that are categorical in both."""


@lru_cache(maxsize=256)
def _map_columns(own: tuple[FeatureColumn, ...], wanted: tuple[FeatureColumn, ...]) -> _ColumnMapping:
    have = {column.name: (i, column.categorical) for i, column in enumerate(own)}
    pairs = [(j, *have[column.name], column.categorical) for j, column in enumerate(wanted) if column.name in have]
    return _ColumnMapping(
        np.array([j for j, _, _, _ in pairs], np.intp),
        np.array([i for _, i, _, _ in pairs], np.intp),
        tuple(j for j, _, kind, other in pairs if kind != other),
        tuple(j for j, _, kind, other in pairs if kind and other),
    )


@lru_cache(maxsize=1024)
def _translate_levels(old: tuple[str, ...], new: tuple[str, ...]) -> FloatArray:
    """Find the position in ``new`` of each level in ``old``; the last entry is for missing values."""
    position = {level: float(i) for i, level in enumerate(new)}
    return np.array([*(position.get(level, np.nan) for level in old), np.nan])


def _recode(codes: FloatArray, old: tuple[str, ...], new: tuple[str, ...]) -> FloatArray:
    """Translate positions in ``old`` to positions in ``new``; NaN if ``new`` lacks the level."""
    if old == new:
        return codes
    return _translate_levels(old, new)[np.where(np.isnan(codes), len(old), codes).astype(np.int64)]


def stack(parts: Sequence[FeatureMatrix]) -> FeatureMatrix:
    """Concatenate the rows of several matrices; the result has the union of their columns and levels."""
    if not parts:
        raise ModelError("There is nothing to stack.")
    names: dict[str, FeatureColumn] = {}
    merged: dict[str, set[str]] = {}
    for part in parts:
        for column in part.columns:
            names.setdefault(column.name, column)
            if column.categorical:
                merged.setdefault(column.name, set()).update(part.levels[column.name])
    columns = tuple(names.values())
    levels = {name: tuple(sorted(texts)) for name, texts in merged.items()}
    same = [part.recode(columns, levels) for part in parts]
    return FeatureMatrix(
        household_id=np.concatenate([part.household_id for part in same]),
        as_of=np.concatenate([part.as_of for part in same]),
        columns=columns,
        values=np.concatenate([part.values for part in same]),
        levels=levels,
    )

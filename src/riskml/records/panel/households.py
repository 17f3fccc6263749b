"""Versions of households: their size, region, kind and attributes, as known over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.versions import ALWAYS
from riskml.records.panel.kernels import look_up_month_ends
from riskml.records.panel.packed_rows import Array, AttributeColumn, Rows

Ints = NDArray[np.int32]

Recording = Literal["never", "once", "over time"]
"""How an attribute was recorded: mostly without a day, with a day but without a single change, or as it changed."""


@dataclass(frozen=True)
class Attribute:
    """One attribute of the households on a date.

    Parameters
    ----------
    values : array of float64, shape (n,)
        Numbers, or positions in ``levels``; NaN if null.
    levels : tuple of str, optional
    before : array of float64, shape (n,)
        Value in the previous version; NaN if there is none.
    """

    values: NDArray[np.float64]
    levels: tuple[str, ...] | None
    before: NDArray[np.float64]


@dataclass(frozen=True)
class HouseholdVersions:
    """All versions of all households, sorted by household and day of recording.

    Parameters
    ----------
    first : array of int32, shape (H + 1,)
        Position of each household's first version.
    recorded : array of int32, shape (V,)
        Day from which each version is known, ascending within a household; ``ALWAYS`` if it is null.
    columns : dict of str to array, shape (V,)
        Every declared column except the household's code and the day of recording.
    levels : dict of str to tuple of str
        Maps each text column to the texts that its positions refer to.
    attributes : dict of str to AttributeColumn, shape (V,)
    """

    first: Ints
    recorded: Ints
    columns: dict[str, Array]
    levels: dict[str, tuple[str, ...]]
    attributes: dict[str, AttributeColumn]

    @property
    def region(self) -> Ints:
        """Positions in ``regions``, shape (V,)."""
        return self.columns["region_code"]

    @property
    def regions(self) -> tuple[str, ...]:
        """Region codes, sorted."""
        return self.levels["region_code"]

    def count_known(self, known_at: int, start: int, stop: int) -> Ints:
        """Count the versions of each household that were recorded by a date, shape (stop - start,)."""
        low, high = self.first[start], self.first[stop]
        if high - low == stop - start:
            alone: Ints = (self.recorded[low:high] <= known_at).astype(np.int32)
            return alone
        known = np.concatenate([[0], np.cumsum(self.recorded[low:high] <= known_at)]).astype(np.int32)
        edges = self.first[start : stop + 1] - low
        several: Ints = known[edges[1:]] - known[edges[:-1]]
        return several

    def look_up_month_ends(
        self, days: Ints, known: Ints, grid: NDArray[np.float64], start: int, stop: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Look up each household's size and line in force at month ends, using only its first ``known`` versions.

        Before its first version was recorded, a household is taken to have the size and region of that version.

        Parameters
        ----------
        days : array of int32, shape (T,)
            Last days of months, the latest first.
        known : array of int32, shape (stop - start,)
        grid : array of float64, shape (T, regions)
            Line in each region at each month's end.
        start, stop : int

        Returns
        -------
        two arrays of float64, shape (T, stop - start)
        """
        sizes, lines = np.empty((len(days), stop - start)), np.empty((len(days), stop - start))
        first = self.first[start:stop]
        look_up_month_ends(first, known, self.recorded, self.columns["size"], self.region, grid, days, sizes, lines)
        return sizes, lines

    def read_attributes(self, now: Ints, known: Ints) -> dict[str, Attribute]:
        """Read the attributes of some households.

        Parameters
        ----------
        now : array of int32, shape (n,)
            Position of each household's latest known version.
        known : array of int32, shape (n,)
            Number of its known versions.
        """
        second = known > 1
        attributes = {}
        for name, column in self.attributes.items():
            before = np.full(len(now), np.nan)
            before[second] = column.values[now[second] - 1]
            attributes[name] = Attribute(column.values[now], column.levels, before)
        return attributes

    def describe_recording(self) -> dict[str, Recording]:
        """Say how each attribute was recorded; a value without a day of recording counts as always known."""
        later = np.ones(len(self.recorded), np.bool_)
        later[self.first[:-1][np.diff(self.first) > 0]] = False
        recording: dict[str, Recording] = {}
        for name, column in self.attributes.items():
            value, known = column.values, ~np.isnan(column.values)
            changed = (value[1:] != value[:-1]) & (known[1:] | known[:-1])
            never = known.any() and (self.recorded[known] == ALWAYS).mean() > 0.5
            recording[name] = "never" if never else "over time" if (changed & later[1:]).any() else "once"
        return recording


def pack_households(rows: Rows, households: int) -> HouseholdVersions:
    """Sort the versions of each household by the day on which they were recorded."""
    order = np.lexsort((rows.recorded, rows.household))
    count = np.bincount(rows.household, minlength=households)
    return HouseholdVersions(
        first=np.concatenate([[0], np.cumsum(count)]).astype(np.int32),
        recorded=rows.recorded[order],
        columns={name: values[order] for name, values in rows.columns.items()},
        levels=rows.levels,
        attributes={
            name: AttributeColumn(column.values[order], column.levels) for name, column in rows.attributes.items()
        },
    )

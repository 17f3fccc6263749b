"""Disasters that struck a region, assigned to every household that lived there at the time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.events import Events, EventStore
from riskml.records.panel.households import HouseholdVersions
from riskml.records.panel.kernels import find_struck_households

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Regional:
    """Disasters that are recorded for regions, and which of them struck each region.

    Parameters
    ----------
    store : EventStore
        All regional rows, sorted by day, as if they belonged to one household.
    first : array of int64, shape (regions + 1,)
        Where the rows for each region begin in ``struck``.
    struck : array of int64
        Positions of the rows whose prefix covers a region, listed region by region and sorted by day within each.
    """

    store: EventStore
    first: NDArray[np.int64]
    struck: NDArray[np.int64]

    @classmethod
    def build(cls, store: EventStore, regions: tuple[str, ...]) -> Regional:
        """Find the disasters that struck each region, which are those recorded for a prefix of its code."""
        # A region's loss is not divided among its households, so no feature may add it up.
        store = replace(store, columns={name: values for name, values in store.columns.items() if name != "loss"})
        prefix = store.columns["region_code"]
        by_prefix = {name: np.flatnonzero(prefix == i) for i, name in enumerate(store.levels["region_code"])}
        none = np.empty(0, np.int64)
        struck = [
            np.sort(np.concatenate([none, *(by_prefix.get(region[:k], none) for k in range(1, len(region) + 1))]))
            for region in regions
        ]
        first = np.concatenate([[0], np.cumsum([len(rows) for rows in struck])]).astype(np.int64)
        return cls(store, first, np.concatenate([none, *struck]))

    def find_last_days(self) -> Ints:
        """Find the latest day on which a disaster struck each region or was recorded for it, shape (regions,).

        It is ``NO_DAY`` for a region without disasters.
        """
        last = np.full(len(self.first) - 1, NO_DAY)
        days = np.maximum(self.store.day, self.store.known_from)[self.struck]
        np.maximum.at(last, np.repeat(np.arange(len(last)), np.diff(self.first)), days)
        return last


def find_exposures(
    regional: Regional,
    versions: HouseholdVersions,
    known: Ints,
    span: tuple[int, int],
    as_of: int,
    known_at: int,
    since: int,
) -> Events:
    """Find the disasters that struck the region in which each household lived on the day of the disaster.

    Parameters
    ----------
    regional : Regional
    versions : HouseholdVersions
    known : array of int32, shape (n,)
        Number of known versions of each household. A household without a known version is assumed to have lived in the
        region of its first version.
    span : tuple of int
        Range of households.
    as_of, known_at, since : int
        Rows count if their day is after ``since`` but not after ``as_of``, and if they were recorded by ``known_at``.
    """
    store = regional.store
    use = store.find_known(slice(None), as_of, known_at, since)
    household, rows = find_struck_households(
        versions.first[span[0] : span[1]],
        known,
        versions.recorded,
        versions.region,
        regional.first,
        regional.struck,
        store.day,
        use,
    )
    return Events(household, span[1] - span[0], store, rows, as_of)

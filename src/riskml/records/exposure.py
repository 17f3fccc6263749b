"""Disasters of a region, told to every household that lived there on that day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.records.events import Events, EventStore
from riskml.records.households import HouseholdVersions
from riskml.records.versions import FOREVER

__all__ = ["Regional", "exposed"]

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Regional:
    """Regional rows, and which of them strike each region.

    Parameters
    ----------
    store : EventStore
        All regional rows, as if of one household 0.
    struck : list of array of int
        For each region of the households, positions of the rows whose prefix covers it.
    """

    store: EventStore
    struck: list[NDArray[np.intp]]

    @classmethod
    def build(cls, store: EventStore, regions: tuple[str, ...]) -> Regional:
        """Find the rows of each region by the prefixes of its code."""
        names = store.levels["region_code"]
        rows = store.columns["region_code"]
        by_prefix = {name: np.flatnonzero(rows == i) for i, name in enumerate(names)}
        struck = []
        for region in regions:
            parts = [by_prefix[region[:k]] for k in range(1, len(region) + 1) if region[:k] in by_prefix]
            struck.append(np.sort(np.concatenate(parts)) if parts else np.empty(0, np.intp))
        return cls(store, struck)


def exposed(
    regional: Regional,
    versions: HouseholdVersions,
    known: Ints,
    span: tuple[int, int],
    as_of: int,
    known_at: int,
    since: int,
) -> Events:
    """Rows that struck each household's region on their day.

    Parameters
    ----------
    regional : Regional
    versions : HouseholdVersions
    known : array of int32, shape (n,)
        Known versions of each household.
    span : tuple of int
        Range of households.
    as_of, known_at, since : int
        Rows in (since, as_of] that are known count.
    """
    store, n = regional.store, span[1] - span[0]
    use = (store.known_from <= known_at) & (known_at < store.known_until)
    use &= (store.day <= as_of) & (store.day > since)
    if (flags := store.columns.get("withdrawn")) is not None:
        use &= ~flags.astype(bool)
    first = versions.first[span[0] : span[1]]
    # Every version of a household, with the days on which it was in force: the first also before it was recorded.
    ranks = np.maximum(known, 1)
    household = np.repeat(np.arange(n, dtype=np.int32), ranks)
    rank = np.arange(len(household)) - np.repeat(np.concatenate([[0], np.cumsum(ranks)[:-1]]), ranks)
    version = first[household] + rank
    begins = np.where(rank == 0, -FOREVER, versions.recorded[version])
    last = rank == ranks[household] - 1
    ends = np.where(last, FOREVER, versions.recorded[np.minimum(version + 1, len(versions.recorded) - 1)])
    rows_of = {r: rows[use[rows]] for r in np.unique(versions.region[version]) if len(rows := regional.struck[r])}
    pieces_h, pieces_r = [], []
    region = versions.region[version]
    for r, rows in rows_of.items():
        who = np.flatnonzero(region == r)
        if not len(rows):
            continue
        days = store.day[rows]
        hit_who, hit_row = np.nonzero((begins[who][:, None] <= days) & (days < ends[who][:, None]))
        pieces_h.append(household[who[hit_who]])
        pieces_r.append(rows[hit_row])
    hit_household = np.concatenate([*pieces_h, np.empty(0, np.int32)]).astype(np.int32)
    hit = np.concatenate([*pieces_r, np.empty(0, np.intp)]).astype(np.intp)
    order = np.lexsort((hit, hit_household))
    hit_household, hit = hit_household[order], hit[order]
    columns = {"kind": store.columns["kind"][hit], "day": store.day[hit]}
    return Events(hit_household, n, columns)

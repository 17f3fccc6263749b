"""Days on which a row counts: from the day it was recorded until a later row with the same key replaces it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NO_DAY = np.int32(-(2**31))
"""Day number that stands for a null."""
ALWAYS = np.int32(-(2**31))
"""Day from which a row is known if it is known on every date."""
FOREVER = np.int32(2**31 - 1)
"""Day until which a row counts if it is never replaced."""
EVERYTHING = int(FOREVER) - 1
"""A day number so late that every record is known by then."""

Days = NDArray[np.int32]


def find_known_until(group: NDArray[np.int64], order: Days, known_from: Days) -> Days:
    """Find the first day on which each row no longer counts, because a later row of its group is known.

    Parameters
    ----------
    group : array of int64, shape (E,)
        Rows that share a non-negative number replace one another; a row with -1 is never replaced.
    order : array of int32, shape (E,)
        Day that decides which row of a group is the latest; a null is ``ALWAYS`` and comes before every date.
    known_from : array of int32, shape (E,)
        Day from which each row is known.

    Returns
    -------
    array of int32, shape (E,)
        The days; a row counts on day ``d`` if ``known_from <= d < known_until``.

    Examples
    --------
    >>> find_known_until(np.array([7, -1, 7]), np.array([5, 1, 9], np.int32), np.array([5, 1, 9], np.int32)).tolist()
    [9, 2147483647, 2147483647]
    """
    until = np.full(len(group), FOREVER)
    grouped = np.flatnonzero(group >= 0)
    if len(grouped) < 2:
        return until
    rows = grouped[np.lexsort((order[grouped], group[grouped]))]
    # Each round moves one version further back: find the earliest day on which any later version of the key is known.
    follows = np.concatenate([group[rows][:-1] == group[rows][1:], [False]])
    pending = np.flatnonzero(follows)
    while len(pending):
        ahead = np.minimum(known_from[rows[pending + 1]], until[rows[pending + 1]])
        changed = ahead < until[rows[pending]]
        until[rows[pending[changed]]] = ahead[changed]
        if not changed.any():
            break
    return until

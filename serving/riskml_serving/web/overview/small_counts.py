"""Hides small counts in a table that is passed on as statistics."""

from __future__ import annotations

from collections.abc import Sequence


def hide_small_counts(rows: Sequence[Sequence[int]], minimum: int) -> list[list[int | None]]:
    """Hide the small counts in a table, and as many others as are needed so that no sum reveals the small counts.

    Parameters
    ----------
    rows : sequence of sequence of int
        One row per region; readers are assumed to know the sums of the rows and columns.
    minimum : int
        Smallest count other than 0 that is shown.

    Returns
    -------
    list of list of int or None
        The counts, with None in place of hidden counts. A single hidden count in a row or column could be worked out
        from the sum, so the smallest other count is hidden too.

    >>> hide_small_counts([[2, 30, 18], [9, 40, 20]], 5)
    [[None, 30, None], [None, 40, None]]
    >>> hide_small_counts([[0, 30]], 5)
    [[0, 30]]
    """
    shown: list[list[int | None]] = [[None if 0 < n < minimum else n for n in row] for row in rows]
    lines = [[(i, j) for j in range(len(row))] for i, row in enumerate(rows)]
    lines += [list(column) for column in zip(*lines, strict=True) if len(rows) > 1]
    changed = True
    while changed:
        changed = False
        for line in lines:
            counts = [(shown[i][j], i, j) for i, j in line if shown[i][j] is not None]
            if counts and len(counts) == len(line) - 1:
                _, i, j = min(counts, key=lambda cell: (cell[0] == 0, cell[0]))
                shown[i][j], changed = None, True
    return shown

"""Withholds small counts where a table of counts leaves the house."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["withheld"]


def withheld(rows: Sequence[Sequence[int]], least: int) -> list[list[int | None]]:
    """Withhold small counts of a table, and as many others as keep them from being worked out.

    Parameters
    ----------
    rows : sequence of sequence of int
        Counts of places by something; the sums of rows and columns are taken as known.
    least : int
        Counts from 1 up to this less one are withheld.

    Returns
    -------
    list of list of int or None
        None where withheld. A row or column in which a single count is withheld would give it away by its sum: there
        the smallest other one is withheld too.

    >>> withheld([[2, 30, 18], [9, 40, 20]], 5)
    [[None, 30, None], [None, 40, None]]
    >>> withheld([[0, 30]], 5)
    [[0, 30]]
    """
    kept: list[list[int | None]] = [[None if 0 < n < least else n for n in row] for row in rows]
    lines = [[(i, j) for j in range(len(row))] for i, row in enumerate(rows)]
    lines += [list(column) for column in zip(*lines, strict=True) if len(rows) > 1]
    changed = True
    while changed:
        changed = False
        for line in lines:
            shown = [(kept[i][j], i, j) for i, j in line if kept[i][j] is not None]
            if shown and len(shown) == len(line) - 1:
                _, i, j = min(shown, key=lambda cell: (cell[0] == 0, cell[0]))
                kept[i][j], changed = None, True
    return kept

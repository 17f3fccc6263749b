"""Dated rows by region: the longest matching prefix that has a row in force, then the latest row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from riskml.policy.reading import Node

__all__ = ["DatedRow", "DatedTable"]


class DatedRow(Protocol):
    """What a dated row must have."""

    @property
    def region(self) -> str:
        """Prefix of the regions where it holds; empty is everywhere."""

    @property
    def effective_from(self) -> int:
        """First day in force."""


R = TypeVar("R", bound=DatedRow)


class DatedTable(Generic[R]):
    """Rows of which one is in force for a region on a day.

    Parameters
    ----------
    rows : sequence of rows
    nodes : sequence of Node
        Position of each row in the file, for messages.

    Raises
    ------
    PolicyError
        Two rows hold from the same day in the same region.
    """

    def __init__(self, rows: Sequence[R], nodes: Sequence[Node]) -> None:
        self.rows = tuple(rows)
        self._by_prefix: dict[str, list[R]] = {}
        first: dict[tuple[str, int], Node] = {}
        for row, node in zip(rows, nodes, strict=True):
            earlier = first.setdefault((row.region, row.effective_from), node)
            if earlier is not node:
                node.fail(
                    f"holds from the same day in the same region as {earlier.path}.",
                    "Remove one of them, or give it its own effective_from.",
                )
        for row in sorted(rows, key=lambda row: row.effective_from, reverse=True):
            self._by_prefix.setdefault(row.region, []).append(row)

    @classmethod
    def read(cls, node: Node, read_row: Callable[[Node], R]) -> DatedTable[R]:
        """Read every row of a list."""
        nodes = node.read_items()
        return cls([read_row(item) for item in nodes], nodes)

    def find(self, region: str, day: int) -> R | None:
        """Find the row in force for a region on a day, or none."""
        for length in range(len(region), -1, -1):
            for row in self._by_prefix.get(region[:length], ()):
                if row.effective_from <= day:
                    return row
        return None

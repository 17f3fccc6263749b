"""Dated policy rows for regions: of the rows in force with the longest matching prefix, the latest one applies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from riskml.policy.reading import Node


class DatedRow(Protocol):
    """The properties that every dated row must have."""

    @property
    def region(self) -> str:
        """Prefix of the codes of the regions where the row applies; an empty prefix means everywhere."""

    @property
    def effective_from(self) -> int:
        """First day on which the row is in force."""


R = TypeVar("R", bound=DatedRow)


class DatedTable(Generic[R]):
    """A table in which at most one row is in force for a region on a day.

    Parameters
    ----------
    rows : sequence of rows
    nodes : sequence of Node
        The node in the file from which each row was read; messages name its path.

    Raises
    ------
    PolicyError
        If two rows apply from the same day in the same region.
    """

    def __init__(self, rows: Sequence[R], nodes: Sequence[Node]) -> None:
        self.rows = tuple(rows)
        self._by_prefix: dict[str, list[R]] = {}
        first: dict[tuple[str, int], Node] = {}
        for row, node in zip(rows, nodes, strict=True):
            earlier = first.setdefault((row.region, row.effective_from), node)
            if earlier is not node:
                node.fail(
                    "takes effect on the same day in the same region as {earlier}.",
                    "Remove one of them, or give it a different effective_from.",
                    earlier=earlier.path,
                )
        for row in sorted(rows, key=lambda row: row.effective_from, reverse=True):
            self._by_prefix.setdefault(row.region, []).append(row)

    @classmethod
    def read(cls, node: Node, read_row: Callable[[Node], R]) -> DatedTable[R]:
        """Read every row of a list."""
        nodes = node.read_items()
        return cls([read_row(item) for item in nodes], nodes)

    def find(self, region: str, day: int) -> R | None:
        """Find the row in force for a region on a day; None if there is none."""
        for length in range(len(region), -1, -1):
            for row in self._by_prefix.get(region[:length], ()):
                if row.effective_from <= day:
                    return row
        return None

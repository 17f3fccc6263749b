"""Notices where lists of one day contradict one another about a person or household."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from riskml.lists.deliveries import Delivery, is_newer
from riskml.records.contract.schema import TABLES

__all__ = ["Statements"]


class Statements:
    """What the lists of one day have stated in tables of versions; lists of another day replace them."""

    def __init__(self) -> None:
        self._day: tuple[Any, ...] = ()
        self._stated: dict[tuple[Any, ...], list[tuple[Delivery, dict[str, Any]]]] = defaultdict(list)

    def leave_out_contradicted(self, delivery: Delivery, table: str, values: dict[str, Any]) -> list[str]:
        """Leave out values that contradict another list if neither says which of them is newer; return their names."""
        if delivery.day != self._day:
            self._day, self._stated = delivery.day, defaultdict(list)
        key = TABLES[table].key
        others = self._stated[table, *(values[name] for name in key)]
        contradicted = [
            name
            for name, value in values.items()
            if value is not None
            and any(
                stated.get(name, value) not in (None, value) and not is_newer(delivery, other)
                for other, stated in others
                if other is not delivery
            )
        ]
        values.update(dict.fromkeys(contradicted))
        others.append((delivery, values))
        return contradicted

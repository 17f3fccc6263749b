"""What the rule line's triggers read: a panel, and the sums that several triggers share, each computed only once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskml.arrays import Floats, Mask, Positions
from riskml.policy.entries import Switch
from riskml.records.contract import schema
from riskml.records.panel.events import Events
from riskml.records.panel.lines import BELOW
from riskml.records.panel.panel import Panel

_EVENT = {kind: i for i, kind in enumerate(schema.list_codes("events", "kind"))}
_CARE = {kind: i for i, kind in enumerate(schema.list_codes("illness", "kind"))}
_EXITED = schema.list_codes("households", "kind").index("exited")


@dataclass(frozen=True)
class Item:
    """An item of unavoidable spending.

    Parameters
    ----------
    cause : str
        Code of the official cause to which the spending belongs.
    table, column : str
        Table and column with the amounts.
    kind : str, optional
        Kind of the rows of ``events`` that state the amounts.
    """

    cause: str
    table: str
    column: str
    kind: str | None = None

    def select(self, panel: Panel) -> tuple[Events, Floats] | None:
        """Select the rows for the item and their amounts in yuan; None if the table is absent."""
        rows: Events | None = getattr(panel, self.table)
        if rows is not None and self.kind is not None:
            rows = rows.where(rows["kind"] == _EVENT[self.kind])
        return None if rows is None else (rows, rows[self.column])


SPENDING = {
    "medical_self_paid": Item("illness", "illness", "self_paid"),
    "school_fees": Item("schooling", "events", "amount", "school_fee"),
    "housing_repair": Item("housing", "events", "amount", "housing_unsafe"),
}
"""Every item of unavoidable spending; the policy table says which of them count."""


class Case:
    """The households of a panel, as the rule line sees them.

    Parameters
    ----------
    panel : Panel
    spending : dict of str to Switch
        Items of unavoidable spending, and whether each of them counts.

    Notes
    -----
    If a table is absent, its values are NaN (unknown), so that the triggers that read it do not fire. Null amounts
    in a table add nothing to a sum, but if all amounts of a household are null, its sum is NaN.
    """

    def __init__(self, panel: Panel, spending: Mapping[str, Switch]) -> None:
        self.panel = panel
        self._spending = spending
        # The cohort and the rule line use the same panel, so results that both need are kept in its memo.
        self._recent: dict[tuple[str, int], Events | None] = panel.memo.setdefault("recent rows", {})  # type: ignore[assignment]
        self._counts: dict[int, Floats | None] = panel.memo.setdefault("event counts", {})  # type: ignore[assignment]

    @cached_property
    def unknown(self) -> Floats:
        """NaN for every household, shape (n,)."""
        return np.full(self.panel.n, np.nan)

    @cached_property
    def group(self) -> Positions:
        """Position of each household in ``riskml.policy.entries.GROUPS``, shape (n,)."""
        exited: Positions = (self.panel.get_latest("kind") == _EXITED).astype(np.intp)
        return 2 * exited + self.panel.monitored

    @cached_property
    def income(self) -> Floats:
        """Income per head over the household's income window (see :class:`Panel`), yuan/person/year, shape (n,)."""
        return self.panel.income

    @cached_property
    def line(self) -> Floats:
        """Line in force at the end of the household's income window, yuan/person/year, shape (n,)."""
        line: Floats = self.panel.at_income_end.line[0]
        return line

    @cached_property
    def size(self) -> Floats:
        """Household size in persons, shape (n,)."""
        return self.panel.size_now

    def select_recent(self, table: str, months: int) -> Events | None:
        """Select a table's rows from the last ``months`` months; None if the table is absent."""
        key = (table, months)
        if key not in self._recent:
            events: Events | None = getattr(self.panel, table)
            if events is not None and len(events):
                inside = self.panel.within(events, months)
                events = events if inside.all() else events.where(inside)
            self._recent[key] = events
        return self._recent[key]

    def count_events(self, kind: str, months: int) -> Floats:
        """Count the events of one kind in the last ``months`` months, shape (n,)."""
        if months not in self._counts:
            events, kinds = self.select_recent("events", months), len(_EVENT)
            if events is None:
                self._counts[months] = None
            else:
                cell = events.household.astype(np.int64) * kinds + events["kind"]
                counts = np.bincount(cell, minlength=self.panel.n * kinds).astype(np.float64)
                self._counts[months] = counts.reshape(self.panel.n, kinds)
        counted = self._counts[months]
        return self.unknown if counted is None else counted[:, _EVENT[kind]]

    def sum_amounts(self, kind: str, months: int) -> Floats:
        """Sum the amounts for one kind of event in the last ``months`` months, yuan, shape (n,)."""
        events = self.select_recent("events", months)
        return self.unknown if events is None else events.sum(events["amount"], events["kind"] == _EVENT[kind])

    def select_events(self, kind: str, months: int) -> Events | None:
        """Select the rows for one kind of event in the last ``months`` months."""
        events = self.select_recent("events", months)
        return None if events is None else events.where(events["kind"] == _EVENT[kind])

    def select_care(self, months: int, *kinds: str) -> Events | None:
        """Select the rows for some kinds of medical care in the last ``months`` months."""
        illness = self.select_recent("illness", months)
        if illness is None or not len(illness):
            return illness
        mask = illness["kind"] == _CARE[kinds[0]]
        for kind in kinds[1:]:
            mask |= illness["kind"] == _CARE[kind]
        return illness.where(mask)

    def sum_self_paid(self, months: int) -> Floats:
        """Sum the self-paid medical costs of the last ``months`` months, yuan, shape (n,)."""
        name, memo = f"self-paid {months}", self.panel.memo
        if name not in memo:
            illness = self.select_recent("illness", months)
            memo[name] = self.unknown if illness is None else illness.sum(illness["self_paid"])
        paid: Floats = memo[name]  # type: ignore[assignment]
        return paid

    @cached_property
    def spending_items(self) -> dict[str, Floats]:
        """Yuan that each household spent on each counted item in the last 12 months, shape (n,); NaN if unknown."""
        return {
            code: self.sum_self_paid(12) if item.kind is None else self.sum_amounts(item.kind, 12)
            for code, item in SPENDING.items()
            if self._spending[code].counts
        }

    @cached_property
    def spending(self) -> Floats:
        """Unavoidable spending per head over 12 months, yuan/person/year, shape (n,).

        The items that count are added up. An unknown item adds nothing; if all of them are unknown, the sum is NaN.
        """
        name, memo = "spending " + " ".join(code for code in SPENDING if self._spending[code].counts), self.panel.memo
        if name not in memo:
            memo[name] = self._sum_spending()
        spending: Floats = memo[name]  # type: ignore[assignment]
        return spending

    def _sum_spending(self) -> Floats:
        total, stated = np.zeros(self.panel.n), np.zeros(self.panel.n, bool)
        for part in self.spending_items.values():
            known = ~np.isnan(part)
            np.add(total, part, out=total, where=known)
            stated |= known
        return np.where(stated, total / self.panel.at_income_end.size[0], np.nan) if self.spending_items else total

    @cached_property
    def income_after_spending(self) -> Floats:
        """Income per head minus unavoidable spending per head, yuan/person/year, shape (n,)."""
        return self.income - self.spending

    @cached_property
    def in_hardship(self) -> Mask:
        """Whether income falls below the line only because of unavoidable spending, shape (n,)."""
        bound = self.line * BELOW
        return (self.income >= bound) & (self.income_after_spending < bound)

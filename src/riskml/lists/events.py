"""The events that lists have reported so far, and which of them a row may report again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, NamedTuple

from riskml.lists.reading.values import Precision
from riskml.lists.row_reader import PUBLIC_WORK, Entry
from riskml.records.contract.declaration import Kind
from riskml.records.contract.schema import TABLES

_TABLES = ("income", "illness", "disaster", "events", "help")

DAYS = {
    table: next(c.name for c in TABLES[table].columns if c.kind in (Kind.DATE, Kind.MONTH_START)) for table in _TABLES
}
"""The column with the day of an event, for each table whose rows are added up."""

AMOUNTS = {table: tuple(c.name for c in TABLES[table].columns if c.kind == Kind.AMOUNT) for table in _TABLES}
"""The amounts in these tables: they distinguish events of one person, day and kind, and are divided after a split."""

_LOOSE = frozenset({"illness", "disaster"})
"""Tables whose kinds depend on the department's words."""


class Claim(NamedTuple):
    """A record that a row reports about somebody; ``household_id`` is a region's code if the entry is about a region.

    If only the household is certain, ``candidates`` are the members, if any, whom the name in the row may mean.
    ``answer`` is what a person has answered about the row (`riskml.lists.decisions`).
    """

    entry: Entry
    household_id: str
    person_id: str | None
    candidates: tuple[str, ...] = ()
    answer: str = ""

    @property
    def corrects(self) -> bool:
        """Whether the row is marked as a correction, by the list or by a person."""
        return self.entry.sign == "corrects" or self.answer == "correction"


@dataclass(slots=True)
class Event:
    """What is known about an event: its number, the person or household, and the latest values."""

    record_id: str
    table: str
    household_id: str
    person_id: str | None
    precision: Precision
    values: dict[str, Any]
    number: str | None
    candidates: tuple[str, ...]
    delivery: int
    copies: int = 1
    withdrawn: bool = False
    reversed_in: int = -1

    @property
    def day(self) -> date:
        """The day of the event."""
        day: date = self.values[DAYS[self.table]]
        return day


class Events:
    """Events, found by household, person, kind and month."""

    def __init__(self) -> None:
        self._by_owner: dict[tuple[Any, ...], list[Event]] = defaultdict(list)

    def find(self, claim: Claim, *, any_day: bool = False, any_kind: bool = False) -> list[Event]:
        """Find the events that a claim may report: those with its person or household, kind and day."""
        entry = claim.entry
        any_day = any_day or name_kind(entry) == "death" or entry.continuing or is_monthly(entry)
        day: date = entry.values[DAYS[entry.table]]
        candidates: dict[int, Event] = {}
        for owner in _list_owners(claim.household_id, claim.person_id):
            month = None if any_day else (day.year, day.month)
            candidates |= {id(e): e for e in self._by_owner.get((entry.table, name_kind(entry), owner, month), ())}
        return [
            event
            for event in candidates.values()
            if _may_be_person(event, claim)
            and (any_day or event.day == day or event.precision != "day" or entry.precision != "day")
            and (not _has_other_number(event, entry) or is_reversal(entry))
            and not (is_monthly(entry) and (event.values.get("ended_on") or day) < day)
            and (any_kind or _may_be_kind(event, entry))
        ]

    def add(self, event: Event) -> None:
        """Add an event, or index a known one by the person who has become known."""
        kind = name_kind(event)
        for owner in _list_owners(event.household_id, event.person_id):
            for month in ((event.day.year, event.day.month), None):
                events = self._by_owner[event.table, kind, owner, month]
                if not any(event is other for other in events):
                    events.append(event)

    def list_all(self) -> list[Event]:
        """List the events, each of them once."""
        return list({id(event): event for events in self._by_owner.values() for event in events}.values())

    def save(self, claims: Iterable[Claim]) -> Callable[[], None]:
        """Return what is needed to restore the events of everybody whom claims are about as they are now."""
        owners = {owner for claim in claims for owner in _list_owners(claim.household_id, claim.person_id)}
        own = [event for key, events in self._by_owner.items() if key[2] in owners for event in events]
        copies = [(event, replace(event)) for event in {id(event): event for event in own}.values()]
        owners.update(owner for event in own for owner in _list_owners(event.household_id, event.person_id))
        lists = {key: list(events) for key, events in self._by_owner.items() if key[2] in owners}

        def restore() -> None:
            for key in [key for key in self._by_owner if key[2] in owners and key not in lists]:
                del self._by_owner[key]
            self._by_owner.update({key: list(events) for key, events in lists.items()})
            for event, before in copies:
                for part in fields(Event):
                    setattr(event, part.name, getattr(before, part.name))

        return restore


def _list_owners(household_id: str, person_id: str | None) -> list[tuple[str, str]]:
    return [("household", household_id), *([("person", person_id)] if person_id else [])]


def name_kind(event: Entry | Event) -> str:
    """Return what distinguishes events in a table: kind, measure or source, unless `_may_be_kind` decides."""
    if event.table in _LOOSE:
        return ""
    yearly = "yearly " if event.values.get("months", 1) > 1 else ""
    return yearly + next(str(event.values[name]) for name in ("kind", "measure", "source") if name in event.values)


def _may_be_kind(event: Event, entry: Entry) -> bool:
    """Return whether the kinds agree or may agree: the amounts do, and a kind is unknown or the numbers agree as well.

    A row that reverses another one is recognised by its amounts, whatever its kind is called.
    """
    if entry.table not in _LOOSE or event.values["kind"] == entry.values["kind"]:
        return True
    name = AMOUNTS[entry.table][0]
    amount, other = event.values.get(name), entry.values.get(name)
    if not amount or not is_equal(abs(amount), abs(other or 0)):
        return False
    numbers = bool(entry.number) and entry.number == event.number
    takes_back = entry.sign == "void" or is_reversal(entry)
    return numbers or takes_back or "other" in (event.values["kind"], entry.values["kind"])


def _may_be_person(event: Event, claim: Claim) -> bool:
    """Return whether the persons agree, or may agree where one of them is not certain."""
    one, other = ({known.person_id} if known.person_id else {*known.candidates} for known in (event, claim))
    return not (one and other) or not one.isdisjoint(other)


def is_event(entry: Entry) -> bool:
    """Return whether another row may report the same entry: it is neither a version nor a household's statement."""
    return entry.table in DAYS and not entry.values.get("statement")


def is_reversal(entry: Entry) -> bool:
    """Return whether a row reverses a bill or takes money back: it is marked as a reversal, or negative."""
    negative = entry.sign != "void" and any(amount < 0 for amount in list_amounts(entry))
    return entry.sign == "reverses" or (entry.table == "illness" and negative)


def list_amounts(entry: Entry) -> list[float]:
    """List the amounts of an entry, with zero for unknown ones."""
    return [entry.values.get(name) or 0 for name in AMOUNTS[entry.table]]


def is_equal(one: float | None, other: float | None) -> bool:
    """Return whether two amounts are known and equal to the cent."""
    return one is not None and other is not None and abs(one - other) < 0.006


def has_same_values(event: Event, entry: Entry) -> bool:
    """Return whether no known amounts differ, and at least one pair is equal unless an amount is unknown."""
    pairs = [(event.values.get(name), entry.values.get(name)) for name in AMOUNTS[event.table]]
    known = [pair for pair in pairs if None not in pair]
    return all(is_equal(*pair) for pair in known) and (
        bool(known) or all(one is None for one, _ in pairs) or all(other is None for _, other in pairs)
    )


def _has_other_number(event: Event, entry: Entry) -> bool:
    """Return whether the numbers differ; for wages, whether employers and amounts differ or only one is public work."""
    one, other = event.number or "", entry.number or ""
    if entry.table != "income":
        return bool(one and other and one != other)
    apart = one not in other and other not in one
    return (apart or (PUBLIC_WORK in (one, other) and one != other)) and not has_same_values(event, entry)


def is_monthly(entry: Entry) -> bool:
    """Return whether an entry is about help that continues until it ends, which a person has only once at a time."""
    return entry.table == "help" and (entry.continuing or entry.values.get("per") == "month")

"""Makes the entries of departments' lists from a county's records, each with the records that it stands for."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from riskml.simulation.lists.people import WORDS, People, Person
from riskml.text import read_data

Row = dict[str, Any]
_DECLARED: dict[str, Any] = read_data("riskml.simulation.lists", "sources.yaml")
_AGES = {"child": (7, 15), "student": (15, 24), "worker": (20, 58), "adult": (18, 120), "elderly": (50, 120)}


@dataclass
class Entry:
    """One fact that a department knows: whom it is about, the values of its cells, and the records that it stands for.

    ``level`` is ``person``, ``household`` (only the household matters) or ``region``. ``accept`` holds the decisions of
    a reader that are acceptable besides the right one, and ``reason`` says why nobody can use the entry.
    """

    person: Person | None
    home: str
    on: date
    shown: Row
    records: list[Row] = field(default_factory=list)
    level: str = "person"
    event: str = ""
    accept: tuple[str, ...] = ()
    reason: str = ""
    faults: list[str] = field(default_factory=list)
    optional: bool = False


class Entries:
    """The entries from each source over a span of days, made once, so that overlapping lists report the same events.

    Parameters
    ----------
    tables : dict of str to DataFrame
        The simulated records.
    people : People
    first, recent, last : date
        First and last day of the span (other days are ignored), and between them the day from which events are topped
        up.
    rng : numpy.random.Generator
    least : int
        Minimum number of recent events of each kind; kinds that are rare in the simulation get invented ones.
    """

    def __init__(
        self, tables: dict[str, pd.DataFrame], people: People, first: date, recent: date, last: date,
        rng: np.random.Generator, least: int,
    ) -> None:  # fmt: skip
        self.tables, self.people, self.rng, self.least = tables, people, rng, least
        self.first, self.recent, self.last = first, recent, last
        self._made: dict[str, list[Entry]] = {}

    def get(self, source: str, first: date, last: date) -> list[Entry]:
        """Return the entries from a source between ``first`` and ``last``, in the order of days."""
        if source not in self._made:
            made = _LISTED[source](self) if source in _LISTED else self._declare(_DECLARED[source])
            self._made[source] = sorted(made, key=lambda e: (e.on, e.home, e.event))
            for number, entry in enumerate(self._made[source]):
                entry.event = entry.event or f"{source}-{number:06}"
        return [entry for entry in self._made[source] if first <= entry.on <= last]

    def rows(self, table: str, day: str, **values: Any) -> Iterator[Row]:
        """Yield the rows of a table within the span that have the given values."""
        frame = self.tables[table]
        keep = (frame[day] >= self.first) & (frame[day] <= self.last)
        for name, value in values.items():
            keep &= frame[name] == value
        rows: list[Any] = frame[keep].sort_values([day, "household_id"], kind="stable").to_dict("records")
        yield from rows

    def pick(self, items: list[Any]) -> Any:
        """Pick one of some items."""
        return items[int(self.rng.integers(len(items)))]

    def pick_member(self, home: str, day: date, who: str) -> Person | None:
        """Pick a member of a household who fits a description or, if nobody does, any member."""
        here = self.people.list_home(home, day)
        return self.pick([p for p in here if _fits(p, who, day)] or here) if here else None

    def count_recent(self, days: list[date]) -> int:
        """Count the days that recent lists cover; they may not include the last month yet."""
        return sum(self.recent <= day <= self.last - timedelta(31) for day in days)

    def _declare(self, source: Row) -> Iterator[Entry]:
        days = []
        for row in self.rows("events", "occurred_on", kind=source["event"]):
            day = row["occurred_on"]
            if person := self.pick_member(row["household_id"], day, source["who"]):
                days.append(day)
                yield from self._make(source, person, day)
        everybody = [
            p
            for p in self.people.persons.values()
            if _fits(p, source["who"], self.last) and not p.left_on and p.since <= self.recent
        ]
        for _ in range(self.count_recent(days), int(self.least * source.get("least", 1)) if everybody else 0):
            day = self.recent + timedelta(int(self.rng.integers((self.last - self.recent).days - 31)))
            yield from self._make(source, self.pick(everybody), day)

    def _make(self, source: Row, person: Person, day: date) -> Iterator[Entry]:
        home, shown = person.get_home(day), dict[str, Any]()
        whom = self.people.get_head(home, day) if source.get("household") else person
        for name, value in source["shown"].items():
            if isinstance(value, dict):
                shown[name] = self.draw_amount(value["from"], value["to"], value["step"])
            elif isinstance(value, list) and value[0] == "minus":
                shown[name] = shown[value[1]] - sum(
                    -shown[other[1:]] if other[0] == "-" else shown[other] for other in value[2:]
                )
            else:
                shown[name] = day if value == "day" else self.pick(value) if isinstance(value, list) else value
        nothing = any(shown[name] in values for name, values in source.get("unless", {}).items())
        records = [{k: shown[v[1:]] if str(v)[0] == "=" else v for k, v in r.items()} for r in source["records"]]
        records = [] if nothing else [record for record in records if record.get("amount") != 0]
        accept = ("nothing",) if nothing else tuple(source.get("accept", ()))
        if whom:
            level = "household" if source.get("household") else "person"
            yield Entry(whom, home, day, shown, records, level, accept=accept)

    def draw_amount(self, low: int, high: int, step: int = 100) -> float:
        """Draw an amount from ``low`` to below ``high`` in steps."""
        return float(step * int(self.rng.integers(low // step, high // step)))


def _fits(person: Person, who: str, day: date) -> bool:
    if who == "head":
        return person.relation == "户主"
    low, high = _AGES[who]
    return low <= day.year - person.birth.year <= high


def _list_illness(s: Entries) -> Iterator[Entry]:
    for row in s.rows("illness", "occurred_on"):
        day, home, kind = row["occurred_on"], row["household_id"], row["kind"]
        person = s.people.persons.get(row.get("member_id") or "") or s.pick_member(home, day, "elderly")
        if person is None or pd.isna(row["cost"]) or (person.left_on and person.left_on < day):
            continue
        cost, self_paid = round(row["cost"] + float(s.rng.integers(100)) / 100, 2), round(float(row["self_paid"]), 2)
        back = round(cost - self_paid, 2)
        aid, serious = round(back * 0.08, 2) if cost > 8000 else 0.0, round(back * 0.15, 2) if cost > 15_000 else 0.0
        outside = round(self_paid * float(s.rng.uniform(0.1, 0.5)), 2)
        stay = timedelta(int(s.rng.integers(3, 15)) if kind == "inpatient" else 0)
        record = {"kind": kind, "occurred_on": day, "visits": int(row["visits"]), "cost": cost, "self_paid": self_paid}
        shown = record | {
            "discharged_on": day + stay, "settled_on": day + stay + timedelta(int(s.rng.integers(3))),
            "fund": round(back - aid - serious, 2), "serious": serious, "aid": aid, "reimbursed": back,
            "outside": outside, "inside": round(self_paid - outside, 2), "stay": stay.days or None,
            "span": f"{day:%Y.%m.%d}-{day + stay:%Y.%m.%d}", "hospital": s.pick(WORDS["hospitals"]),
            "diagnosis": s.pick(WORDS["diagnoses"]), "settlement": f"JS{day:%Y%m}{s.rng.integers(10**7, 10**8)}",
        }  # fmt: skip
        yield Entry(person, person.get_home(day), day, shown, [{"table": "illness", **record}])


def _list_support(s: Entries) -> Iterator[Entry]:
    """List households that get the minimum allowance: one entry per member, the first of which has the record."""
    homes = [home for home in sorted(s.people.by_home) if s.people.list_home(home, s.recent)]
    for home in s.rng.permutation(np.array(homes, object))[: 2 * s.least]:
        day = (s.recent + timedelta(int(s.rng.integers(150)))).replace(day=1)
        here, per_head = s.people.list_home(home, s.recent), s.draw_amount(250, 600, 10)
        measure = "特困供养" if len(here) == 1 and _fits(here[0], "elderly", day) else "低保"
        what: Row = {"measure": measure, "started_on": day, "amount": per_head * len(here)}
        account = f"99{s.rng.integers(10**16, 10**17)}"
        for position, person in enumerate(here):
            shown = what | {
                "people": len(here), "card": f"D{home[1:]}", "quarter": 3 * what["amount"], "first": position == 0,
                "person_amount": per_head, "account": account,
            }  # fmt: skip
            event = f"support-{home if position == 0 else person.person_id}"
            records, accept = ([{"table": "help", **what}], ()) if position == 0 else ([], ("nothing",))
            yield Entry(person, home, day, shown, records, event=event, accept=accept)


def _list_disasters(s: Entries) -> Iterator[Entry]:
    rows = [r for r in s.rows("disaster", "occurred_on") if not pd.isna(r["loss"])]
    heads = [p for p in s.people.persons.values() if not p.left_on and p.relation == "户主" and p.since <= s.recent]
    for _ in range(s.count_recent([r["occurred_on"] for r in rows]), s.least):
        day = s.recent + timedelta(150 + int(s.rng.integers(20)))
        invented = {"occurred_on": day, "kind": s.pick(["flood", "hail", "fire"]), "loss": s.draw_amount(1500, 60_000)}
        rows.append({"household_id": s.pick(heads).homes[0][1], **invented})
    for row in rows:
        day, home = row["occurred_on"], row["household_id"]
        if head := s.people.get_head(home, day):
            what = {"kind": row["kind"], "occurred_on": day, "loss": round(float(row["loss"]), -2) or 100.0}
            shown = what | {"rooms": int(s.rng.integers(0, 4)), "mu": round(float(s.rng.uniform(0, 9)), 1)}
            yield Entry(head, home, day, shown, [{"table": "disaster", **what}], "household")


def _list_regional_disasters(s: Entries) -> Iterator[Entry]:
    rows = [r for r in s.rows("disaster", "occurred_on") if r["region_code"] in s.people.villages]
    if not s.count_recent([r["occurred_on"] for r in rows]):
        code, day = min(s.people.villages), s.recent + timedelta(150)
        rows.append({"region_code": code, "occurred_on": day, "kind": "flood"})
    for row in rows:
        what = {"kind": row["kind"], "occurred_on": row["occurred_on"], "loss": s.draw_amount(100_000, 900_000, 1000)}
        record = {"table": "disaster", **what, "region_code": row["region_code"]}
        shown = what | {"people": int(s.rng.integers(20, 90)), "village_code": row["region_code"]}
        yield Entry(None, "", row["occurred_on"], shown, [record], "region")


def _list_wages(s: Entries) -> Iterator[Entry]:
    for row in s.rows("income", "period_start", source="wage", months=1):
        day, code = row["period_start"], row.get("member_id")
        workers = [p for p in s.people.list_home(row["household_id"], day) if _fits(p, "worker", day)]
        person = s.people.persons.get(code) if isinstance(code, str) else next(iter(workers), None)
        if person is None or row["amount"] <= 0 or (person.left_on and person.left_on < day):
            continue
        chance = zlib.crc32(person.person_id.encode())
        working = "migrant" if chance % 3 else "local"
        where, firm = WORDS["places"][working][chance % 4], WORDS["firms"][chance % 6]
        amount, event = float(round(row["amount"], 2)), f"{person.person_id}-{day:%Y-%m}"
        wage = {"table": "income", "period_start": day, "months": 1, "source": "wage", "amount": amount}
        works = {"table": "members", "working": working, "optional": True, "event": f"working-{event}"}
        shown = {"wage": amount, "place": where, "firm": firm, "month": day}
        records = [wage | {"event": f"wage-{event}"}, works]
        yield Entry(person, person.get_home(day), day, shown, records, event=f"wage-{event}")


def _list_leavers(kinds: tuple[str, ...], s: Entries) -> Iterator[Entry]:
    for person in s.people.persons.values():
        day, kind = person.left_on, "death" if person.dead else "departure"
        if day is None or kind not in kinds or not s.first <= day <= s.last:
            continue
        cancelled, destination = day + timedelta(int(s.rng.integers(5, 20))), s.pick(["外县", "外省", "县城"])
        shown = {"occurred_on": day, "cancelled_on": cancelled, "place": destination, "change": kind}
        left = {"table": "members", "left_on": day, "optional": person.dead, "event": f"left-{person.person_id}"}
        records = [{"table": "events", "kind": "death", "occurred_on": day}] if person.dead else []
        yield Entry(person, person.get_home(day), day, shown, [*records, left], event=f"{kind}-{person.person_id}")


_LISTED: dict[str, Callable[[Entries], Iterator[Entry]]] = {
    "illness": _list_illness, "support": _list_support, "disaster": _list_disasters, "wage": _list_wages,
    "disaster_region": _list_regional_disasters, "death": partial(_list_leavers, ("death",)),
    "departure": partial(_list_leavers, ("departure",)), "change": partial(_list_leavers, ("death", "departure")),
}  # fmt: skip
"""Functions that make entries from sources that sources.yaml cannot describe."""

"""What earlier deliveries said, so that a county can send its lists month by month.

The memory of a household holds the events and the records that lists have reported about it, without names. A new
delivery loads the households that it is about, and returns what has changed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from riskml.lists.events import Event
from riskml.lists.persons.identity import Match
from riskml.lists.persons.register import Register
from riskml.lists.repeats import Ledger
from riskml.lists.successors import find_moves
from riskml.lists.writing import Book, Key


@dataclass
class Memory:
    """What earlier deliveries said.

    Parameters
    ----------
    read : callable
        Returns the stored texts of some households or regions, by code; those without a text are left out.
    lists : int
        Number of lists that have been settled.
    states : frozenset of date
        Days of the register's snapshots whose households and members have been recorded.
    """

    read: Callable[[Collection[str]], Mapping[str, str]] = field(default=lambda _: {})
    lists: int = 0
    states: frozenset[date] = frozenset()
    _texts: dict[str, str] = field(default_factory=dict)
    _former: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _rows: dict[tuple[str, Key], dict[str, Any]] = field(default_factory=dict)

    def recall(
        self, matches: Iterable[Match], register: Register, ledger: Ledger, book: Book, *, everyone: bool
    ) -> dict[str, date]:
        """Load what is known about the households in the rows, or about every household; return the days of deaths."""
        matches = list(matches)
        persons = set(register.versions) if everyone else {match.person_id for match in matches if match.person_id}
        codes = {match.household_id for match in matches if match.household_id}
        codes.update(version.household_id for person in persons for version in register.versions[person])
        self._load(codes, ledger, book)
        events = [event for event in ledger.events.list_all() if event.table == "events" and not event.withdrawn]
        return {e.person_id: e.day for e in events if e.person_id and e.values["kind"] == "death"}

    def _load(self, codes: Collection[str], ledger: Ledger, book: Book) -> None:
        """Load the events and rows of households and regions, and of the households from which their members came."""
        ledger.lists = self.lists
        wanted = set(codes)
        while wanted:
            texts = self.read(sorted(wanted))
            self._texts.update(texts)
            former: set[str] = set()
            for code, text in texts.items():
                content = json.loads(text, object_hook=_decode)
                self._former[code].update(content["former"])
                former.update(content["former"])
                for names, values in content["events"]:
                    ledger.events.add(Event(**values, candidates=tuple(names)))
                ledger.numbers.update({tuple(key): count for *key, count in content["numbers"]})
                book.persons.update(content["persons"])
                for table, rows in content["rows"].items():
                    for row in sorted(rows, key=lambda row: row.get("recorded_on") or date.min):
                        self._rows[table, book.restore(table, row)] = dict(row)
            wanted = former - self._texts.keys()

    def collect_changes(self, ledger: Ledger, book: Book, register: Register) -> tuple[Book, dict[str, str]]:
        """Collect what a delivery has added or changed.

        Returns
        -------
        Book
            The rows that are new or different.
        dict of str to str
            The texts to store, by code of the household or region.
        """
        for move in find_moves(register):
            self._former[move.new].add(move.old)
        contents: dict[str, dict[str, Any]] = defaultdict(_start)
        for event in ledger.events.list_all():
            values = asdict(event)
            contents[event.household_id]["events"].append((values.pop("candidates"), values))
        for key, count in ledger.numbers.items():
            owner = key[2]
            home = register.find_person(owner, date.max).household_id if owner in register.versions else owner
            contents[home]["numbers"].append((*key, count))
        changed = Book()
        for table, rows in book.tables.items():
            for key, row in rows.items():
                home = row.get("household_id") or row.get("region_code") or ""
                contents[home]["rows"].setdefault(table, []).append(row)
                if (person := book.persons.get(row.get("record_id", ""))) is not None:
                    contents[home]["persons"][row["record_id"]] = person
                if self._rows.get((table, key)) != row:
                    changed.tables.setdefault(table, {})[key] = row
        texts = {}
        for code, content in contents.items():
            content["former"] = sorted(self._former[code])
            text = json.dumps(content, ensure_ascii=False, default=_encode, sort_keys=True)
            if text != self._texts.get(code):
                texts[code] = text
        return changed, texts


def _start() -> dict[str, Any]:
    return {"events": [], "numbers": [], "rows": {}, "persons": {}}


def _encode(value: Any) -> Any:
    if isinstance(value, date):
        return {"day": value.isoformat()}
    raise TypeError(f"{type(value).__name__} is not a value of a record")


def _decode(content: dict[str, Any]) -> Any:
    return date.fromisoformat(content["day"]) if content.keys() == {"day"} else content

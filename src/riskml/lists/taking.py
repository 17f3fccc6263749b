"""Turns lists into records; every row of every list has exactly one outcome."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from riskml.lists.decisions import Answers, find_answer, refuse_unknown, set_unit
from riskml.lists.deliveries import Delivery, Statements, is_newer, order_deliveries
from riskml.lists.entries import OF_VILLAGES, make_entries
from riskml.lists.events import DAYS, Claim, is_event
from riskml.lists.memory import Memory
from riskml.lists.outcomes import Fact, Outcome, Piece, RowOutcome
from riskml.lists.persons.identity import Identity, Match
from riskml.lists.persons.matching import Matcher
from riskml.lists.persons.register import Register
from riskml.lists.persons.updating import update_register
from riskml.lists.reading.derived import find_derived, list_disagreements
from riskml.lists.reading.read import identify
from riskml.lists.reading.sheets import Row, Sheet
from riskml.lists.repeats import Ledger, Settled
from riskml.lists.row_reader import Entry, RowReader, index_columns
from riskml.lists.successors import share_past
from riskml.lists.words import UnusableValueError
from riskml.lists.writing import Book, make_statement_id


@dataclass
class Taken:
    """The records and the outcomes of all rows; ``conversions`` holds counts by (field, conversion) for each file.

    ``shared`` counts the past rows that were passed on to new households after splits and merges. ``facts`` are what
    property comparisons say, for people to weigh. ``identities`` holds what each row that became a question says about
    the person, by file, sheet and row. With a memory of earlier deliveries, ``book`` holds only what changes
    (`Memory.collect_changes`), and ``texts`` are what the memory is to store.
    """

    book: Book
    rows: list[RowOutcome] = field(default_factory=list)
    conversions: dict[str, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter))
    shared: int = 0
    facts: list[Fact] = field(default_factory=list)
    identities: dict[tuple[str, str, int], Identity] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


@dataclass
class _DataRow:
    sheet: Sheet
    row: Row
    outcome: RowOutcome
    reader: RowReader
    identity: Identity
    match: Match
    answer: str
    entries: list[Entry] = field(default_factory=list)


def take(
    deliveries: Sequence[Delivery],
    register: Register,
    decisions: Mapping[tuple[str, str, int], str],
    answers: Answers = MappingProxyType({}),
    *,
    remembered: Mapping[Identity, str] | None = None,
    memory: Memory | None = None,
) -> Taken:
    """Turn lists into records.

    Parameters
    ----------
    deliveries : sequence of Delivery
    register : Register
        It is updated with the exports of the register among the lists.
    decisions : mapping
        Who is meant, by file, sheet and row: the code of a person (or of a village, in rows about villages), or
        ``stranger``.
    answers : Answers, optional
        What else was answered.
    remembered : mapping, optional
        Answers that apply to every row that describes a person in the same words.
    memory : Memory, optional
        What earlier deliveries said; without it, these are the first lists.

    Returns
    -------
    Taken
        Every row of every list has one outcome.
    """
    return _Run(register, decisions, answers, remembered or {}, memory).take(order_deliveries(deliveries))


_UNUSABLE: dict[str, Outcome] = {"unknown_list": "ask", "doubtful_unit": "ask", "void": "nothing"}
"""Outcome of a row that cannot be used, by reason; for any other reason, the row is refused."""


@dataclass
class _Run:
    register: Register
    decisions: Mapping[tuple[str, str, int], str]
    answers: Answers
    remembered: Mapping[Identity, str]
    memory: Memory | None
    ledger: Ledger = field(default_factory=Ledger)
    taken: Taken = field(default_factory=lambda: Taken(Book()))
    settled: list[tuple[Delivery, int]] = field(default_factory=list)
    deaths: dict[str, date] = field(default_factory=dict)
    persons: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    statements: Statements = field(default_factory=Statements)
    first_state: date | None = None

    @property
    def known_states(self) -> frozenset[date]:
        """Days of the register's snapshots that earlier deliveries have recorded."""
        return self.memory.states if self.memory else frozenset()

    def take(self, deliveries: Sequence[Delivery]) -> Taken:
        rows = [(delivery, self._list_rows(delivery)) for delivery in deliveries]
        for delivery, data_rows in rows:
            exported = [row for row in data_rows if row.sheet.lists_members]
            if exported:
                matches = update_register(self.register, [row.identity for row in exported], delivery.as_of)
                for row, match in zip(exported, matches, strict=True):
                    row.match = match
        everything = [row for _, data_rows in rows for row in data_rows]
        refuse_unknown(self.decisions, self.answers, self.persons, self.register)
        matcher = Matcher(self.register)
        for delivery, data_rows in rows:
            for row in data_rows:
                row.match = self._match(row, matcher, delivery)
                self._read(row)
        if self.memory:
            everyone = any(delivery.has_register for delivery in deliveries)
            matches = [row.match for row in everything]
            self.deaths = self.memory.recall(matches, self.register, self.ledger, self.taken.book, everyone=everyone)
        self._find_deaths(everything)
        states = self._list_states(deliveries)
        for delivery, data_rows in rows:
            while states and states[0] <= delivery.as_of:
                self._add_state(states.pop(0), deliveries)
            self._settle(delivery, data_rows)
        for day in states:
            self._add_state(day, deliveries)
        for row in everything:
            if row.outcome.outcome == "ask" and row.answer == "skip":
                row.outcome.outcome, row.outcome.reason = "nothing", "decided"
        self.taken.shared = share_past(self.taken.book, self.register, self.known_states)
        if self.memory:
            self.taken.book, self.taken.texts = self.memory.collect_changes(self.ledger, self.taken.book, self.register)
        return self.taken

    def _list_states(self, deliveries: Sequence[Delivery]) -> list[date]:
        """List the days of the register's snapshots, except those of the exports among the lists."""
        exports = {delivery.as_of for delivery in deliveries if delivery.has_register}
        days = {person.known_from for own in self.register.versions.values() for person in own}
        return sorted(days - exports - self.known_states)

    def _add_state(self, day: date, deliveries: Sequence[Delivery]) -> None:
        """Add the households and members of a snapshot; with a history, the first snapshot is always known."""
        book, persons = self.taken.book, self.register.list_persons(day)
        history = any(d.recorded_on is None for d in deliveries)
        recorded_on = None if day == date.min or (history and self._is_first_state(day)) else day
        for home, person in {person.household_id: person for person in persons}.items():
            region, size = person.village_code or self.register.region, self.register.count_members(home, day)
            values = {"household_id": home, "region_code": region, "size": size}
            book.add_version("households", recorded_on, values)
        for person in persons:
            member = {"member_id": person.person_id, "birth_year": person.birth_year, "sex": person.sex or None}
            book.add_version("members", recorded_on, {"household_id": person.household_id, **member})
        self._end_memberships(day, recorded_on)

    def _is_first_state(self, day: date) -> bool:
        """Return whether no earlier snapshot of the register has been added."""
        self.first_state = self.first_state or day
        return not self.known_states and self.first_state == day

    def _date_versions(self, delivery: Delivery) -> date | None:
        """Return the day on which versions in a list became known; it is open for the first snapshot of a history."""
        if delivery.recorded_on is not None:
            return delivery.recorded_on
        return None if delivery.has_register and self._is_first_state(delivery.as_of) else delivery.as_of

    def _list_rows(self, delivery: Delivery) -> list[_DataRow]:
        """List the rows with data; all other rows are ignored."""
        data_rows = []
        for sheet in delivery.sheets:
            columns, derived = index_columns(sheet), find_derived(sheet)
            for row in sheet.rows:
                reason = "" if row.kind == "data" else row.kind
                outcome = RowOutcome(sheet.file, sheet.name, row.number, "ignored", reason)
                self.taken.rows.append(outcome)
                if row.kind == "data":
                    self.persons[sheet.file, sheet.name, row.number] += 1
                    outcome.disagreements = list_disagreements(derived, row)
                    answer = find_answer(self.answers, sheet.file, sheet.name, row.number)
                    dated = delivery.recorded_on is not None
                    days = delivery.received, delivery.as_of, dated
                    reader = RowReader(columns, set_unit(row, answer), *days, derived=derived)
                    identity = identify(sheet, row)
                    data_rows.append(_DataRow(sheet, row, outcome, reader, identity, Match("ask"), answer))
        return data_rows

    def _match(self, row: _DataRow, matcher: Matcher, delivery: Delivery) -> Match:
        key = (row.sheet.file, row.sheet.name, row.row.number)
        answer = self.decisions.get(key) or self.remembered.get(row.identity)
        if answer and self.persons[key] > 1:  # tables are side by side: the answer is about one of the persons
            match = matcher.match(row.identity, delivery.as_of)
            if answer not in match.candidates:
                return match
        if answer == "stranger":
            return Match("stranger", reason="decided")
        if answer in self.register.villages.by_code and row.sheet.topic in OF_VILLAGES:
            return Match("matched", None, answer, "village")
        if answer in self.register.versions:
            person = self.register.find_person(answer, delivery.as_of)
            return Match("matched", answer, person.household_id, "decided")
        if row.sheet.lists_members:
            return row.match
        if row.sheet.topic in OF_VILLAGES and not row.identity.names_somebody:
            return self.register.villages.match(row.identity)
        return matcher.match(row.identity, delivery.as_of)

    def _read(self, row: _DataRow) -> None:
        """Read a row whose person or household is certain: first who it is about, then what it says."""
        match, outcome = row.match, row.outcome
        outcome.person_id, outcome.household_id = match.person_id, match.household_id
        outcome.candidates = match.candidates if match.decision == "ask" else ()
        if match.decision == "ask":
            self.taken.identities[row.sheet.file, row.sheet.name, row.row.number] = row.identity
        if not row.sheet.topic:
            outcome.outcome, outcome.reason = "ask", "unknown_list"
            return
        if match.decision != "matched":
            outcome.outcome, outcome.reason = match.decision, match.reason
            return
        if row.sheet.unclear:
            outcome.outcome, outcome.reason = "ask", row.sheet.unclear_reason
            return
        try:
            if match.reason == "village":
                outcome.household_id = None
                row.entries = OF_VILLAGES[row.sheet.topic](row.reader, "region")
            else:
                row.entries = make_entries(row.sheet.topic, row.reader)
        except UnusableValueError as error:
            outcome.outcome, outcome.reason = _UNUSABLE.get(error.reason, "refused"), error.reason
            outcome.column = row.reader.at
        else:
            outcome.outcome = "nothing"
            self._set_facts_aside(row)
        row.reader.count_elsewhere(row.identity)
        self.taken.conversions[row.sheet.file].update([*row.reader.conversions.elements(), *match.conversions])

    def _set_facts_aside(self, row: _DataRow) -> None:
        """Take what a row says about property out of its entries: it is for people, and never becomes a record."""
        who, source = row.match, dict[str, Any](received_on=row.reader.received, file=row.sheet.file)
        for entry in row.entries:
            if entry.table == "facts" and entry.values["what"] and entry.sign != "void":
                self.taken.facts.append(Fact(who.household_id or "", who.person_id, **entry.values, **source))
                row.outcome.reason = "fact"
        row.entries = [entry for entry in row.entries if entry.table != "facts"]

    def _find_deaths(self, rows: Sequence[_DataRow]) -> None:
        for row in rows:
            for entry in row.entries:
                if row.match.person_id and entry.values.get("kind") == "death" and entry.sign != "void":
                    self.deaths[row.match.person_id] = entry.values["occurred_on"]

    def _settle(self, delivery: Delivery, rows: list[_DataRow]) -> None:
        """Turn the entries of one list into records."""
        claims: list[tuple[_DataRow, Entry]] = []
        for row in rows:
            if (conflict := self._find_conflict(row, delivery)) is not None:
                (row.outcome.outcome, row.outcome.reason), row.entries = conflict, []
            claims += [(row, entry) for entry in row.entries if is_event(entry)]
        self.ledger.peers = frozenset(number for other, number in self.settled if not is_newer(delivery, other))
        settled = self.ledger.settle_rows(
            [self._claim(row, entry) for row, entry in claims], [id(row) for row, _ in claims]
        )
        self.settled.append((delivery, self.ledger.lists))
        for (row, entry), result in zip(claims, settled, strict=True):
            self._record(delivery, row, entry, result)
        households: set[str] = set()
        for row in rows:
            self._add_versions(delivery, row, households)
        if any(row.sheet.lists_members for row in rows):
            self._end_memberships(delivery.as_of, self._date_versions(delivery))

    def _find_conflict(self, row: _DataRow, delivery: Delivery) -> tuple[Outcome, str] | None:
        """Return the outcome of a row about a time when the person had died or left the register."""
        person = row.match.person_id
        days = [e.values[DAYS[e.table]] for e in row.entries if e.level == "person" and e.table in DAYS]
        if person is None or not days or row.match.reason == "decided":
            return None
        if person in self.deaths and max(days) > self.deaths[person]:
            return "refused", "dead"
        left = self.register.find_left(person, delivery.as_of)
        return ("ask", "left") if left is not None and min(days) >= left else None

    def _claim(self, row: _DataRow, entry: Entry) -> Claim:
        person, names = (row.match.person_id, row.match.candidates) if entry.level == "person" else (None, ())
        return Claim(entry, row.match.household_id or "", person, names, row.answer)

    def _record(self, delivery: Delivery, row: _DataRow, entry: Entry, result: Settled) -> None:
        outcome, event = row.outcome, result.event
        if result.outcome != "taken" or event is None:
            doubtful = result.outcome in ("ask", "refused") and outcome.outcome not in ("ask", "refused")
            if outcome.outcome == "nothing" or doubtful:
                outcome.outcome, outcome.reason = result.outcome, result.reason
                outcome.candidates = result.candidates
                outcome.record_id = event.record_id if event else None
            return
        outcome.outcome, outcome.reason = "taken", result.reason
        values = dict(event.values) if result.reason == "corrects" else dict(result.columns or {})
        if event.person_id and entry.table in ("income", "illness"):
            values["member_id"] = event.person_id
        if event.person_id:
            self.taken.book.persons[event.record_id] = event.person_id
        owner = {"region_code" if entry.level == "region" else "household_id": event.household_id}
        key = self.taken.book.add_record(entry.table, event.record_id, owner, delivery.recorded_on, values)
        if result.reason == "withdraws" and entry.table == "income":
            self.taken.book.tables["income"][key].pop("amount", None)
        outcome.pieces.append(Piece(entry.table, key, _list_stated(result.columns or {})))

    def _add_versions(self, delivery: Delivery, row: _DataRow, households: set[str]) -> None:
        """Add what a row says about a person or household at the time of the list."""
        outcome, home = row.outcome, row.match.household_id
        versions = [entry for entry in row.entries if not is_event(entry)]
        others = len(versions) < len(row.entries)
        if home is None or (others and not outcome.pieces):
            return  # a row that is already known says nothing new about the person either
        for entry in versions:
            if entry.level == "household" and row.sheet.topic == "register" and home in households:
                continue
            known = entry.level == "household" or row.match.person_id is not None
            if known and (piece := self._add_version(delivery, row, entry, home)):
                outcome.pieces.append(piece)
                outcome.outcome = "taken"
            elif outcome.outcome == "nothing":
                unsure = "several" if len(row.match.candidates) > 1 else "number_of_other"
                outcome.outcome, outcome.reason = "ask", "same_day" if known else unsure
                outcome.candidates = () if known else row.match.candidates
        if row.sheet.topic == "register":
            households.add(home)

    def _add_version(self, delivery: Delivery, row: _DataRow, entry: Entry, home: str) -> Piece | None:
        """Add a version; None if another list of the same day contradicts all that it says."""
        book, values = self.taken.book, {"household_id": home, **entry.values}
        if "birth_year" in values and row.match.person_id:
            # The register completes sex and birth from the ID number.
            person = self.register.find_person(row.match.person_id, delivery.as_of)
            values["birth_year"] = values["birth_year"] or person.birth_year
            values["sex"] = values["sex"] or person.sex or None
        if entry.table == "income":
            record_id = make_statement_id(home, values["source"], values["period_start"])
            key = book.add_record("income", record_id, {"household_id": home}, delivery.recorded_on, entry.values)
            return Piece("income", key, _list_stated(values))
        if entry.table == "members":
            values["member_id"] = row.match.person_id
        if entry.table == "households":
            values |= self._complete_household(delivery, row, values)
        contradicted = self.statements.leave_out(delivery, entry.table, values, sure=row.answer == "correction")
        for name in contradicted:
            self.taken.conversions[row.sheet.file][f"{entry.table}.{name}", "contradicted"] += 1
        if contradicted and not _list_stated(values):
            return None
        recorded_on = self._date_versions(delivery)
        return Piece(entry.table, book.add_version(entry.table, recorded_on, values), _list_stated(values))

    def _complete_household(self, delivery: Delivery, row: _DataRow, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return village and size of a household, from the row or otherwise from the register."""
        who, person = row.identity, row.match.person_id
        codes = self.register.villages.find(who.town, who.village).villages
        code = next(iter(codes)) if len(codes) == 1 else None
        if code is None and person is not None:
            code = self.register.find_person(person, delivery.as_of).village_code
        return {
            "region_code": code or self.register.region,
            "size": values["size"] or self.register.count_members(values["household_id"], delivery.as_of),
        }

    def _end_memberships(self, day: date, recorded_on: date | None) -> None:
        """End the memberships of persons who, according to a snapshot of the register, have left their household."""
        homes = {person.person_id: person.household_id for person in self.register.list_persons(day)}
        for household_id, member_id in {key[:2] for key in self.taken.book.tables.get("members", {})}:
            latest = self.taken.book.find_latest("members", household_id, member_id)
            if latest and latest.get("left_on") is None and homes.get(member_id) != household_id:
                ended = {"household_id": household_id, "member_id": member_id, "left_on": day}
                self.taken.book.add_version("members", recorded_on, ended)


def _list_stated(values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, value in values.items() if value is not None and not name.endswith("_id"))

"""Questions about the rows of lists: whom they are about, and what they mean; each is asked once and for all."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import Connection

from riskml.lists.decisions import Answers
from riskml.lists.deliveries import Delivery
from riskml.lists.events import AMOUNTS, DAYS
from riskml.lists.outcomes import RowOutcome
from riskml.lists.persons.identity import Identity
from riskml.lists.persons.register import Person, Register
from riskml.lists.reading.read import identify
from riskml.lists.reading.sheets import Row, Sheet
from riskml.lists.taking import Taken
from riskml.lists.wording import list_choices
from riskml_serving.store.records.columns import Rows, to_rows
from riskml_serving.store.records.repository import read_rows

_PERSON = (
    "person_id",
    "household_id",
    "name",
    "id_number",
    "sex",
    "birth_date",
    "relation",
    "town",
    "village",
    "phone",
)
_BIRTH = ("birth", "birth_month")
_OF_SHEETS = ("unknown_list", "unknown_column")
"""Reasons that are settled for a whole sheet, at the step for columns."""
_ALL_UNSAFE = "no_state_column"
"""Reason for which a person may also answer that every row of the sheet is about something unsafe."""


def recall_answers(
    answers: Iterable[Mapping[str, Any]], deliveries: Sequence[Delivery], register: Register
) -> tuple[Answers, dict[Identity, str]]:
    """Return the earlier answers that concern these lists.

    Parameters
    ----------
    answers : iterable of mapping
        ``words`` of a row, and ``answer``.
    deliveries : sequence of Delivery
    register : Register

    Returns
    -------
    Answers
        What rows mean, by file, sheet and row.
    dict of Identity to str
        Whom the words of a row describe: a person, a village, or ``stranger``.
    """
    codes = {"stranger", *register.versions, *register.villages.by_code}
    remembered, known = dict[Identity, str](), dict[str, str]()
    for answer in answers:
        if "cells" in answer["words"]:
            known[_write_key(answer["words"])] = answer["answer"]
        elif answer["answer"] in codes:
            remembered[_read_identity(answer["words"])] = answer["answer"]
    sheets = [sheet for delivery in deliveries if known for sheet in delivery.sheets]
    rows = ((sheet, row) for sheet in sheets for row in sheet.rows if row.kind == "data")
    keys = (((sheet.file, sheet.name, row.number), _write_key(_describe_row(sheet, row))) for sheet, row in rows)
    return {at: known[key] for at, key in keys if key in known}, remembered


def settle_sheets(answers: Iterable[Mapping[str, Any]], deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the deliveries in which no sheet is unclear of which an earlier answer says that all of its rows count."""
    known = {_write_key(answer["words"]) for answer in answers if answer["answer"] == "new"}

    def settle(sheet: Sheet) -> Sheet:
        own = sheet.unclear and _write_key(_describe_headers(sheet)) in known
        return replace(sheet, unclear="") if own else sheet

    return [replace(delivery, sheets=list(map(settle, delivery.sheets))) for delivery in deliveries]


def list_questions(
    connection: Connection, deliveries: Sequence[Delivery], register: Register, taken: Taken
) -> Iterator[dict[str, Any]]:
    """Yield what has to be asked about rows, as JSON values; rows with the same words are one question.

    ``words`` are what the rows say. ``candidates`` are the persons or villages that they may be about. If it is certain
    whom they are about, ``choices`` are the answers, and ``records`` describes those that are records.
    """
    days = {delivery.file: delivery.as_of for delivery in deliveries}
    every = ((sheet, row) for delivery in deliveries for sheet in delivery.sheets for row in sheet.rows)
    rows = {(sheet.file, sheet.name, row.number): (sheet, row) for sheet, row in every if row.kind == "data"}
    questions: dict[str, tuple[dict[str, Any], tuple[str, ...], list[RowOutcome]]] = {}
    for outcome in taken.rows:
        if outcome.outcome == "ask" and outcome.reason not in _OF_SHEETS:
            at = (outcome.file, outcome.sheet, outcome.row)
            choices = list_choices(outcome.reason, outcome.candidates)
            if outcome.reason == _ALL_UNSAFE:
                words, choices = _describe_headers(rows[at][0]), ("new",)
            elif choices:
                words = _describe_row(*rows[at])
            else:
                words = _write_identity(taken.identities.get(at) or identify(*rows[at]))
            questions.setdefault(_write_key(words), (words, choices, []))[2].append(outcome)
    new = _find_records(taken, {code for *_, outcomes in questions.values() for code in outcomes[0].candidates})
    for words, choices, outcomes in questions.values():
        first = outcomes[0]
        yield {
            "words": words,
            "reason": first.reason,
            "rows": [{"file": row.file, "sheet": row.sheet, "row": row.row} for row in outcomes],
            "about": "" if first.reason == _ALL_UNSAFE else first.person_id or first.household_id or "",
            "choices": choices,
            "records": _describe_records(connection, new, first) if choices else {},
            "candidates": [] if choices else _list_candidates(register, words, first, days[first.file]),
        }


def _list_candidates(
    register: Register, words: Mapping[str, Any], outcome: RowOutcome, on: dt.date
) -> list[dict[str, str]]:
    if outcome.reason == "several_villages":
        matches = register.villages.find(words.get("town"), words.get("village")).villages
        villages = (register.villages.by_code[code] for code in sorted(matches))
        return [{"person_id": village.code, "name": village.name, "town": village.town} for village in villages]
    codes = outcome.candidates or ((outcome.person_id,) if outcome.person_id else ())
    return [_describe_person(register.find_person(code, on)) for code in codes]


def _describe_person(person: Person) -> dict[str, str]:
    values = {name: getattr(person, name) for name in _PERSON}
    return {name: str(value) for name, value in values.items() if value}


def _find_records(taken: Taken, record_ids: Collection[str]) -> dict[str, Rows]:
    """Find what the lists say about some records, by record number."""
    by_number: dict[str, Rows] = {}
    for table in AMOUNTS:
        for (record_id, *_), row in taken.book.tables.get(table, {}).items():
            if record_id in record_ids:
                by_number.setdefault(record_id, []).append(row)
    return by_number


def _describe_records(
    connection: Connection, new: Mapping[str, Rows], outcome: RowOutcome
) -> dict[str, list[list[str]]]:
    """Describe the records that a row may correct: kind, day and amounts, by record number."""
    records: dict[str, list[list[str]]] = {}
    for record_id in outcome.candidates:
        table = record_id.partition("-")[0]
        rows = new.get(record_id, [])
        if not rows and outcome.household_id:
            stored = to_rows(read_rows(connection, table, [outcome.household_id]))
            rows = [row for row in stored if row["record_id"] == record_id]
        for row in rows:
            names = (DAYS[table], *AMOUNTS[table])
            records[record_id] = [[f"{table}.{n}", str(row[n])] for n in names if row.get(n) is not None]
    return records


def _describe_row(sheet: Sheet, row: Row) -> dict[str, Any]:
    """Return what a row says, without its place in the list: an answer holds for every list that says the same."""
    cells = [[column.field, str(row.cells[column.index - 1])] for column in sheet.columns if column.field != "other"]
    period = [str(day) for day in (row.context.start, row.context.end)]
    return {"topic": sheet.topic, "cells": [pair for pair in cells if pair[1] != "None"], "period": period}


def _describe_headers(sheet: Sheet) -> dict[str, Any]:
    """Return what tells lists of one kind: topic and headers."""
    return {"topic": sheet.topic, "cells": [[column.field, column.header] for column in sheet.columns], "period": []}


def _write_key(words: Mapping[str, Any]) -> str:
    return json.dumps(words, sort_keys=True, ensure_ascii=False)


def _write_identity(who: Identity) -> dict[str, Any]:
    words = {name: value for name, value in asdict(who).items() if value not in (None, False)}
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in words.items()}


def _read_identity(words: Mapping[str, Any]) -> Identity:
    known = {field.name for field in fields(Identity)}
    days = {name: dt.date.fromisoformat(words[name]) for name in _BIRTH if words.get(name)}
    return Identity(**{name: value for name, value in words.items() if name in known} | days)

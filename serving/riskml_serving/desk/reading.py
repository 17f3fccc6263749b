"""Reads a delivery with the library: how it was interpreted, whom the rows are about, and the records from them."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from openpyxl.utils import get_column_letter
from sqlalchemy import Connection, Engine

from riskml.errors import UsageError
from riskml.lists.deliveries import Delivery, read_deliveries
from riskml.lists.memory import Memory
from riskml.lists.outcomes import RowOutcome, count_outcomes
from riskml.lists.persons.identity import Identity
from riskml.lists.persons.register import Person, Register
from riskml.lists.reading.sheets import Sheet
from riskml.lists.side_files import read_lines
from riskml.lists.taking import Taken, take
from riskml.progress import Progress
from riskml_serving.base.database import reading
from riskml_serving.desk import repository
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.service import read_persons
from riskml_serving.store.households.repository import list_codes

__all__ = ["Understood", "describe", "read_delivery"]

EXAMPLES, MOST_QUESTIONS = 3, 500
"""Number of examples that a page shows for a column; maximum number of questions that are stored for a delivery."""

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
_DAYS = ("birth", "birth_month")


@dataclass
class Understood:
    """How the library interpreted a delivery.

    Parameters
    ----------
    taken : riskml.lists.taking.Taken
    deliveries : list of riskml.lists.taking.Delivery
    register : Register
        The register, including the changes from the delivery.
    lines : pyarrow.Table or None
        Monitoring lines, if one of the files states them.
    county : dict
        What is known about the county's earlier lists, before this delivery.
    folder : Path
        The files as received, until the work on the delivery has ended.
    """

    taken: Taken
    deliveries: list[Delivery]
    register: Register
    lines: pa.Table | None
    county: dict[str, Any]
    folder: Path

    @property
    def states(self) -> frozenset[dt.date]:
        """Days of the register's snapshots after this delivery."""
        own = frozenset(version.known_from for own in self.register.versions.values() for version in own)
        before: frozenset[dt.date] = self.county["states"]
        return before | own


@contextmanager
def read_delivery(
    engine: Engine, keys: IdentityKeys, delivery: Mapping[str, Any], bar: Progress
) -> Iterator[Understood]:
    """Read the files of a delivery, and compare them with the register and with what earlier lists said.

    Raises
    ------
    UsageError
        If a file cannot be read as a list, two files have the same name, or the county has no register yet.
    """
    county = delivery["county"]
    with TemporaryDirectory(prefix="riskml-desk-") as name:
        folder = Path(name)
        with reading(engine) as connection:
            files = repository.read_files(connection, delivery["delivery_id"])
            for file in files:
                content = repository.read_content(connection, keys, delivery["delivery_id"], f"file {file['number']}")
                (folder / file["name"]).write_bytes(content or b"")
            known = repository.read_county(connection, county)
            register = _read_register(connection, keys, county)
            answers = repository.read_answers(connection, keys, county)
        mapping = folder / ".mapping.yaml"
        mapping.write_text(json.dumps({"confirmed": known["confirmed"]}, ensure_ascii=False), "utf-8")
        lines, lists = _split_lines(folder, files)
        current, earlier = (
            [folder / file["name"] for file in lists if file["earlier"] is old] for old in (False, True)
        )
        days = {file["name"]: file["received_on"] for file in files if not file["earlier"]}
        today = max((file["received_on"] for file in files), default=dt.date.min)
        bar.stage("reading the lists", len(lists))
        deliveries = read_deliveries(current, earlier, register, days, today, mapping, bar.step)
        bar.stage("finding the persons")
        with reading(engine) as connection:
            memory = Memory(
                lambda codes: repository.read_memory(connection, keys, county, codes), known["lists"], known["states"]
            )
            remembered = {_read_words(answer["words"]): answer["person"] for answer in answers}
            remembered = {who: code for who, code in remembered.items() if code in {"stranger", *register.versions}}
            taken = take(deliveries, register, {}, remembered=remembered, memory=memory)
        yield Understood(taken, deliveries, register, lines, known, folder)


def _read_register(connection: Connection, keys: IdentityKeys, county: str) -> Register:
    homes = read_persons(connection, keys, list_codes(connection, county))
    return Register((person for persons in homes.values() for person in persons), region=county)


def _split_lines(folder: Path, files: Sequence[Mapping[str, Any]]) -> tuple[pa.Table | None, list[Mapping[str, Any]]]:
    """Separate a file with monitoring lines from the lists."""
    lines, lists = None, []
    for file in files:
        states_lines = False
        if file["name"].lower().endswith(".csv"):
            with suppress(UsageError):
                lines, states_lines = read_lines(folder / file["name"]), True
        if not states_lines:
            lists.append(file)
    return lines, lists


def describe(understood: Understood) -> dict[str, Any]:
    """Describe a delivery for the pages, as JSON values; examples and questions name persons."""
    taken = understood.taken
    return {
        "sheets": [_describe_sheet(sheet) for delivery in understood.deliveries for sheet in delivery.sheets],
        "files": _count_rows(taken.rows),
        "questions": list(_list_questions(understood)),
        "records": {table: len(rows) for table, rows in taken.book.tables.items() if rows},
        "lines": 0 if understood.lines is None else understood.lines.num_rows,
    }


def _describe_sheet(sheet: Sheet) -> dict[str, Any]:
    data = [row for row in sheet.rows if row.kind == "data"]
    columns = []
    for column in sheet.columns:
        cells = (row.cells[column.index - 1] for row in data)
        examples = list(dict.fromkeys(str(cell) for cell in cells if cell is not None))[:EXAMPLES]
        columns.append({**asdict(column), "letter": get_column_letter(column.index), "examples": examples})
    titles = [str(text) for row in sheet.rows if row.kind == "title" for text in row.cells if text is not None]
    return {
        "file": sheet.file,
        "name": sheet.name,
        "hidden": sheet.hidden,
        "topic": sheet.topic,
        "unclear": sheet.unclear,
        "titles": titles[:EXAMPLES],
        "rows": len(data),
        "left_out": sum(row.kind == "hidden" for row in sheet.rows),
        "columns": columns,
    }


def _count_rows(rows: Sequence[RowOutcome]) -> dict[str, Any]:
    """Count the rows of each file by outcome; count refused rows and questions by reason."""
    by_file: dict[str, list[RowOutcome]] = {}
    for row in rows:
        by_file.setdefault(row.file, []).append(row)
    counts = {}
    for file, own in by_file.items():
        open_rows = [row for row in own if row.outcome in ("refused", "ask", "stranger")]
        reasons = Counter((row.outcome, row.reason, _write_address(row)) for row in open_rows)
        counts[file] = {
            "outcomes": count_outcomes(own),
            "reasons": [[*reason, n] for reason, n in reasons.most_common() if reason[1]],
        }
    return counts


def _write_address(row: RowOutcome) -> str:
    return "!".join(filter(None, (row.sheet, get_column_letter(row.column) if row.column else "")))


def _list_questions(understood: Understood) -> Iterator[dict[str, Any]]:
    """Yield the questions about persons: the words in the rows, and the persons whom they may be about."""
    taken, register = understood.taken, understood.register
    days = {delivery.file: delivery.as_of for delivery in understood.deliveries}
    rows: dict[Identity, list[RowOutcome]] = {}
    for row in taken.rows:
        who = taken.identities.get((row.file, row.sheet, row.row))
        if who is not None and row.outcome == "ask" and row.reason != "unknown_list":
            rows.setdefault(who, []).append(row)
    for who, own in list(rows.items())[:MOST_QUESTIONS]:
        first = own[0]
        persons = (register.find_person(code, days[first.file]) for code in first.candidates)
        yield {
            "words": _write_words(who),
            "reason": first.reason,
            "rows": [{"file": row.file, "sheet": row.sheet, "row": row.row} for row in own],
            "candidates": [_describe_person(person) for person in persons],
        }


def _describe_person(person: Person) -> dict[str, Any]:
    values = {name: getattr(person, name) for name in _PERSON}
    return {name: str(value) for name, value in values.items() if value}


def _write_words(who: Identity) -> dict[str, Any]:
    words = {name: value for name, value in asdict(who).items() if value not in (None, False)}
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in words.items()}


def _read_words(words: Mapping[str, Any]) -> Identity:
    known = {field.name for field in fields(Identity)}
    days = {name: dt.date.fromisoformat(words[name]) for name in _DAYS if words.get(name)}
    return Identity(**{name: value for name, value in words.items() if name in known} | days)

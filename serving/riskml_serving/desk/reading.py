"""Reads a delivery with the library: how it was interpreted, whom the rows are about, and the records from them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import pickle
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import islice
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
from riskml.lists.persons.register import Register, read_villages
from riskml.lists.persons.villages import Village
from riskml.lists.reading.sheets import Sheet
from riskml.lists.side_files import read_lines
from riskml.lists.taking import Taken, take
from riskml.progress import Progress
from riskml.records.reading.small_csv import read_text
from riskml.text import shorten_list
from riskml.vocabulary.regions import Level, is_region_code
from riskml_serving.base.database import reading, writing
from riskml_serving.desk import repository
from riskml_serving.desk.questions import list_questions, recall_answers, settle_sheets
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.service import Person, list_homes, read_persons
from riskml_serving.store.households.repository import list_codes

EXAMPLES, MOST_QUESTIONS = 3, 500
"""Number of examples that a page shows for a column; maximum number of questions that are stored for a delivery."""


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
    persons : dict of str to Person
        The persons in the register of the service, before this delivery.
    questions : list of dict
        What has to be asked (`questions.list_questions`).
    folder : Path
        The files as received, until the work on the delivery has ended.
    is_new : bool
        Whether the files were read just now, and not in an earlier step.
    """

    taken: Taken
    deliveries: list[Delivery]
    register: Register
    lines: pa.Table | None
    county: dict[str, Any]
    persons: dict[str, Person]
    questions: list[dict[str, Any]]
    folder: Path
    is_new: bool = True

    @property
    def states(self) -> frozenset[dt.date]:
        """Days of the register's snapshots after this delivery."""
        own = frozenset(version.known_from for own in self.register.versions.values() for version in own)
        before: frozenset[dt.date] = self.county["states"]
        return before | own


@contextmanager
def read_delivery(
    engine: Engine, keys: IdentityKeys, delivery: Mapping[str, Any], bar: Progress, *, again: bool
) -> Iterator[Understood]:
    """Read the files of a delivery, and compare them with the register and with what earlier lists said.

    Parameters
    ----------
    engine : Engine
    keys : IdentityKeys
    delivery : dict
    bar : Progress
    again : bool
        Whether the files are read again even if an earlier step has read them, and nothing has changed since.

    Raises
    ------
    UsageError
        If a file cannot be read as a list, two files have the same name, or the county has no register yet.
    """
    county, delivery_id = delivery["county"], delivery["delivery_id"]
    with TemporaryDirectory(prefix="riskml-desk-") as name:
        folder = Path(name)
        with reading(engine) as connection:
            files = repository.read_files(connection, delivery_id)
            for file in files:
                content = repository.read_content(connection, keys, delivery_id, f"file {file['number']}")
                (folder / file["name"]).write_bytes(content or b"")
            known = repository.read_county(connection, county)
            state = _hash_state(connection, known)
            if not again:
                stored = repository.read_content(connection, keys, delivery_id, "understood") or b""
                if stored.startswith(state):
                    # Nobody without the identity key can have written or altered it.
                    understood: Understood = pickle.loads(zlib.decompress(stored[len(state) :]))  # noqa: S301
                    yield replace(understood, folder=folder, is_new=False)
                    return
            persons = _read_persons(connection, keys, county)
            answers = repository.read_answers(connection, keys, county)
        mapping = folder / ".mapping.yaml"
        mapping.write_text(json.dumps({"confirmed": known["confirmed"]}, ensure_ascii=False), "utf-8")
        lines, villages, lists = _split_side_files(folder, files, county)
        register = Register(persons.values(), villages, region=county)
        current, earlier = (
            [folder / file["name"] for file in lists if file["earlier"] is old] for old in (False, True)
        )
        days = {file["name"]: file["received_on"] for file in files if not file["earlier"]}
        today = max((file["received_on"] for file in files), default=dt.date.min)
        bar.stage("reading the lists", len(lists))
        deliveries = settle_sheets(answers, read_deliveries(current, earlier, register, days, today, mapping, bar.step))
        bar.stage("finding the persons")
        with reading(engine) as connection:
            memory = Memory(
                lambda codes: repository.read_memory(connection, keys, county, codes), known["lists"], known["states"]
            )
            decisions, remembered = recall_answers(answers, deliveries, register)
            taken = take(deliveries, register, {}, decisions, remembered=remembered, memory=memory)
            questions = list(islice(list_questions(connection, deliveries, register, taken), MOST_QUESTIONS))
        understood = Understood(taken, deliveries, register, lines, known, persons, questions, folder)
        content = state + zlib.compress(pickle.dumps(understood), 1)
        with writing(engine) as connection:
            repository.write_content(connection, keys, delivery_id, "understood", content)
        yield understood


def _read_persons(connection: Connection, keys: IdentityKeys, county: str) -> dict[str, Person]:
    homes = read_persons(connection, keys, list_codes(connection, county))
    return {person.person_id: person for persons in homes.values() for person in persons}


def _hash_state(connection: Connection, county: Mapping[str, Any]) -> bytes:
    """Return a hash of what decides, besides the files, how a delivery is read."""
    homes = list_homes(connection, county["county"])
    lists = {name: sorted(value) if name == "states" else value for name, value in county.items()}
    answers = repository.list_answers(connection, county["county"])
    text = json.dumps([version("riskml"), lists, answers, list(map(list, homes))], default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _split_side_files(
    folder: Path, files: Sequence[Mapping[str, Any]], county: str
) -> tuple[pa.Table | None, list[Village], list[Mapping[str, Any]]]:
    """Separate files with monitoring lines and with the codes of villages, which the first row shows, from the lists.

    Raises
    ------
    UsageError
        If such a file cannot be read, or a code is not that of a village in the county.
    """
    lines, villages, lists = None, list[Village](), []
    for file in files:
        path = folder / file["name"]
        with path.open("rb") as content:
            head = content.readline()
        if path.suffix.lower() == ".csv" and b"effective_from" in head:
            lines = read_lines(path)
        elif path.suffix.lower() == ".csv" and b"village_code" in head and b"person_id" not in head:
            villages = read_villages(read_text(path), path)
        else:
            lists.append(file)
    codes = {village.code for village in villages}
    right = {code for code in codes if is_region_code(code) and len(code) == Level.VILLAGE and code.startswith(county)}
    if wrong := sorted(codes - right):
        raise UsageError(
            "These are not codes of villages in the county {county}: {codes}.",
            "A village's code has 12 digits and begins with that of the county; format the column as text.",
            county=county,
            codes=shorten_list(wrong, 3),
        )
    return lines, villages, lists


def describe(understood: Understood) -> dict[str, Any]:
    """Describe a delivery for the pages, as JSON values; examples and questions name persons."""
    taken = understood.taken
    return {
        "sheets": [_describe_sheet(sheet) for delivery in understood.deliveries for sheet in delivery.sheets],
        "files": _count_rows(taken.rows),
        "questions": understood.questions,
        "records": {table: len(rows) for table, rows in taken.book.tables.items() if rows},
        "lines": 0 if understood.lines is None else understood.lines.num_rows,
        "facts": len(taken.facts),
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

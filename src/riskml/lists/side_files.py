"""Reads the CSV files that accompany lists: days of receipt, answers to questions, and monitoring lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa

from riskml.errors import UsageError, explain_os_error
from riskml.lists.decisions import Answers, parse_answer
from riskml.lists.reading.headers import read_headers
from riskml.lists.values import read_amount, read_day
from riskml.lists.words import UnusableValueError
from riskml.lists.writing import make_table
from riskml.records.reading.csv_files import open_as_utf8

__all__ = ["read_decisions", "read_lines", "read_received"]


def read_received(path: Path) -> dict[str, date]:
    """Read the day on which each file arrived: columns ``file`` and ``received_on``.

    Raises
    ------
    UsageError
        If the file cannot be read, a column is missing, or a cell is not a day.
    """
    return {
        row["file"]: _require_day(path, number, "received_on", row)
        for number, row in _read(path, ("file", "received_on"))
    }


def read_decisions(path: Path) -> tuple[dict[tuple[str, str, int], str], Answers]:
    """Read answers to what was asked: columns ``file``, ``sheet``, ``row``, ``person_id`` and, optionally, ``answer``.

    Returns
    -------
    dict
        Who is meant, by file, sheet and row: a code, or ``stranger``.
    Answers
        What else was answered.

    Raises
    ------
    UsageError
        If the file cannot be read, a column is missing, a row is not a number, or an answer is not allowed.
    """
    persons, answers, headers = {}, {}, read_headers()
    for number, row in _read(path, ("file", "sheet", "row", "person_id")):
        answer = parse_answer(row.get("answer", ""), headers)
        if row.get("answer") and answer is None:
            raise UsageError(
                "{path}, row {row}: {answer} is not an answer.",
                "Answers are correction, new, skip, a record_id, a column's letter, a unit such as 万元 or a topic.",
                path=path,
                row=number,
                answer=row["answer"],
            )
        if not row["row"].isdecimal() and (row["row"] or row["person_id"]):
            raise _refuse(path, number, "row")
        key = row["file"], row["sheet"], int(row["row"] or 0)
        if row["person_id"]:
            persons[key] = row["person_id"]
        if answer:
            answers[key] = answer
    return persons, answers


def read_lines(path: Path) -> pa.Table:
    """Read monitoring lines in the format of the table ``lines``.

    Raises
    ------
    UsageError
        If the file cannot be read, a column is missing, or a cell is not a day or an amount.
    """
    rows = []
    for number, row in _read(path, ("effective_from", "amount")):
        try:
            amount = read_amount(row["amount"])
        except UnusableValueError:
            amount = None
        if amount is None or amount.amount <= 0:
            raise _refuse(path, number, "amount")
        days = {
            name: _require_day(path, number, name, row) for name in ("effective_from", "recorded_on") if row.get(name)
        }
        if "effective_from" not in days:
            raise _refuse(path, number, "effective_from")
        rows.append(
            {
                "region_code": row.get("region_code") or None,
                "source": row.get("source") or None,
                "amount": amount.amount,
                **days,
            }
        )
    return make_table("lines", rows)


def _read(path: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file with their row numbers in a spreadsheet."""
    try:
        with open_as_utf8(path) as copy, copy.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = [name.strip() for name in reader.fieldnames or ()]
            if missing := [name for name in required if name not in names]:
                raise UsageError(
                    "{path} lacks the column {column}.",
                    "Its columns are: {columns}.",
                    path=path,
                    column=missing[0],
                    columns=", ".join(required),
                )
            reader.fieldnames = names
            for number, row in enumerate(reader, 2):
                cells = {name: (value or "").strip() for name, value in row.items() if name}
                if any(cells.values()):
                    yield number, cells
    except OSError as error:
        raise UsageError("{path} cannot be read: {reason}.", path=path, reason=explain_os_error(error)) from None
    except (UnicodeDecodeError, csv.Error):
        raise UsageError("{path} is not a CSV file.", "Save it as CSV UTF-8.", path=path) from None


def _require_day(path: Path, number: int, column: str, row: dict[str, str]) -> date:
    try:
        parsed = read_day(row[column])
    except UnusableValueError:
        parsed = None
    if parsed is None or parsed.precision != "day":
        raise _refuse(path, number, column)
    return parsed.day


def _refuse(path: Path, row: int, column: str) -> UsageError:
    return UsageError(
        "{path}, row {row}: {column} cannot be read.", "Correct the cell.", path=path, row=row, column=column
    )

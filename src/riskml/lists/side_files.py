"""Reads the CSV files that accompany lists: days of receipt, answers to questions, and monitoring lines."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa

from riskml.errors import UsageError
from riskml.lists.decisions import Answers, parse_answer
from riskml.lists.reading.headers import read_headers
from riskml.lists.reading.values import read_amount, try_day
from riskml.lists.words import UnusableValueError
from riskml.lists.writing import make_table
from riskml.records.reading.small_csv import read_rows, read_text


def read_received(path: Path, content: bytes | None = None) -> dict[str, date]:
    """Read the day on which each file arrived: columns ``file`` and ``received_on``.

    ``content`` is that of the file, if it has been read already.

    Raises
    ------
    UsageError
        If the file cannot be read, a column is missing, or a cell is not a day.
    """
    return {
        row["file"]: _require_day(path, number, "received_on", row)
        for number, row in read_rows(read_text(path, content), path, ("file", "received_on"))
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
    for number, row in read_rows(read_text(path), path, ("file", "sheet", "row", "person_id")):
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
    for number, row in read_rows(read_text(path), path, ("effective_from", "amount")):
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
        others = {name: row.get(name) or None for name in ("region_code", "source")}
        rows.append({**others, "amount": amount.amount, **days})
    return make_table("lines", rows)


def _require_day(path: Path, number: int, column: str, row: dict[str, str]) -> date:
    parsed = try_day(row[column])
    if parsed is None or parsed.precision != "day":
        raise _refuse(path, number, column)
    return parsed.day


def _refuse(path: Path, row: int, column: str) -> UsageError:
    return UsageError(
        "{path}, row {row}: {column} cannot be read.", "Correct the cell.", path=path, row=row, column=column
    )

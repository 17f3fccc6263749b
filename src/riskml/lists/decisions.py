"""Answers to questions about rows, and how each question is answered."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import replace
from types import MappingProxyType

from openpyxl.utils import get_column_letter

from riskml.errors import UsageError
from riskml.lists.persons.register import Register
from riskml.lists.reading.headers import FACTORS, Headers
from riskml.lists.reading.sheets import Row, Sheet
from riskml.text import shorten_list

Answers = Mapping[tuple[str, str, int], str]
"""What was answered to questions that are not about persons, by file, sheet and row (0: the whole sheet).

An answer is ``correction``, ``new``, ``skip``, the ``record_id`` of the record that is corrected, a unit, the letter of
a column, or a topic.
"""

_WORDS = MappingProxyType({"更正": "correction", "新增": "new", "不计": "skip"})
_COLUMN = re.compile("[A-Z]{1,2}")
_RECORD = re.compile("(?:income|illness|disaster|events|help)-[0-9a-f]{20}")


def parse_answer(text: str, headers: Headers) -> str | None:
    """Return an answer in its usual form, or None if the text is not an answer.

    >>> from riskml.lists.reading.headers import read_headers
    >>> [parse_answer(text, read_headers()) for text in ("更正", "f", "万元", "住院", "perhaps")]
    ['correction', 'F', '万元', 'illness', None]
    """
    topics = {topic.words[0]: name for name, topic in headers.topics.items()}
    text = topics.get(text) or _WORDS.get(text, text)
    if text in headers.topics or text in FACTORS or text in _WORDS.values() or _RECORD.fullmatch(text):
        return text
    return text.upper() if _COLUMN.fullmatch(text.upper()) else None


def find_answer(answers: Answers, file: str, sheet: str, row: int) -> str:
    """Return the answer about a row or, if there is none, about its sheet; empty if there is none either."""
    return answers.get((file, sheet, row)) or answers.get((file, sheet, 0), "")


def list_topics(answers: Answers, file: str, headers: Headers) -> dict[str, str]:
    """Return the topics of a file's sheets that are given in the answers."""
    return {sheet: text for (own, sheet, _), text in answers.items() if own == file and text in headers.topics}


def choose_amount(sheet: Sheet, answers: Answers) -> Sheet:
    """Return a sheet with the column as given in the answers, if it was unclear which one holds what rows are about."""
    letters = {text for (file, name, _), text in answers.items() if (file, name) == (sheet.file, sheet.name)}
    columns = [
        replace(column, field=sheet.unclear, how="confirmed") if get_column_letter(column.index) in letters else column
        for column in sheet.columns
    ]
    known = columns != sheet.columns or (sheet.unclear == "events.kind" and "new" in letters)
    return replace(sheet, columns=columns, unclear="") if sheet.unclear and known else sheet


def set_unit(row: Row, answer: str) -> Row:
    """Return a row with the unit of its amounts as given in an answer, unless the list states one."""
    if answer not in FACTORS or row.context.unit is not None:
        return row
    return replace(row, context=replace(row.context, unit=FACTORS[answer]))


def refuse_unknown(
    persons: Mapping[tuple[str, str, int], str],
    answers: Answers,
    rows: Container[tuple[str, str, int]],
    register: Register,
) -> None:
    """Refuse answers about rows that no list has, or with codes that the register does not have.

    Raises
    ------
    UsageError
        If there are such answers.
    """
    codes = {"stranger", *register.versions, *register.villages.by_code}
    wrong = {key for key, code in persons.items() if key not in rows or code not in codes}
    wrong |= {key for key in answers if key not in rows and key[2]}
    if wrong:
        raise UsageError(
            "{count} answer(s) are about a row without data, or name a person who is not in the register: {rows}.",
            "Correct these rows of --decisions: person_id is a code of the register, or stranger.",
            count=len(wrong),
            rows=shorten_list(f"{file} {sheet} {row}" for file, sheet, row in sorted(wrong)),
        )

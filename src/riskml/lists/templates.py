"""Writes empty lists with the best headers, for departments that ask how to send their lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from riskml.errors import UsageError
from riskml.lists.reading.headers import BEST, Headers, Topic, read_headers
from riskml.lists.words import list_words
from riskml.text import Joined

_PERSON = ("name", "id_number", "town", "village")
_HEAD = ("head_name", "head_id", "town", "village")
_REGISTER = ("household_no", "person_no", "name", "id_number", "relation", "birth_date", "town", "village", "group")
"""Columns that say whom a row is about."""

_LEFT_OUT = frozenset({"other", "illness.fund", "illness.account"})
_ROWS = 2000


def write_template(department: str, path: Path) -> None:
    """Write a workbook with an empty sheet for each kind of list that a department keeps.

    Raises
    ------
    UsageError
        If there is no department with that name.
    """
    headers = read_headers()
    topics = [name for name, topic in headers.topics.items() if topic.department == department]
    if not topics:
        raise UsageError(
            "There is no department {department!r}.",
            "The departments are: {departments}.",
            department=department,
            departments=Joined(sorted({topic.department for topic in headers.topics.values()} - {""})),
        )
    book = Workbook()
    book.remove(book.worksheets[0])
    for topic in topics:
        sheet = book.create_sheet(headers.topics[topic].words[0])
        whose = _REGISTER if topic == "register" else _HEAD if headers.topics[topic].head else _PERSON
        _fill_sheet(sheet, headers, headers.topics[topic], whose)
    book.save(path)


def _fill_sheet(sheet: Worksheet, headers: Headers, topic: Topic, whose: Sequence[str]) -> None:
    """Write the header of a sheet; columns of code words offer them, and columns of numbers are formatted as text."""
    best = {"town": "乡镇"}
    for vocabulary in (topic.vocabulary, headers.common):
        for text, meaning in vocabulary.exact.items():
            best.setdefault(meaning.field, text)
    own = dict.fromkeys(meaning.field for meaning in topic.vocabulary.exact.values() if meaning.rank[0] == BEST)
    names = [name for name in own if name not in _LEFT_OUT]
    for i, name in enumerate((*whose, *names), 1):
        sheet.cell(1, i, best[name]).font = Font(bold=True)
        letter = get_column_letter(i)
        sheet.column_dimensions[letter].width = 20
        if name.endswith(("id_number", "head_id", "_no")):
            sheet.column_dimensions[letter].number_format = "@"
        if words := list_words(topic.kinds if name == "events.kind" else name):
            choice = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
            sheet.add_data_validation(choice)
            choice.add(f"{letter}2:{letter}{_ROWS}")
    sheet.freeze_panes = "A2"

"""What a row says about help: its measure, its amount and how often it is paid, its start, or its end."""

from __future__ import annotations

import re

from riskml.lists.data_files import Patterns
from riskml.lists.reading.cells import read_number
from riskml.lists.reading.filling import HEADS
from riskml.lists.row_reader import Entry, Level, RowReader, Sign, refuse_negative
from riskml.lists.words import UnusableValueError, normalise


def make_help(reader: RowReader, default: str = "", *, once: bool = False) -> list[Entry]:
    """Return the help that a row states, running unless it is paid ``once``, or the end of running help."""
    if not once and (ending := _make_ending(reader)) is not None:
        return [ending]
    amounts, filled = reader.list_cells("help.amount"), reader.list_cells("help.amount", own=True)
    if amounts and not filled:
        return []  # another member: the amount belongs to the household's first row
    starts, words = reader.list_cells("help.started_on", own=True), reader.list_cells("help.measure", own=True)
    if not amounts and not starts and not words and (reader.has("help.amount") or reader.has("help.started_on")):
        return []
    amount = reader.read_amount("help.amount", least=1, most=1e6)
    if not once:
        amount = _leave_out_arrears(reader, refuse_negative(amount))
    if amount == 0:
        return []
    if amount is None and reader.has("help.amount"):
        relation = reader.list_cells("relation")
        if relation and not once and normalise(str(relation[0][1])) not in HEADS:
            return []
        raise UnusableValueError("no_amount")
    measure = _find_measure(reader, default)
    day = reader.require_day("help.started_on")
    ended = reader.read_optional_day("help.ended_on", later=True)
    values = {
        "started_on": day.day,
        "ended_on": ended.day if ended and ended.day >= day.day else None,
        "measure": measure,
        "emergency": True if measure == "临时救助" else None,
        "amount": amount,
        "per": None if once or amount is None else _find_rate(reader),
    }
    level = "person" if once else _find_level(reader)
    continuing = not once and not _states_start(reader)
    sign: Sign = "reverses" if amount is not None and amount < 0 else ""
    return [Entry("help", values, level, day.precision, continuing=continuing, sign=sign)]


def _leave_out_arrears(reader: RowReader, amount: float | None) -> float | None:
    """Return what is paid for one month: a sum such as ``实发`` may include what was owed for months before."""
    shown = [column.index for column in reader.columns.get("help.amount", ())]
    summed = {part for one in reader.derived for part in one.parts if one.column in shown}
    cells = [(column, cell) for column, cell in reader.list_cells("other") if _HELP.arrears.search(column.header)]
    owed = sum((read_number(cell) or 0) * reader.find_factor(own) for own, cell in cells if own.index in summed)
    if amount is None or not 0 < owed < amount:
        return amount
    reader.count("help.amount", "without_arrears")
    return round(amount - owed, 4)


def _find_measure(reader: RowReader, default: str) -> str:
    measure = reader.read_word("help.measure")
    if measure is None:
        measure = reader.find_in_titles("help.measure") or default
        reader.count("help.measure", "from_title" if measure != default else "unknown_word" if not measure else "")
    return measure or "其他帮扶"


def _find_level(reader: RowReader) -> Level:
    """Return whom an allowance is for: the whole household, if the list names its head."""
    return "household" if any(map(reader.has, ("relation", "head_name", "head_id"))) else "person"


def _states_start(reader: RowReader) -> bool:
    """Return whether the list gives the day on which help began, and not one on which it was paid."""
    return any(map(_HELP.starts.search, reader.list_headers("help.started_on")))


def _find_rate(reader: RowReader) -> str | None:
    """Return the period for which an allowance is paid: a month, unless the header or a longer period differs."""
    header = "".join(reader.list_headers("help.amount"))
    start, end = reader.context.start, reader.context.end
    if "月" in header:
        return "month"
    if "年" in header:
        return "year"
    return None if re.search("季|次", header) or (start and end and 31 < (end - start).days < 300) else "month"


_HELP = Patterns("help")


def _make_ending(reader: RowReader) -> Entry | None:
    """Return the end of current help if the row gives an end without a start, or is in a list of help that ended."""
    texts = (text for text in reader.context.texts if _HELP.ending.search(text) or _HELP.going_on.search(text))
    nearest = next(texts, None)  # a section 停发 in a list of payments, or the title of a list of 退出
    marked = bool(nearest and not _HELP.going_on.search(nearest)) or reader.find_notes(_HELP.changes, _HELP.ended)
    if reader.list_cells("help.started_on") and not marked:
        return None
    ended = reader.read_optional_day("help.ended_on", later=True)
    if not ended and not marked:
        return None
    # a day on which the help began says nothing about its end, unlike that of the list
    began = reader.has("help.started_on") and _states_start(reader)
    ended = ended or reader.require_day("help.ended_on" if began else "help.started_on")
    values = {"started_on": ended.day, "ended_on": ended.day, "measure": _find_measure(reader, ""), "amount": None}
    return Entry("help", values, _find_level(reader), ended.precision, continuing=True, sign="ends")

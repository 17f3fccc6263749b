"""Translates a row of a list into records of the contract, or says that it has none or why it is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from riskml.lists.data_files import Patterns
from riskml.lists.events import AMOUNTS, list_amounts
from riskml.lists.help_entries import make_help
from riskml.lists.reading.values import Day, read_amount, read_count
from riskml.lists.register_entries import make_register
from riskml.lists.row_reader import (
    PUBLIC_WORK,
    Entry,
    Level,
    RowReader,
    Sign,
    ask_small_bill,
    refuse_contradiction,
    refuse_negative,
)
from riskml.lists.words import UnusableValueError, find_words, normalise

_TEXT = Patterns("entries")
_GRANTED = frozenset({"relief", "allowance", "student_aid"})


def make_entries(topic: str, reader: RowReader) -> list[Entry]:
    """Return the records of a row that is not about a whole village; an empty list if there is nothing to record.

    Raises
    ------
    UnusableValueError
        If the row cannot be used, with the code of the reason.
    """
    make = _TOPICS.get(topic)
    if make is None:
        raise UnusableValueError("unknown_list")
    marks = [_TEXT.void]
    if topic != "illness":
        marks.append(_TEXT.reversal)
    if topic in _GRANTED:
        marks.append(_TEXT.denied)
    if topic == "register" or not any(reader.find_notes(_TEXT.remarks, mark) for mark in marks):
        return make(reader)
    try:
        return [_mark_void(entry) for entry in make(reader) if entry.table != "members"]
    except UnusableValueError:
        raise UnusableValueError("void") from None


def _mark_void(entry: Entry) -> Entry:
    """Mark an entry as void; one with a negative amount takes back what an earlier row said."""
    negative = entry.table in AMOUNTS and any(amount < 0 for amount in list_amounts(entry))
    return replace(entry, sign="reverses" if negative or entry.sign == "reverses" else "void")


def _make_illness(reader: RowReader) -> list[Entry]:
    cost, self_paid = reader.read_amount("illness.cost"), reader.read_amount("illness.self_paid")
    dated = reader.list_cells("illness.occurred_on", own=True)
    stated = reader.has("illness.cost") or reader.has("illness.self_paid")
    if cost is None and self_paid is None and not dated:
        return []
    remarks = [cell for _, cell in reader.list_cells("other") if isinstance(cell, str)]
    amounts = reader.list_headers("illness.cost", "illness.self_paid")
    reverses = any(map(_TEXT.reversal.search, remarks))
    corrects = any(map(_TEXT.correction.search, remarks)) or any(map(_TEXT.corrected.search, amounts))
    if cost is None and self_paid is None and stated and not reverses:
        raise UnusableValueError("no_amount")
    day = reader.require_day("illness.occurred_on")
    if reverses:
        cost, self_paid = (None if amount is None else -abs(amount) for amount in (cost, self_paid))
        reader.count("illness.cost", "marked_reversal")
    refuse_contradiction(cost, self_paid)
    kind = _read_kind(reader, "illness.kind") or _find_stay(reader)
    ask_small_bill(reader, "illness.self_paid" if cost is None else "illness.cost", cost or self_paid, kind)
    visits = reader.list_cells("illness.visits", own=True)
    values = {
        "occurred_on": day.day,
        "kind": kind or "other",
        "visits": read_count(visits[0][1]) if visits else None,
        "cost": cost,
        "self_paid": self_paid,
    }
    number = next((normalise(str(cell)) for _, cell in reader.list_cells("illness.record_id")), None)
    sign: Sign = "reverses" if reverses else "corrects" if corrects else ""
    return [Entry("illness", values, "person", day.precision, number, sign=sign)]


def _find_stay(reader: RowReader) -> str | None:
    """Return that a bill is of a hospital stay if the list has no kinds, and a day of admission or discharge."""
    if reader.has("illness.kind") or not any(map(_TEXT.stay.search, reader.list_headers("illness.occurred_on"))):
        return None
    reader.count("illness.kind", "from_header")
    return "inpatient"


def _read_kind(reader: RowReader, name: str) -> str | None:
    """Read a kind from its column, or from the titles if the row has none, or only says what a disaster destroyed."""
    kind = reader.read_word(name)
    if kind is None and (name == "disaster.kind" or not reader.list_cells(name)):
        kind = reader.find_in_titles(name)
        reader.count(name, "from_title" if kind else "unknown_word")
    return kind


def _make_relocation(reader: RowReader) -> list[Entry]:
    """Return the help for a household that was relocated, and a report if a visit found a problem."""
    if reader.has("help.amount"):
        return make_help(reader, "易地搬迁", once=True)
    entries = []
    if reader.list_cells("help.started_on") or (reader.has("help.started_on") and not reader.has("events.kind")):
        day = reader.require_day("help.started_on")
        entries.append(Entry.date("help", day, "household", measure="易地搬迁"))
    elif not reader.has("events.kind"):
        return _make_report(reader)
    problems = [str(cell) for _, cell in reader.list_cells("events.kind")]
    return entries + (
        _make_report(reader) if any(not _TEXT.no_problem.search(normalise(text)) for text in problems) else []
    )


def _make_fact(kind: str, reader: RowReader) -> list[Entry]:
    """Return what a property comparison says; it is set aside for people and never becomes a record."""
    what = "；".join(str(cell).strip() for _, cell in reader.list_cells("fact.what"))
    day = reader.read_optional_day("fact.happened_on")
    return [Entry("facts", {"kind": kind, "what": what, "happened_on": day.day if day else None})]


def _make_event(reader: RowReader, kind: str, level: Level = "person") -> list[Entry]:
    day = reader.require_day("events.occurred_on")
    amount = refuse_negative(reader.read_amount("events.amount"))
    return [Entry.date("events", day, level, kind=kind, amount=amount)]


def _make_disability(reader: RowReader) -> list[Entry]:
    """Return a disability, unless the row or a remark only says that its certificate was renewed or returned."""
    noted = {code for text in reader.find_notes(_TEXT.remarks) for code in find_words("disability", text)}
    known = reader.read_word("events.kind", "disability") == "known" or noted == {"known"}
    return [] if known else _make_event(reader, "disability")


def _make_school_fee(reader: RowReader) -> list[Entry]:
    aid, fee = (refuse_negative(reader.read_amount(name)) for name in ("help.amount", "events.amount"))
    if fee is None and aid is None:
        raise UnusableValueError("no_amount")
    if not fee and not aid:
        return []
    day = reader.require_day("events.occurred_on", longest=200)
    fees = [Entry.date("events", day, kind="school_fee", amount=fee)] if fee else []
    return [*fees, Entry.date("help", day, measure="资助", amount=aid)] if aid else fees


def _make_unsafe(topic: str, reader: RowReader) -> list[Entry]:
    """Return the event if a cell names a fault of a house or a water supply.

    In lists of water supplies, an unlisted text in the only column names one, and an empty cell means that there is
    none. Without a column, a section may be about those without a fault.
    """
    cells = reader.list_cells("events.kind")
    named = {code for text in reader.context.labels for code in find_words(topic, text)}
    if not reader.has("events.kind") and named == {"safe"}:
        return []
    if topic == "water" and reader.has("events.kind") and not cells:
        return []
    unknown = "unsafe" if topic == "water" and len(cells) == 1 else None
    states: set[str | None] = set()
    for column, cell in cells:
        answer = normalise(str(cell))
        if _TEXT.asks_for_trouble.search(column.header) and answer in ("是", "否"):
            states.add("unsafe" if answer == "是" else "safe")
        else:
            states.add(reader.read_word("events.kind", topic, [cell]) or unknown)
    if "unsafe" not in states and (None in states or (not cells and reader.has("events.kind"))):
        raise UnusableValueError("unknown_word")
    return [] if states == {"safe"} else _make_event(reader, f"{topic}_unsafe", "household")


def make_disaster(reader: RowReader, level: Level = "household") -> list[Entry]:
    """Return the disaster that struck a household or a village."""
    most = 2e6 if level == "household" else 1e10
    loss = refuse_negative(reader.read_amount("disaster.loss", least=10, most=most))
    if loss is None and not reader.list_cells("disaster.occurred_on") and not reader.list_cells("disaster.kind"):
        return []
    day = reader.require_day("disaster.occurred_on")
    return [Entry.date("disaster", day, level, kind=_read_kind(reader, "disaster.kind") or "other", loss=loss)]


def _make_wages(reader: RowReader) -> list[Entry]:
    entries, idle = [], False
    title = next((text for text in reader.context.texts if re.search("公益|务工|外出|企业", text)), "")
    public = "公益" in title and "务工" not in title
    sign: Sign = "corrects" if reader.find_notes(_TEXT.remarks, _TEXT.correction) else ""
    employer = PUBLIC_WORK if public else next(iter(reader.find_notes(_TEXT.employers)), None)
    for column, cell in reader.list_cells("income.wage", own=True):
        reader.at = column.index
        try:
            parsed = read_amount(cell, reader.find_factor(column))
        except UnusableValueError:
            if len(reader.columns["income.wage"]) == 1 or _TEXT.figure.search(normalise(str(cell))):
                raise
            reader.count("income.wage", "no_wage")
            idle = True
            continue
        if parsed is None:
            continue
        reader.count("income.wage", parsed.how)
        refuse_negative(parsed.amount)
        months = 12 if _TEXT.yearly.fullmatch(normalise(column.header)) else 1
        if parsed.amount > 200_000 * months or 0 < parsed.amount < 30 * months:
            raise UnusableValueError("implausible_unit")
        start = reader.require_month(column) if months == 1 else reader.require_year(column)
        values = {"period_start": start, "months": months, "source": "wage", "amount": parsed.amount}
        entries.append(Entry("income", values, "person", "month", employer, sign=sign))
    if "lost" in map(_read_job, reader.find_notes(_TEXT.job_states)):
        return _lose_job(reader, entries)
    if not entries and reader.list_cells("events.occurred_on"):
        return _make_job_loss(reader)
    if not entries and reader.has("income.wage") and not idle:
        raise UnusableValueError("no_amount")
    if (working := _find_working(reader)) is not None:
        entries.append(Entry("members", {"working": working}))
    return entries


def _read_job(text: str) -> str | None:
    codes = find_words("job", text)
    return codes[0] if len(codes) == 1 else None


def _lose_job(reader: RowReader, wages: Sequence[Entry]) -> list[Entry]:
    """Return the wages and the loss of the job, dated to the stated day or to the first month without a wage."""
    paid = [entry for entry in wages if entry.values["amount"]]
    away = Entry("members", {"working": "none"})
    if reader.list_cells("events.occurred_on"):
        return [*paid, *_make_event(reader, "job_loss"), away]
    unpaid = [entry.values["period_start"] for entry in wages if not entry.values["amount"]]
    last = [entry.values["period_start"] for entry in paid[-1:]]
    month = (unpaid or last or [reader.require_day("income.period_start", longest=31).day.replace(day=1)])[0]
    values = {"occurred_on": month, "kind": "job_loss", "amount": None}
    return [*paid, Entry("events", values, "person", "month", continuing=True), away]


def _find_working(reader: RowReader) -> str | None:
    """Return where somebody works, from a word or from the name of another place."""
    cells = [cell for _, cell in reader.list_cells("members.working")]
    if cells and _TEXT.region_name.search(str(cells[0])) and not find_words("members.working", str(cells[0])):
        reader.count("members.working", "place_name")
        return "migrant"
    return reader.read_word("members.working")


def _make_job_loss(reader: RowReader) -> list[Entry]:
    states = [*map(_read_job, reader.find_notes(_TEXT.job_states)), reader.read_word("events.kind", "job")]
    return [] if "employed" in states else _make_event(reader, "job_loss")


_NAMES_CAUSE = {"death": re.compile("死亡|亡故|去世|身故|逝世|火化"), "departure": re.compile("迁出")}
"""Headers of columns with dates that leave no doubt about what happened on these dates."""


def _make_departure(reader: RowReader, default: str = "departure") -> list[Entry]:
    cause = reader.read_word("events.kind", "registration")
    headers = reader.list_headers("members.left_on", "events.occurred_on")
    if cause is None and reader.list_cells("events.kind") and not any(map(_NAMES_CAUSE[default].search, headers)):
        raise UnusableValueError("unknown_word")
    cause = cause or reader.find_in_titles("registration")
    named = default != "death" or any(map(_TEXT.names_death.search, [*headers, *reader.context.texts]))
    if cause is None and not named:
        raise UnusableValueError("unknown_word")
    cause = cause or default
    if cause == "none" and not (default == "departure" and _leaves_for_reason(reader)):
        return []
    names = ("events.occurred_on", "members.left_on") if cause == "death" else ("members.left_on", "events.occurred_on")
    day = reader.require_day(next(filter(reader.has, names), names[1]))
    left = Entry("members", {"left_on": day.day}, "person", day.precision)
    return [Entry.date("events", day, kind="death"), left] if cause == "death" else [left]


def _leaves_for_reason(reader: RowReader) -> bool:
    """Return whether a row has a day of departure, and its kind is only the reason for it, such as 购房入户."""
    headers = reader.list_headers("events.kind", "members.left_on")
    return bool(reader.list_cells("members.left_on")) and "原因" in headers[0] and "迁出" in headers[-1]


def _make_report(reader: RowReader) -> list[Entry]:
    parsed = reader.read_day("events.occurred_on")
    if parsed is None and not reader.has("events.occurred_on"):
        start = reader.context.start
        reader.count("events.occurred_on", "day_from_title" if start else "day_of_receipt")
        parsed = Day(start, "month") if start and start <= reader.received else Day(reader.received)
    if parsed is None:
        raise UnusableValueError("no_date")
    return [Entry.date("events", parsed, "household", kind="report", channel="department")]


OF_VILLAGES = MappingProxyType({"disaster": make_disaster})
"""Topics whose rows may be about a whole village."""

_TOPICS: Mapping[str, Callable[[RowReader], list[Entry]]] = MappingProxyType(
    {
        "register": make_register,
        "illness": _make_illness,
        "allowance": make_help,
        "relief": lambda reader: make_help(reader, "临时救助", once=True),
        "student_aid": lambda reader: make_help(reader, "资助", once=True),
        "relocation": _make_relocation,
        "dropout": lambda reader: _make_event(reader, "dropout"),
        "school_fee": _make_school_fee,
        "disability": _make_disability,
        "disaster": make_disaster,
        "wages": _make_wages,
        "job_loss": _make_job_loss,
        "housing": partial(_make_unsafe, "housing"),
        "water": partial(_make_unsafe, "water"),
        "venture": _make_report,
        "death": lambda reader: _make_departure(reader, "death"),
        "departure": _make_departure,
        "accident": lambda reader: _make_event(reader, "accident"),
        **{kind: partial(_make_fact, kind) for kind in ("vehicle", "licence", "second_home")},
        "lead": _make_report,
    }
)

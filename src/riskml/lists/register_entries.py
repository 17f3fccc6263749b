"""Reads a row of the register's export: a member, the household, its yearly income and its monitoring."""

from __future__ import annotations

from datetime import date
from typing import Any

from riskml.lists.reading.values import read_count
from riskml.lists.row_reader import Entry, RowReader
from riskml.lists.words import find_words


def make_register(reader: RowReader) -> list[Entry]:
    """Return the person and what the row says about the household, which the caller uses only once per household."""
    values: dict[str, Any] = {
        "birth_year": None,
        "sex": reader.read_word("members.sex") or reader.read_word("sex", "members.sex"),
    }
    if (birth := reader.read_optional_day("birth_date")) is not None:
        values["birth_year"] = birth.day.year
    for name in ("labour", "health", "schooling", "working"):
        values[name] = reader.read_word(f"members.{name}")
    for name in ("schooling", "working"):
        if reader.has(f"members.{name}") and not reader.list_cells(f"members.{name}"):
            values[name] = "none"  # the national system leaves these cells empty for members who do not
    return [Entry("members", values), *_make_household(reader)]


def _make_household(reader: RowReader) -> list[Entry]:
    size, exited = reader.list_cells("households.size"), reader.read_optional_day("households.exited_on")
    values = {
        "size": read_count(size[0][1]) if size else None,
        "kind": reader.read_word("households.kind"),
        "exited_on": exited.day if exited else None,
    }
    entries = [Entry("households", values, "household", exited.precision if exited else "day")]
    start = None
    for source in ("wage", "business", "property", "transfer", "total"):
        amount = reader.read_amount(f"income.{source}", most=1e8)
        if source == "business" and (cost := reader.read_amount("income.business_cost", most=1e8)) is not None:
            amount = round((amount or 0) - cost, 4)
            reader.count("income.business", "net_of_costs")
        if amount is not None:
            start = start or _find_register_year(reader)
            income = {"period_start": start, "months": 12, "source": source, "amount": amount, "statement": True}
            entries.append(Entry("income", income, "household", "month"))
    return entries + _make_monitoring(reader)


def _find_register_year(reader: RowReader) -> date:
    """Return the start of the year (October to September) that a register's income is about.

    If no column or title states it, it is the latest year that had ended when the register arrived.
    """
    if (parsed := reader.read_day("income.period_start")) is not None:
        if parsed.precision == "year":
            return date(parsed.day.year - 1, 10, 1)
        return parsed.day.replace(day=1)
    start, end = reader.context.start, reader.context.end
    months = (end.year - start.year) * 12 + end.month - start.month + 1 if start and end else 0
    if start and months == 12:
        year = date(start.year - 1, 10, 1) if start.month == 1 else start
        if year.replace(year=year.year + 1) <= reader.as_of:
            reader.count("income.period_start", "day_from_title")
            return year
    reader.count("income.period_start", "latest_year")
    return date(reader.as_of.year - (1 if reader.as_of.month >= 10 else 2), 10, 1)


def _make_monitoring(reader: RowReader) -> list[Entry]:
    if not reader.list_cells("monitoring.category"):
        return []
    category, entered = reader.read_word("monitoring.category"), reader.read_optional_day("monitoring.entered_on")
    if category is None or entered is None:
        reader.count("monitoring.entered_on", "left_out")
        return []
    cleared = reader.read_optional_day("monitoring.cleared_on")
    cells = reader.list_cells("monitoring.causes")
    causes = [cause for _, cell in cells for cause in find_words("monitoring.causes", str(cell)) or ["other"]]
    values = {
        "category": category,
        "entered_on": entered.day,
        "cleared_on": cleared.day if cleared and cleared.day >= entered.day else None,
        "causes": ";".join(sorted(set(causes))) or None,
    }
    return [Entry("monitoring", values, "household", entered.precision)]

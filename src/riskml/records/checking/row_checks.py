"""Checks that compare the cells of one row."""

from __future__ import annotations

from collections.abc import Iterator

from riskml.records.checking.registry import Probe, check, has_columns, select_raw
from riskml.records.contract.calendar import STATEMENT_DELAY
from riskml.records.contract.schema import Table
from riskml.records.reading.cell_sql import build_day_sql
from riskml.records.reading.folder import Folder

LATE_MONTHS = 36
"""A row recorded more than this many months after the date it is about is too old to count once it becomes known."""


SPANS = (("started_on", "ended_on"), ("entered_on", "cleared_on"))
"""Columns with the first and the last day of what a row is about."""


def build_recorded_sql(table: Table) -> str:
    """Build the SQL for the day on which a row became known.

    >>> from riskml.records.contract.schema import TABLES
    >>> build_recorded_sql(TABLES["events"])
    'coalesce(recorded_on, occurred_on)'
    """
    day = build_day_sql(table)
    if table.name == "income":
        day = f"if(coalesce(statement, false), last_day(({day} + to_months({STATEMENT_DELAY}))::DATE), {day})"
    return f"coalesce(recorded_on, {day})"


@check(income="amount")
def withdraws_nothing(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a null amount without a record_id: a null amount withdraws a record, so the row must say which one."""
    where = f"amount IS NULL AND {select_raw(folder, table, 'amount')} IS NULL AND record_id IS NULL"
    yield Probe("amount", where)


@check()
def withdrawn_without_record(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a withdrawal that does not say which record it withdraws."""
    if has_columns(folder, table.name, "withdrawn"):
        yield Probe("withdrawn", "withdrawn AND record_id IS NULL")


@check()
def ends_before_start(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report help that ended, or monitoring that was cleared, before it began."""
    for start, end in SPANS:
        if has_columns(folder, table.name, start, end):
            yield Probe(end, f"{end} < {start}", value=end, values={"start": start})


@check()
def household_or_region(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a disaster that names both a household and a region, or neither."""
    if table.name == "disaster":
        where = "(household_id IS NULL) = (region_code IS NULL)"
        # An absent column counts as empty. If a column has the wrong type, that fault is reported instead.
        if not {"household_id", "region_code"} & folder.layouts["disaster"].wrong:
            yield Probe("", where, value="household_id")


@check()
def recorded_before_day(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a row recorded before the date it is about (for income, before its period began).

    One of the two dates is probably mistyped.
    """
    if table.day and has_columns(folder, table.name, "recorded_on", table.day):
        yield Probe("recorded_on", f"recorded_on < {table.day}", values={"day": table.day})


@check()
def recorded_very_late(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a row that is too old to count by the time it is known; monitoring is exempt, as it counts at any age."""
    if table.day and not table.key and has_columns(folder, table.name, "recorded_on", table.day):
        # Counting 31 days per month allows for months of any length, without calendar arithmetic on each row.
        where = f"recorded_on - {table.day} > {31 * LATE_MONTHS}"
        if table.day == "period_start":
            where = f"recorded_on - period_start - 31::BIGINT * months > {31 * LATE_MONTHS}"
        yield Probe("recorded_on", where, values={"months": LATE_MONTHS})


@check(illness="self_paid cost")
def self_paid_above_cost(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a self-paid amount that exceeds the total cost by more than rounding can explain."""
    yield Probe("self_paid", "self_paid > cost + 1", value="self_paid")

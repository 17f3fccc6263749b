"""Checks that compare the rows of one table: records, versions and lines that contradict one another."""

from __future__ import annotations

from collections.abc import Iterator

from riskml.records.checking.registry import Probe, check, has_columns, select_readable
from riskml.records.checking.row_checks import build_recorded_sql
from riskml.records.contract.schema import Kind, Table
from riskml.records.reading.cell_sql import fetch_row, quote
from riskml.records.reading.folder import Folder
from riskml.text import Joined

__all__ = ["FILLED_LATER", "POSITION", "select_counted_income", "select_repeated_contents", "select_uncorrected"]

POSITION = '"#file", "#row"'

FILLED_LATER = ("ended_on", "channel")
"""Columns that a later delivery of the same row may have filled in."""

_CUT = {
    "[0-9]{15}0+": "Codes that end in zeros after 15 digits may have been different before a spreadsheet cut them: in "
    "that case, delete no row, and export the codes again as text."
}


@check()
def duplicate_record(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report two rows of one record if neither is later than the other."""
    if table.find_column("record_id") is None or not has_columns(folder, table.name, "record_id", str(table.day)):
        return
    repeated = folder.find_repeated_records(table.name)
    if not fetch_row(folder.connection, f"SELECT count(*) FROM {repeated}")[0]:
        return
    rows = f"""
        WITH known AS (
            SELECT {POSITION}, record_id, {build_recorded_sql(table)} AS known
            FROM {select_readable(folder, table)} SEMI JOIN {repeated} USING (record_id))
        SELECT {POSITION}, record_id AS "#value" FROM known
        SEMI JOIN (SELECT record_id, known FROM known GROUP BY ALL HAVING count(*) > 1) twice
        ON known.record_id = twice.record_id AND known.known IS NOT DISTINCT FROM twice.known"""
    yield Probe("record_id", "share record_id and recorded_on with another row", rows=rows)


@check()
def duplicate_version(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report two versions of a household, member or monitoring entry if neither is later than the other."""
    if table.key and has_columns(folder, table.name, *table.key):
        key = ", ".join(map(quote, table.key))
        rows = _select_rows_sharing(folder, table, f"{key}, recorded_on", table.key[0])
        values = {"key": Joined(table.key, " and ")}
        message = "share {key} and recorded_on with another row"
        yield Probe("recorded_on", message, rows=rows, values=values, advice=_CUT)


@check(lines="effective_from")
def duplicate_line(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report two lines if neither takes precedence over the other."""
    key = "coalesce(region_code, ''), effective_from, coalesce(recorded_on, effective_from)"
    message = "share region_code, effective_from and recorded_on with another row"
    yield Probe("effective_from", message, rows=_select_rows_sharing(folder, table, key, "effective_from"))


def _select_rows_sharing(folder: Folder, table: Table, key: str, value: str) -> str:
    """Build the SQL that selects rows with the same key as another row; rows in which ``value`` is null are ignored."""
    return f"""
        SELECT * EXCLUDE (n) FROM (
            SELECT {POSITION}, {value} AS "#value", count(*) OVER (PARTITION BY {key}) AS n
            FROM {select_readable(folder, table)} WHERE {value} IS NOT NULL)
        WHERE n > 1"""


@check(income="household_id period_start source statement")
def duplicate_statement(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report two income statements if neither is later than the other."""
    stated = "CASE WHEN statement AND member_id IS NULL THEN household_id END"
    key = f"{stated}, source, period_start, {build_recorded_sql(table)}"
    message = "have the same source, period_start and recorded_on as another statement of their household"
    yield Probe("statement", message, rows=_select_rows_sharing(folder, table, key, stated))


@check()
def equal_rows(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report all but the first of several equal rows, since they may have been imported more than once."""
    if table.find_column("record_id") is None or not has_columns(folder, table.name, str(table.day)):
        return
    candidates = select_repeated_contents(folder, table)
    cells = ", ".join(quote(name) for name in table.names if name != "record_id")
    rows = f"""
        WITH candidates AS (FROM ({candidates}) WHERE record_id IS NULL)
        SELECT {POSITION} FROM (
            SELECT {POSITION}, row_number() OVER (PARTITION BY {cells} ORDER BY {POSITION}) AS copy FROM candidates)
        WHERE copy > 1"""
    yield Probe("", "are identical to an earlier row and have no record_id, so both count", rows=rows)


@check(income="household_id period_start source amount")
def total_and_sources(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report the rows of a household that cover the same month, some with ``total`` and some with another source.

    Only the latest row of each record is considered.
    """
    numbered = select_readable(folder, table)
    kinds = "bool_or(source = 'total') AND bool_or(source <> 'total')"
    if not fetch_row(folder.connection, f"SELECT {kinds} FROM {numbered}")[0]:
        return
    rows = f"""
        WITH mixed AS (
            SELECT household_id FROM {numbered} GROUP BY household_id
            HAVING {kinds}),
        counted AS ({select_counted_income(folder, table, "SEMI JOIN mixed USING (household_id)")}),
        monthly AS (
            SELECT {POSITION}, household_id, source = 'total' AS whole,
                unnest(range(first, first + least(months, 1200))) AS month
            FROM counted),
        clash AS (
            SELECT household_id, month FROM monthly GROUP BY ALL HAVING bool_or(whole) AND NOT bool_and(whole))
        SELECT DISTINCT {POSITION}, household_id AS "#value" FROM monthly SEMI JOIN clash USING (household_id, month)"""
    yield Probe("source", "cover a month of a household both as a total and by source", rows=rows)


def select_uncorrected(folder: Folder, table: Table) -> str:
    """Build the SQL for the rows that can be compared and share their ``record_id`` with no other row."""
    return f"{select_readable(folder, table)} ANTI JOIN {folder.find_repeated_records(table.name)} USING (record_id)"


def select_repeated_contents(folder: Folder, table: Table) -> str:
    """Build the SQL for the rows that may equal another row but for ``recorded_on``, ``record_id`` and amounts.

    The columns of `FILLED_LATER` may differ too. Rows with the same ``h`` do. Rows that share their ``record_id`` with
    another row are left out: these are corrections.
    """
    amounts = [column.name for column in table.columns if column.kind is Kind.AMOUNT]
    later = [name for name in FILLED_LATER if name in table.names]
    others = ("record_id", "recorded_on", *later, *amounts)
    cells = ", ".join(quote(name) for name in table.names if name not in others)
    source = select_uncorrected(folder, table)
    return f"""
        SELECT {POSITION}, record_id, recorded_on, h, {", ".join([*amounts, *later])}, {cells}
        FROM (SELECT *, hash({cells}) AS h FROM {source})
        SEMI JOIN {folder.find_repeated(table.name, source, cells)} USING (h)"""


def select_counted_income(folder: Folder, table: Table, only: str = "") -> str:
    """Build the SQL that selects income rows that add up: the latest of each record, no statement, no single person.

    ``first`` is the number of the first month of a row; ``only`` is a join that limits the rows.
    """
    numbered, recorded = select_readable(folder, table), build_recorded_sql(table)
    return f"""
        SELECT {POSITION}, household_id, source, amount, months,
            year(period_start) * 12 + month(period_start) - 1 AS first
        FROM {numbered} r {only} LEFT JOIN (
            SELECT record_id, max({recorded}) AS latest FROM {numbered}
            SEMI JOIN {folder.find_repeated_records("income")} USING (record_id) GROUP BY record_id) l USING (record_id)
        WHERE amount IS NOT NULL AND (latest IS NULL OR {recorded} = latest)
            AND NOT coalesce(statement, false) AND member_id IS NULL"""

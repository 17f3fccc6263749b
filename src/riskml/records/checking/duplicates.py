"""Checks that compare the rows of one table: records, versions and lines that contradict one another."""

from __future__ import annotations

from collections.abc import Iterator

from riskml.records.checking.registry import Probe, check, has_columns, select_readable
from riskml.records.checking.row_checks import build_recorded_sql
from riskml.records.contract.schema import TABLES, Kind, Table
from riskml.records.reading.cell_sql import NULL_FIRST, fetch_row, quote
from riskml.records.reading.folder import Folder
from riskml.text import Joined

POSITION = '"#file", "#row"'

FILLED_LATER = ("ended_on", "channel")
"""Columns that a later delivery of the same row may have filled in."""


@check()
def duplicate_record(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report two rows of one record if neither is later than the other."""
    if table.find_column("record_id") is None or not has_columns(folder, table.name, "record_id", str(table.day)):
        return
    rows = f"""
        SELECT {POSITION}, record_id AS "#value" FROM {find_corrections(folder, table)}
        QUALIFY count(*) OVER (PARTITION BY record_id, known) > 1"""
    yield Probe("record_id", rows=rows)


@check()
def duplicate_version(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report two versions of a household, member or monitoring entry if neither is later than the other."""
    if table.key and has_columns(folder, table.name, *table.key):
        key = ", ".join(map(quote, table.key))
        rows = _select_rows_sharing(folder, table, f"{key}, recorded_on", table.key[0])
        yield Probe("recorded_on", rows=rows, values={"key": Joined(table.key, " and ")})


@check(lines="effective_from")
def duplicate_line(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report two lines if neither takes precedence over the other."""
    key = "coalesce(region_code, ''), effective_from, coalesce(recorded_on, effective_from)"
    yield Probe("effective_from", rows=_select_rows_sharing(folder, table, key, "effective_from"))


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
    yield Probe("statement", rows=_select_rows_sharing(folder, table, key, stated))


@check()
def equal_rows(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report all but the first of several equal rows, since they may have been imported more than once."""
    if table.find_column("record_id") is None or not has_columns(folder, table.name, str(table.day)):
        return
    cells = ", ".join(quote(name) for name in table.names if name != "record_id")
    rows = f"""
        SELECT {POSITION} FROM {find_repeated_contents(folder, table)} WHERE record_id IS NULL
        QUALIFY row_number() OVER (PARTITION BY {cells} ORDER BY {POSITION}) > 1"""
    yield Probe("", rows=rows)


@check(income="household_id period_start source amount")
def total_and_sources(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report the rows of a household that cover the same month, some with ``total`` and some with another source.

    Only the latest row of each record is considered.
    """
    numbered = select_readable(folder, table)
    kinds = "bool_or(source = 'total') AND bool_or(source <> 'total')"
    if not fetch_row(folder.connection, f"SELECT {kinds} FROM {group_income(folder)}")[0]:
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
    yield Probe("source", rows=rows)


def select_latest(folder: Folder, table: str) -> str:
    """Build the SQL for the latest version of each household, member or monitoring entry."""
    key = ", ".join(TABLES[table].key)
    return f"""(
        FROM {folder.get_numbered_view(table)}
        QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {NULL_FIRST} DESC, {POSITION}) = 1)"""


def find_corrections(folder: Folder, table: Table) -> str:
    """Find the rows that can be compared and share their ``record_id`` with another row; return the table's name.

    It has the day on which each row became ``known``, too.
    """
    repeated = folder.find_repeated_records(table.name)
    return folder.create_once(
        f'"#corrections {table.name}"',
        f"SELECT *, {build_recorded_sql(table)} AS known FROM {select_readable(folder, table)}"
        f" SEMI JOIN {repeated} USING (record_id)",
    )


def select_uncorrected(folder: Folder, table: Table) -> str:
    """Build the SQL for the rows that can be compared and share their ``record_id`` with no other row."""
    return f"{select_readable(folder, table)} ANTI JOIN {folder.find_repeated_records(table.name)} USING (record_id)"


def group_income(folder: Folder) -> str:
    """Group the income of each household and source; return the name of the table.

    Of the positive amounts, as amounts a month, it has the number ``n``, the ``largest``, the ``total``, and the mean
    of the logarithms (``level``). ``density`` is the number of rows for each month in which rows start.
    """
    # Months are marked in 64 bits, so that rows that are 64 months apart seem to start in one month.
    start = "(12 * year(period_start) + month(period_start)) & 63"
    return folder.create_once(
        '"#groups income"',
        f"""SELECT household_id, source, count(monthly) AS n, max(monthly) AS largest, sum(monthly) AS total,
            avg(ln(monthly)) AS level, count(*) / bit_count(bit_or(1::UBIGINT << start)) AS density
        FROM (SELECT household_id, source, ({start})::UBIGINT AS start,
                if(amount > 0 AND isfinite(amount) AND months > 0, amount / months, NULL) AS monthly
            FROM {folder.get_view("income")}) GROUP BY ALL""",
    )


def find_repeated_contents(folder: Folder, table: Table) -> str:
    """Find the rows that may equal another row but for ``recorded_on``, ``record_id`` and amounts.

    The columns of `FILLED_LATER` may differ too. Rows with the same ``h`` do. Rows that share their ``record_id`` with
    another row are left out: these are corrections. The name of a table of the rows is returned.
    """
    amounts = [column.name for column in table.columns if column.kind is Kind.AMOUNT]
    later = [name for name in FILLED_LATER if name in table.names]
    others = ("record_id", "recorded_on", *later, *amounts)
    cells = ", ".join(quote(name) for name in table.names if name not in others)
    source = select_uncorrected(folder, table)
    if table.name == "income":
        source += f" SEMI JOIN (FROM {group_income(folder)} WHERE density > 1) USING (household_id, source)"
    repeated = folder.find_repeated(f"equal_{table.name}", source, cells)
    return folder.create_once(
        f'"#repeated {table.name}"',
        f"SELECT {POSITION}, record_id, recorded_on, h, {', '.join([*amounts, *later])}, {cells}"
        f" FROM (SELECT *, hash({cells}) AS h FROM {source}) SEMI JOIN {repeated} USING (h)",
    )


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

"""SQL for stored records: adding rows, and reading the rows of some households."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Select,
    Update,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from riskml.records.contract.schema import TABLES
from riskml_serving.base.database.upserts import insert_missing
from riskml_serving.store.records.columns import Columns, Rows
from riskml_serving.store.records.tables import PURPOSE, RECORDS, list_columns, read_attributes

Value = TypeVar("Value")

CHUNK = 500
"""Maximum number of codes in one query: below every database's limit on parameters."""

CODES: BindParameter[Any] = bindparam("codes", expanding=True)
DAYS: BindParameter[Any] = bindparam("days", expanding=True)


def is_not_superseded(table: FromClause) -> ColumnElement[bool]:
    """Make the condition that a row of records was not replaced by a later row on the same day."""
    return ~table.c.superseded


def _select_rows(name: str, key: str) -> Select[Any]:
    """Build the statement that reads a table's rows for some codes.

    Each statement is built only once, below, because building one takes as long as reading the rows.
    """
    table = RECORDS[name]
    return select(*list_columns(name)).where(table.c[key].in_(CODES), is_not_superseded(table)).order_by(table.c.row_id)


HOUSEHOLD_QUERIES = {name: _select_rows(name, "household_id") for name in TABLES if name != "lines"}
REGION_QUERY = _select_rows("disaster", "region_code")


def _select_same_days(name: str, key: str) -> Select[Any]:
    """Build the statement that reads the rows for some codes that state one of some days of recording, or none."""
    day = RECORDS[name].c.recorded_on
    return _select_rows(name, key).where(or_(day.is_(None), day.in_(DAYS)))


SAME_DAY_QUERIES = {name: {"household_id": _select_same_days(name, "household_id")} for name in HOUSEHOLD_QUERIES}
SAME_DAY_QUERIES["disaster"]["region_code"] = _select_same_days("disaster", "region_code")


def split_codes(codes: Sequence[Value], size: int = CHUNK) -> Iterator[Sequence[Value]]:
    """Cut a list of codes or numbers into parts, each short enough for one query.

    >>> list(split_codes(["a", "b", "c"], 2))
    [['a', 'b'], ['c']]
    """
    return (codes[start : start + size] for start in range(0, len(codes), size))


def read_in(connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Iterable[Any]) -> Rows:
    """Read the rows of a query whose column has one of some values, however many these are.

    The values are sorted and read in parts: only rows of one part are in the order that the query asks for.
    """
    parts = (connection.execute(query.where(column.in_(part))).mappings() for part in split_codes(sorted(values)))
    return [dict(row) for rows in parts for row in rows]


def change_in(
    connection: Connection, statement: Update | Delete, column: ColumnElement[Any], values: Iterable[Any]
) -> None:
    """Update or delete the rows whose column has one of some values, however many these are."""
    for part in split_codes(sorted(values)):
        connection.execute(statement.where(column.in_(part)))


def holds_records(connection: Connection) -> bool:
    """Return whether any record is stored."""
    return any(connection.execute(select(table.c.row_id).limit(1)).first() for table in RECORDS.values())


def read_purpose(connection: Connection) -> bool | None:
    """Read whether the records count as simulated; None if this has not been set yet."""
    return connection.execute(select(PURPOSE.c.simulated)).scalar()


def add_purpose(connection: Connection, *, simulated: bool) -> None:
    """Save whether the records count as simulated, unless that is already saved."""
    insert_missing(connection, PURPOSE, [{"purpose_id": 1, "simulated": simulated}])


def read_lines(connection: Connection) -> Columns:
    """Read all monitoring lines, as columns."""
    table = RECORDS["lines"]
    query = select(*list_columns("lines")).where(is_not_superseded(table)).order_by(table.c.row_id)
    return _to_columns("lines", connection.execute(query).all())


def read_regional(connection: Connection) -> Columns:
    """Read the disasters in all regions, as columns."""
    table = RECORDS["disaster"]
    query = select(*list_columns("disaster")).where(table.c.household_id.is_(None), is_not_superseded(table))
    return _to_columns("disaster", connection.execute(query.order_by(table.c.row_id)).all())


def read_raw_rows(connection: Connection, name: str, codes: Sequence[str]) -> Columns:
    """Read the rows of some households in one table, as columns, with attributes as JSON; see :func:`read_rows`."""
    rows = [row for part in split_codes(codes) for row in connection.execute(HOUSEHOLD_QUERIES[name], {"codes": part})]
    return _to_columns(name, rows)


def read_rows(connection: Connection, name: str, codes: Sequence[str]) -> Columns:
    """Read the rows of some households in one table, as columns; each household's rows are in order of receipt.

    The caller must have checked the codes against a region: see ``store.households.repository``.
    """
    columns = read_raw_rows(connection, name, codes)
    return {**columns, **read_attributes(columns.pop("attributes"))} if TABLES[name].attributes else columns


def read_tables(connection: Connection, codes: Sequence[str]) -> dict[str, Columns]:
    """Read everything about some households, as columns by table.

    ``disaster`` also holds disasters in the regions that contain the households; in these rows the household is null.
    The caller must have checked the codes against a region.
    """
    tables = {name: read_rows(connection, name, codes) for name in HOUSEHOLD_QUERIES}
    prefixes = sorted(list_prefixes(tables["households"]["region_code"]))
    rows = [row for part in split_codes(prefixes) for row in connection.execute(REGION_QUERY, {"codes": part})]
    for name, values in _to_columns("disaster", rows).items():
        tables["disaster"][name] += values
    return {**tables, "lines": read_lines(connection)}


def list_prefixes(regions: Iterable[str]) -> set[str]:
    """Return every prefix of the region codes: the codes themselves and those of all regions that contain them.

    >>> sorted(list_prefixes(["37"]))
    ['', '3', '37']
    """
    return {code[:length] for code in set(regions) for length in range(len(code) + 1)}


def _to_columns(name: str, rows: Sequence[Any]) -> Columns:
    """Turn rows with the fields of :func:`list_columns` into columns."""
    names = [column.name for column in list_columns(name)]
    return dict(zip(names, map(list, zip(*rows, strict=True)) if rows else ([] for _ in names), strict=True))


def add_rows(connection: Connection, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Append rows to one table; each row must have every column of the table except ``row_id``."""
    if rows:
        connection.execute(insert(RECORDS[name]), list(rows))


def read_same_days(connection: Connection, name: str, rows: Rows) -> Columns:
    """Read the stored rows of which new rows of a table may replace some, as columns.

    These are the rows of the same households or regions that state the same days of recording, or none; of ``lines``,
    all.
    """
    if name == "lines":
        return read_lines(connection)
    days, stored = sorted({row["recorded_on"] for row in rows}), list[Any]()
    for key, query in SAME_DAY_QUERIES[name].items():
        for part in split_codes(sorted({row[key] for row in rows if row[key] is not None})):
            stored += connection.execute(query, {"codes": part, "days": days})
    return _to_columns(name, stored)


def supersede(connection: Connection, name: str, keys: Iterable[Mapping[str, Any]]) -> None:
    """Mark the rows in force with these keys and days of recording as replaced; nulls are equal to one another.

    Only a day's final state counts as known on that day, so a row never counts if a later one corrects it with the same
    ``recorded_on``. The data contract forbids two rows for one record on one day; the first row is marked so that
    queries leave it out.
    """
    table, names = RECORDS[name], [*TABLES[name].full_identity, "recorded_on"]
    groups = defaultdict[tuple[str, ...], list[dict[str, Any]]](list)
    for key in keys:
        stated = {column: key[column] for column in names if key[column] is not None}
        groups[tuple(stated)].append({f"the_{column}": value for column, value in stated.items()})
    for filled, values in groups.items():  # a comparison that accepts nulls would use no index
        same = [table.c[c] == bindparam(f"the_{c}") if c in filled else table.c[c].is_(None) for c in names]
        connection.execute(update(table).where(*same, is_not_superseded(table)).values(superseded=True), values)

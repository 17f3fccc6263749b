"""Compares the rows of a records folder with those that are stored, for a few thousand households at a time.

A row that is stored already brings nothing new. Equal rows without a record number add up, so that of three equal rows
of a folder, one is new if two are stored. Any other row is new; it replaces the stored row for the same record or
version that was recorded on the same day, as in ``POST /v1/records``. Stored rows that the folder lacks stay.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from riskml.errors import UsageError
from riskml.records.checking.row_checks import build_recorded_sql
from riskml.records.contract.arrow_types import ARROW_TYPES
from riskml.records.contract.schema import TABLES
from riskml.records.panel.clashes import find_repeated_statements, find_total_clashes
from riskml.records.reading.cell_sql import NULL_FIRST, connect, quote
from riskml.records.reading.folder import Folder
from riskml.text import shorten_list
from riskml.vocabulary.regions import Level
from riskml_serving.store.records.tables import write_attributes

PART = 8192
"""Number of households in a part."""

REGISTER = pa.schema(
    [
        ("household_id", pa.string()),
        ("region_code", pa.string()),
        ("digest", pa.int64()),
    ]
)
"""Columns of the households in a part: ``region_code`` is null if the part does not say where the household lives."""

Rows = Mapping[str, pa.Table]


@dataclass(frozen=True)
class Delta:
    """The new rows of a table, and the keys and days of recording of the stored rows that they replace."""

    new: pa.Table
    replaced: pa.Table


def name_replaced(name: str) -> str:
    """Return the name under which the stored rows that a part replaces in a table are staged."""
    return f"{name}:replaced"


def to_arrow(name: str, columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Turn a table's columns into an Arrow table with the contract's types; attributes are JSON."""
    types = {column.name: ARROW_TYPES[column.kind] for column in TABLES[name].columns}
    types |= {"attributes": pa.string()} if TABLES[name].attributes else {}
    return pa.table({column: pa.array(columns[column], kind) for column, kind in types.items()})


def compare(name: str, delivered: pa.Table, stored: pa.Table) -> Delta:
    """Find the rows of a delivery that are new, and the stored rows that they replace.

    Parameters
    ----------
    name : str
        Name of a table of the contract.
    delivered, stored : pyarrow.Table
        Rows with the contract's columns, and ``attributes`` as JSON if the table has attributes. ``stored`` holds only
        rows that are in force.

    Examples
    --------
    >>> row = {name: [None] for name in TABLES["lines"].names}
    >>> line = to_arrow("lines", {**row, "effective_from": [dt.date(2024, 1, 1)], "amount": [8500.0]})
    >>> compare("lines", line, line).new.num_rows
    0
    >>> other = to_arrow("lines", {**row, "effective_from": [dt.date(2024, 1, 1)], "amount": [8700.0]})
    >>> compare("lines", other, line).replaced.to_pylist()
    [{'region_code': None, 'effective_from': datetime.date(2024, 1, 1), 'recorded_on': None}]
    """
    names = [*TABLES[name].full_identity, "recorded_on"]
    if not stored.num_rows or not delivered.num_rows:
        return Delta(delivered, stored.select(names).slice(0, 0))
    with connect() as connection:
        defaults = {quote(column.name): column.default for column in TABLES[name].columns if column.default is not None}
        columns = [*map(quote, delivered.column_names)]
        normal = (f"coalesce({n}, {defaults[n]})" if n in defaults else n for n in columns)
        own = ", ".join(columns)
        connection.register("delivered", delivered)
        connection.register("stored", stored)
        rows = "delivered"
        if TABLES[name].find_column("record_id") is not None:
            rows = f"""(
                SELECT d.* REPLACE (coalesce(s.record_id, d.record_id) AS record_id) FROM delivered d LEFT JOIN (
                    SELECT DISTINCT record_id, {build_exported_sql(name)} AS exported FROM stored
                ) s ON s.exported = d.record_id)"""
        connection.execute(
            f"CREATE TEMP TABLE new AS SELECT {own} FROM {rows} EXCEPT ALL SELECT {', '.join(normal)} FROM stored"
        )
        known = build_known_sql(name)
        replaced = connection.sql(f"""
            SELECT DISTINCT {", ".join(names)} FROM (SELECT *, {known} AS "#known" FROM stored) s
            WHERE {TABLES[name].identity[-1]} IS NOT NULL AND EXISTS (
                FROM (SELECT *, {known} AS "#known" FROM new) n
                WHERE {_match_sql("s", "n", [*TABLES[name].full_identity, '"#known"'])})""")
        return Delta(connection.sql(f"SELECT {own} FROM new ORDER BY ALL").to_arrow_table(), replaced.to_arrow_table())


def build_exported_sql(name: str) -> str:
    """Build the SQL for the number that an export gives to a record whose own number several households use.

    Within a table of a folder, a record number is unique; if the export is imported here, the record is known again.
    """
    owner = ", ".join(column for column in TABLES[name].full_identity if column != "record_id")
    return f"left(sha256(coalesce({owner}) || '|' || record_id), 32)"


def build_known_sql(name: str) -> str:
    """Build the SQL for the day that decides which row of a key is the latest."""
    if name == "lines":
        return "coalesce(recorded_on, effective_from)"
    return "recorded_on" if TABLES[name].key else build_recorded_sql(TABLES[name])


def _match_sql(left: str, right: str, names: Sequence[str]) -> str:
    """Build the SQL condition that some columns of two tables are equal; nulls are equal to one another."""
    return " AND ".join(f"{left}.{column} IS NOT DISTINCT FROM {right}.{column}" for column in names)


def _merge(name: str, stored: pa.Table, delta: Delta) -> pa.Table:
    """Return the rows that will be in force."""
    with connect() as connection:
        for view, table in (("stored", stored), ("new", delta.new), ("replaced", delta.replaced)):
            connection.register(view, table)
        own, names = ", ".join(map(quote, delta.new.column_names)), [*TABLES[name].full_identity, "recorded_on"]
        return connection.sql(f"""
            SELECT {own} FROM stored s WHERE NOT EXISTS (FROM replaced r WHERE {_match_sql("s", "r", names)})
            UNION ALL SELECT {own} FROM new""").to_arrow_table()


class Delivery:
    """A checked records folder, read in parts.

    Parameters
    ----------
    opened : Folder
    today : date
        Date as of which households are located.
    """

    def __init__(self, opened: Folder, today: dt.date) -> None:
        self.opened, self.today = opened, today
        self.tables = [name for name in opened.tables if not TABLES[name].required]
        """Tables that the folder states in full for each of its households."""

    def compute_digests(self) -> dict[str, int]:
        """Compute a hash of each household's rows and of the names of the tables, in code order.

        Rows may be in any order. Another version of DuckDB may give other hashes; the rows are then compared.
        """
        parts = []
        for name in self.opened.tables:
            if TABLES[name].find_column("household_id") is not None:
                rows = self.opened.build_rows_sql(name)
                parts.append(
                    f"SELECT household_id, hash('{name}', r) AS h FROM ({rows}) r WHERE household_id IS NOT NULL"
                )
        query = f"""
            SELECT household_id, ((sum(h) + hash($tables)) % 9223372036854775807)::BIGINT
            FROM ({" UNION ALL ".join(parts)}) GROUP BY household_id ORDER BY household_id"""
        pairs = self.opened.connection.execute(query, {"tables": ";".join(self.opened.tables)}).fetchall()
        return dict(pairs)

    def list_counties(self) -> list[str]:
        """List the codes of the counties in which the households live."""
        county = f"SELECT DISTINCT left(region_code, {Level.COUNTY:d}) AS county"
        rows = self.opened.connection.sql(f"{county} FROM {self.opened.get_view('households')} ORDER BY county")
        return [code for (code,) in rows.fetchall()]

    def choose(self, codes: Sequence[str]) -> None:
        """Choose the households of the next part."""
        self.opened.connection.register("chosen", pa.table({"household_id": pa.array(codes, pa.string())}))

    def read(self, name: str) -> pa.Table:
        """Read the rows of the chosen households in a table, in a fixed order."""
        rows = f"SELECT * FROM ({self.opened.build_rows_sql(name)}) SEMI JOIN chosen USING (household_id) ORDER BY ALL"
        return self._complete(name, self.opened.connection.sql(rows).to_arrow_table())

    def read_regional(self, name: str) -> pa.Table:
        """Read the rows of a table that belong to no household."""
        where = "WHERE household_id IS NULL" if TABLES[name].find_column("household_id") is not None else ""
        rows = f"SELECT * FROM ({self.opened.build_rows_sql(name)}) {where} ORDER BY ALL"
        return self._complete(name, self.opened.connection.sql(rows).to_arrow_table())

    def _complete(self, name: str, rows: pa.Table) -> pa.Table:
        """Turn the columns of attributes into one column of JSON, as the database stores them."""
        declared = TABLES[name]
        if not declared.attributes:
            return rows
        rest = rows.drop_columns(list(declared.names)).to_pylist()
        texts = pa.array([write_attributes(row) for row in rest], pa.string())
        return rows.select(declared.names).append_column("attributes", texts)

    def compare_part(self, digests: Mapping[str, int], stored: Rows) -> dict[str, pa.Table]:
        """Compare the rows of some households with those that are stored.

        Parameters
        ----------
        digests : dict of str to int
            Digests of the chosen households, none of which is closed.
        stored : dict of str to pyarrow.Table
            Their stored rows that are in force, by table; empty if none of them is in the register.

        Returns
        -------
        dict of str to pyarrow.Table
            The tables of a part, by name; see ``IMPORT_PARTS``.

        Raises
        ------
        UsageError
            If the income of a household would contradict itself.
        """
        self.choose(list(digests))
        out, regions = {}, dict[str, str]()
        for name in self.opened.tables:
            if TABLES[name].find_column("household_id") is None:
                continue
            old, rows = _normalise(name, stored[name]) if stored else None, self.read(name)
            delta = compare(name, rows, rows.slice(0, 0) if old is None else old)
            out[name], out[name_replaced(name)] = delta.new, delta.replaced
            if name == "income" and old is not None and old.num_rows and delta.new.num_rows:
                income = _merge(name, old, delta)
                _refuse_clashes(income.filter(pc.is_in(income["household_id"], delta.new["household_id"])))
            if name == "households":
                moved = delta if old is None else Delta(_merge(name, old, delta), delta.replaced)
                regions = self._locate(moved.new, set(delta.new["household_id"].to_pylist()))
        columns = [list(digests), [regions.get(code) for code in digests], list(digests.values())]
        out["register"] = pa.table(columns, REGISTER)
        return {name: table for name, table in out.items() if table.num_rows}

    def _locate(self, versions: pa.Table, codes: set[str]) -> dict[str, str]:
        """Find where some households are known to live today or, if unknown, their first recorded regions."""
        with connect() as connection:
            connection.register("versions", versions)
            query = f"""
                SELECT household_id, coalesce(
                    arg_max(region_code, {NULL_FIRST}) FILTER ({NULL_FIRST} <= $today),
                    arg_min(region_code, recorded_on))
                FROM versions GROUP BY household_id"""
            rows = connection.execute(query, {"today": self.today}).fetchall()
        return {code: region for code, region in rows if code in codes}


def _normalise(name: str, stored: pa.Table) -> pa.Table:
    """Write the numbers among stored attributes as an import does: a request may have sent 1 for 1.0."""
    if not TABLES[name].attributes:
        return stored
    texts = [text and write_attributes(json.loads(text, parse_int=float)) for text in stored["attributes"].to_pylist()]
    at = stored.column_names.index("attributes")
    return stored.set_column(at, "attributes", pa.array(texts, pa.string()))


def _refuse_clashes(income: pa.Table) -> None:
    """Refuse income rows of which those delivered contradict those stored.

    Raises
    ------
    UsageError
    """
    columns = {name: income[name].to_pylist() for name in income.column_names}
    rows = {*find_total_clashes(columns), *find_repeated_statements(columns)}
    if codes := sorted({columns["household_id"][i] for i in rows}):
        raise UsageError(
            "The income of {count:,} households would contradict what is stored: {codes}.",
            "A month must not have both a total and a single source, and two statements of one source and start need "
            "different days of recording. Correct the folder, or withdraw the import that delivered the other rows.",
            count=len(codes),
            codes=shorten_list(codes),
        )

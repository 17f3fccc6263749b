"""Typed DuckDB views of a records folder or of Arrow tables, which the packing code reads."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa

from riskml.errors import RecordsError
from riskml.records.contract.schema import TABLES
from riskml.records.reading.cell_sql import quote, quote_attribute


class TypedViews:
    """Tables as typed DuckDB views, whose names :meth:`get_view` returns.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        In-memory database; close the views to free it.
    tables : collection of str
        Names of the tables that are present.
    attributes : dict of str to str
        Maps the name of each household attribute to ``number`` or ``text``, in the order of the table's columns.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, tables: Collection[str], attributes: dict[str, str]
    ) -> None:
        self.connection = connection
        self.attributes = attributes
        self._present = tables
        self._created: set[str] = set()

    def has(self, table: str) -> bool:
        """Return whether a table is present; an absent table means "unknown", an empty one means "no events"."""
        return table in self._present

    def get_view(self, table: str) -> str:
        """Return the name of a table's view."""
        return f"records_{table}"

    def build_rows_sql(self, table: str) -> str:
        """Build the SQL that selects a table's rows with every column under the name that it has in the files."""
        attributes = self.attributes if TABLES[table].attributes else {}
        renamed = "".join(f", {quote_attribute(name)} AS {quote(name)}" for name in attributes)
        return f"SELECT {', '.join(map(quote, TABLES[table].names))}{renamed} FROM {self.get_view(table)}"

    def find_repeated_records(self, table: str) -> str:
        """Return the name of a DuckDB table with every ``record_id`` that occurs in more than one row of ``table``.

        Such rows are corrections. The DuckDB table is created only once.
        """
        source = f"{self.get_view(table)} WHERE record_id IS NOT NULL"
        hashes = self.find_repeated(f"repeated_hashes_{table}", source, "record_id")
        query = f"""
            SELECT record_id FROM (SELECT record_id, hash(record_id) AS h FROM {source}) SEMI JOIN {hashes} USING (h)
            GROUP BY record_id HAVING count(*) > 1"""
        return self.create_once(f"repeated_{table}", query)

    def find_repeated(self, name: str, source: str, columns: str) -> str:
        """Create a DuckDB table of the hashes ``h`` of ``columns`` that occur in more than one row of ``source``.

        It is not created again if it was created before; its name is returned.

        Notes
        -----
        If nearly all values differ, as record numbers do, sorting eight bytes per row in NumPy takes a fraction of the
        time that DuckDB needs to group them. Rows with equal hashes need not be equal, so their values must be compared
        afterwards.
        """
        if name not in self._created:
            values = self.connection.sql(f"SELECT hash({columns}) AS h FROM {source}").fetchnumpy()["h"]
            values.sort()
            again = np.unique(values[1:][values[1:] == values[:-1]])
            self.connection.register("again", pa.table({"h": pa.array(again, pa.uint64())}))
            self.create_once(name, "FROM again")
            self.connection.unregister("again")
        return name

    def create_once(self, name: str, query: str) -> str:
        """Create a DuckDB table from a query, unless it was created before, and return its name."""
        if name not in self._created:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
            self._created.add(name)
        return name

    def measure_assumed_days(self) -> float:
        """Return the share of rows of dated tables for which the day on which they became known is only assumed."""
        dated = [name for name, table in TABLES.items() if table.day and self.has(name)]
        parts = [f"SELECT recorded_on IS NULL AS assumed FROM {self.get_view(name)}" for name in dated]
        [(assumed, rows)] = self.connection.execute(
            f"SELECT count(*) FILTER (WHERE assumed), count(*) FROM ({' UNION ALL '.join(parts)})"
        ).fetchall()
        return float(assumed / rows) if rows else 0.0

    def fingerprint(self) -> str:
        """Raise an error, because only a records folder has a fingerprint.

        Raises
        ------
        RecordsError
            Always: the tables may hold only part of a county, and such a part has no fingerprint of its own.
        """
        raise RecordsError("Arrow tables have no fingerprint.", "Fingerprint the records folder.")

    def close(self) -> None:
        """Close the connection, which frees everything that was loaded."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

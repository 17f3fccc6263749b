"""Typed DuckDB views of a records folder or of Arrow tables, which the packing code reads."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

import duckdb

from riskml.errors import RecordsError
from riskml.records.reading.repeats import create_repeated_hashes

__all__ = ["TypedViews"]


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
        self._repeated: dict[str, str] = {}

    def has(self, table: str) -> bool:
        """Return whether a table is present; an absent table means "unknown", an empty one means "no events"."""
        return table in self._present

    def get_view(self, table: str) -> str:
        """Return the name of a table's view."""
        return f"records_{table}"

    def find_repeated_records(self, table: str) -> str:
        """Return the name of a DuckDB table with every ``record_id`` that occurs in more than one row of ``table``.

        Such rows are corrections. The DuckDB table is created only once.
        """
        if table not in self._repeated:
            name = f"repeated_{table}"
            source = f"{self.get_view(table)} WHERE record_id IS NOT NULL"
            if not create_repeated_hashes(self.connection, source, "record_id", f"{name}_hashes"):
                source += " AND false"
            self.connection.execute(f"""
                CREATE OR REPLACE TEMP TABLE {name} AS
                SELECT record_id FROM (SELECT record_id, hash(record_id) AS h FROM {source})
                SEMI JOIN {name}_hashes USING (h) GROUP BY record_id HAVING count(*) > 1""")
            self._repeated[table] = name
        return self._repeated[table]

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

"""Find values that occur in more than one row, by comparing their hashes."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

__all__ = ["create_repeated_hashes"]


def create_repeated_hashes(connection: duckdb.DuckDBPyConnection, source: str, columns: str, name: str) -> int:
    """Create a table of the hashes that occur in more than one row, and return its number of rows.

    The table ``name`` has one column, ``h``: the hashes of ``columns`` that more than one row of ``source`` has.

    Notes
    -----
    If nearly all values differ, as record numbers do, sorting eight bytes per row in NumPy takes a fraction of the time
    that DuckDB needs to group them. Rows with equal hashes need not be equal, so their values must be compared
    afterwards.
    """
    values = connection.sql(f"SELECT hash({columns}) AS h FROM {source}").fetchnumpy()["h"]
    values.sort()
    again = np.unique(values[1:][values[1:] == values[:-1]])
    connection.register("again", pa.table({"h": pa.array(again, pa.uint64())}))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT h FROM again")
    connection.unregister("again")
    return len(again)

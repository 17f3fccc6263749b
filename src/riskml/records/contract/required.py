"""Refuse unknown tables and missing columns in tables that, unlike a records folder, have not been checked."""

from __future__ import annotations

from collections.abc import Collection

from riskml.errors import RecordsError
from riskml.records.contract.schema import TABLES
from riskml.text import Joined


def require_tables(names: Collection[str]) -> None:
    """Refuse tables if any is unknown or a required table is missing.

    Raises
    ------
    RecordsError

    Examples
    --------
    >>> require_tables(["households", "income"])
    Traceback (most recent call last):
    ...
    riskml.errors.RecordsError: Required table(s) missing: lines.
    See data/README.md for the tables.
    """
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        raise RecordsError(
            "Unknown table(s): {unknown}.", "Known tables: {tables}.", unknown=Joined(unknown), tables=Joined(TABLES)
        )
    missing = [name for name, table in TABLES.items() if table.required and name not in names]
    if missing:
        raise RecordsError(
            "Required table(s) missing: {missing}.", "See data/README.md for the tables.", missing=Joined(missing)
        )


def require_columns(table: str, names: Collection[str]) -> None:
    """Refuse a table that lacks any of its required columns.

    Raises
    ------
    RecordsError
    """
    missing = [column.name for column in TABLES[table].columns if column.required and column.name not in names]
    if missing:
        raise RecordsError.missing_columns(table, missing, list(names))

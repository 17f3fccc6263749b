"""Refuse unknown tables and missing columns in tables that, unlike a records folder, have not been checked."""

from __future__ import annotations

from collections.abc import Collection

from riskml.errors import RecordsError
from riskml.records.contract.schema import TABLES

__all__ = ["require_columns", "require_tables"]


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
        raise RecordsError(f"Unknown table(s): {', '.join(unknown)}.", f"Tables are: {', '.join(TABLES)}.")
    missing = [name for name, table in TABLES.items() if table.required and name not in names]
    if missing:
        raise RecordsError(f"Required table(s) missing: {', '.join(missing)}.", "See data/README.md for the tables.")


def require_columns(table: str, names: Collection[str]) -> None:
    """Refuse a table that lacks any of its required columns.

    Raises
    ------
    RecordsError
    """
    missing = [column.name for column in TABLES[table].columns if column.required and column.name not in names]
    if missing:
        raise RecordsError.missing_columns(table, missing, list(names))

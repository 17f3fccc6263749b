"""The SQLAlchemy metadata to which all tables belong, and the type of the columns that hold codes."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData, String, Table

import riskml_serving

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def list_tables() -> list[Table]:
    """List every table of the service; this package knows none of the rooms that declare them."""
    package = Path(riskml_serving.__file__).parent
    for path in sorted(package.rglob("tables.py")):
        import_module(".".join(path.relative_to(package.parent).with_suffix("").parts))
    return METADATA.sorted_tables


def Code(length: int = 64) -> String:  # noqa: N802 - it reads like a type in column declarations
    """Return a text type that every database orders and compares byte by byte, as riskml orders codes."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")

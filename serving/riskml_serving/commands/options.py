"""Options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Database"]

Database = Annotated[
    str | None, typer.Option("--db", help="SQLAlchemy address of the database; by default the setting database_url.")
]
"""``--db``."""

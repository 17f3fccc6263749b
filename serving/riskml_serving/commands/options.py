"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
BundleFolder = Annotated[
    Path | None, typer.Option("--bundle", help="Bundle folder; by default the released bundle in models/.")
]
Database = Annotated[
    str | None, typer.Option("--db", help="SQLAlchemy address of the database; by default the setting database_url.")
]
Household = Annotated[str, typer.Argument(help="Code of the household.")]

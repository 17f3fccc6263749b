"""``riskml-serving export``: write what is stored as a records folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.terminal import say
from riskml_serving.base.settings import Settings
from riskml_serving.commands.options import Database


def export(
    out: Annotated[Path, typer.Argument(metavar="RECORDS", help="Folder to write; it must not exist or be empty.")],
    db: Database = None,
) -> None:
    """Write all records and the findings of visits as a records folder, for training or for another database.

    Households and members appear by their codes only.
    """
    from riskml.cli.progress import show_progress
    from riskml_serving.base.database import open_database
    from riskml_serving.operations.exporting.service import export_records

    with open_database(Settings.with_options(database_url=db).database_url) as engine, show_progress() as bar:
        rows = export_records(engine, out, bar)
    say("Exported to {out}: {rows:,} rows.", out=out, rows=sum(rows.values()))

"""``riskml-serving import``: import a records folder into the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml_serving.base.settings import Settings
from riskml_serving.commands.options import BundleFolder, Database

__all__ = ["import_records"]


def import_records(
    folder: Annotated[Path, typer.Argument(help="Records folder (see data/README.md).")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Day as of which to score, such as 2024-12-31; today by default.")
    ] = None,
    bundle: BundleFolder = None,
    db: Database = None,
    no_scores: Annotated[bool, typer.Option("--no-scores", help="Store the records without scoring them.")] = False,
) -> None:
    """Check, store and score the records of a new county. If this is interrupted, run it again to continue."""
    from riskml.cli.options import parse_day
    from riskml.cli.progress import show_progress
    from riskml.records.contract.calendar import to_date
    from riskml_serving.base.clock import today
    from riskml_serving.base.database import open_database
    from riskml_serving.judging.importing.service import import_folder
    from riskml_serving.judging.model import load_model
    from riskml_serving.store.records.purpose import require_purpose

    settings = Settings.with_options(database_url=db, bundle=bundle)
    at = today(settings) if as_of is None else to_date(parse_day(as_of, "--as-of"))
    with open_database(settings.database_url) as engine:
        require_purpose(engine, simulated=settings.simulated)
        model = None if no_scores else load_model(settings.bundle_folder, settings.policy, settings.simulated)
        with show_progress() as bar:
            done = import_folder(engine, folder, at, model, bar, simulated=settings.simulated)
    typer.echo(f"{done.households:,} households: {done.rows:,} rows written, {done.scored:,} scored as of {at}.")

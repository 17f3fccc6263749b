"""``riskml-serving import`` and ``withdraw``: import a records folder into the database, or take an import back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskml.cli.terminal import say
from riskml_serving.base.settings import Settings
from riskml_serving.commands.connections import identify_operator
from riskml_serving.commands.options import BundleFolder, Database

if TYPE_CHECKING:
    from riskml_serving.judging.model import Model

AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Day as of which to score, such as 2024-12-31; today by default.")
]
NoScores = Annotated[bool, typer.Option("--no-scores", help="Change the records without scoring them.")]


def import_records(
    folder: Annotated[Path, typer.Argument(help="Records folder (see data/README.md).")],
    as_of: AsOf = None,
    bundle: BundleFolder = None,
    db: Database = None,
    no_scores: NoScores = False,
) -> None:
    """Check a records folder, store what is new in it, and score the households that it changes.

    The records become visible all at once. If this is interrupted, run it again to continue.
    """
    from riskml.cli.progress import show_progress
    from riskml_serving.base.database import open_database
    from riskml_serving.judging.importing.service import import_folder
    from riskml_serving.store.records.purpose import require_purpose

    settings, at = _read_settings(as_of, bundle, db)
    with open_database(settings.database_url) as engine:
        require_purpose(engine, simulated=settings.simulated)
        model = None if no_scores else _load_model(settings)
        with show_progress() as bar:
            who = identify_operator()
            done = import_folder(engine, folder, at, model, bar, simulated=settings.simulated, caller=who)
    say(
        "Import {import_id}: {households:,} households, {changed:,} of them new or changed;\n"
        "{rows:,} rows written, {scored:,} households scored as of {as_of}.",
        import_id=done.import_id,
        households=done.households,
        changed=done.changed,
        rows=done.rows,
        scored=done.scored,
        as_of=at,
    )
    if done.closed:
        say("{closed:,} households of the folder are closed: their records were left alone.", closed=done.closed)


def withdraw(
    import_id: Annotated[
        str, typer.Argument(metavar="IMPORT", help="ID that the import printed, or request_id of POST /v1/records.")
    ],
    as_of: AsOf = None,
    bundle: BundleFolder = None,
    db: Database = None,
    no_scores: NoScores = False,
) -> None:
    """Take back a whole import or request: its rows are deleted, and the rows that they replaced count again.

    Households about which nothing else is stored are removed. If lists were imported, the persons in them, what they
    said and the answers given for them are taken back too, so that the same files can be imported again.
    """
    from riskml.cli.progress import show_progress
    from riskml_serving.base.database import open_database
    from riskml_serving.desk.undoing import make_take_back
    from riskml_serving.judging.importing.withdrawal import withdraw_import
    from riskml_serving.register.keys import read_keys

    settings, at = _read_settings(as_of, bundle, db)
    with open_database(settings.database_url) as engine, show_progress() as bar:
        model, keys = None if no_scores else _load_model(settings), read_keys(settings)
        take_back = None if keys is None else make_take_back(keys)
        done = withdraw_import(engine, import_id, at, model, bar, caller=identify_operator(), take_back=take_back)
    say(
        "{rows:,} rows of {households:,} households taken back; {gone:,} households left the register,\n"
        "and {scored:,} were scored again as of {as_of}.",
        rows=done.rows,
        households=done.households,
        gone=done.gone,
        scored=done.scored,
        as_of=at,
    )


def _read_settings(as_of: str | None, bundle: Path | None, db: str | None) -> tuple[Settings, dt.date]:
    """Read the settings, and the day as of which to score."""
    from riskml.cli.options import parse_day
    from riskml.records.contract.calendar import to_date
    from riskml_serving.base.clock import today

    settings = Settings.with_options(database_url=db, bundle=bundle)
    return settings, today(settings) if as_of is None else to_date(parse_day(as_of, "--as-of"))


def _load_model(settings: Settings) -> Model:
    from riskml_serving.judging.model import load_model

    return load_model(settings.bundle_folder, settings.policy, settings.simulated, settings.trusted_keys)

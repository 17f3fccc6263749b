"""``riskml-serving model``: list the releases, roll back the one in service, and accept a release again."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml.cli.terminal import say
from riskml.text import Text
from riskml_serving.base.settings import Settings
from riskml_serving.commands.connections import change, connect
from riskml_serving.commands.listing import say_row
from riskml_serving.commands.options import Database

app = typer.Typer(help="Model releases: list, roll back, accept again.", no_args_is_help=True)


@app.command()
def status(db: Database = None) -> None:
    """List the releases that have been in service, the latest first: version, start of service, state, source."""
    from riskml_serving.judging.model.repository import list_releases

    with connect(db) as connection:
        releases = list_releases(connection)
    serving = next((row["model_version"] for row in releases if row["rejected_at"] is None), None)
    for row in releases:
        state = "rolled back" if row["rejected_at"] else "in service" if row["model_version"] == serving else "standby"
        say_row(row["model_version"], f"{row['served_at']:%Y-%m-%d %H:%M:%S}", Text(state), row["source"])


@app.command()
def rollback(db: Database = None) -> None:
    """Go back to the previous release. This survives restarts and lasts until the next release."""
    from riskml_serving.judging.model.service import roll_back

    with change(db, "model.rollback") as connection:
        before, after = roll_back(connection)
    seconds = Settings().model_poll_seconds
    say(
        "Rolled back {before}; {after} takes over within {seconds:g} seconds.",
        before=before,
        after=after,
        seconds=seconds,
    )


@app.command()
def accept(version: Annotated[str, typer.Argument(help="Version, as listed.")], db: Database = None) -> None:
    """Accept a rolled-back release again."""
    from riskml_serving.judging.model import service

    with change(db, "model.accept", version=version) as connection:
        service.accept(connection, version)
    say("{version} may return to service.", version=version)

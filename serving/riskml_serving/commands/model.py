"""``riskml-serving model``: show which release is in service, and roll it back."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml_serving.base.settings import Settings
from riskml_serving.commands.connections import connect
from riskml_serving.commands.options import Database

__all__ = ["app"]

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
        typer.echo("\t".join((row["model_version"], f"{row['served_at']:%Y-%m-%d %H:%M:%S}", state, row["source"])))


@app.command()
def rollback(db: Database = None) -> None:
    """Go back to the previous release. This survives restarts and lasts until the next release."""
    from riskml_serving.judging.model.service import roll_back

    with connect(db, write=True) as connection:
        before, after = roll_back(connection)
    typer.echo(f"Rolled back {before}; {after} takes over within {Settings().model_poll_seconds:g} seconds.")


@app.command()
def accept(version: Annotated[str, typer.Argument(help="Version, as listed.")], db: Database = None) -> None:
    """Accept a rolled-back release again."""
    from riskml_serving.judging.model import service

    with connect(db, write=True) as connection:
        service.accept(connection, version)
    typer.echo(f"{version} may return to service.")

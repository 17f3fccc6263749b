"""``riskml-serving model``: which release serves, roll it back."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml_serving.base.settings import Settings
from riskml_serving.commands.options import Database

__all__ = ["app"]

app = typer.Typer(help="Releases of the model: status, roll back, accept again.", no_args_is_help=True)


@app.command("status")
def status(db: Database = None) -> None:
    """List the releases that served, the last first: version, since when, state, where it came from."""
    from riskml_serving.base.database import open_database, reading
    from riskml_serving.judging.model.repository import list_releases

    with open_database(db or Settings().database_url) as engine, reading(engine) as connection:
        releases = list_releases(connection)
    serving = next((row["model_version"] for row in releases if row["rejected_at"] is None), None)
    for row in releases:
        state = "rolled back" if row["rejected_at"] else "serves" if row["model_version"] == serving else "stands by"
        typer.echo("\t".join((row["model_version"], f"{row['served_at']:%Y-%m-%d %H:%M:%S}", state, row["source"])))


@app.command("rollback")
def rollback(db: Database = None) -> None:
    """Go back to the release that served before; lasts over restarts, until another release is made."""
    from riskml_serving.base.database import open_database, writing
    from riskml_serving.judging.model.service import roll_back

    settings = Settings()
    with open_database(db or settings.database_url) as engine, writing(engine) as connection:
        before, after = roll_back(connection)
    typer.echo(f"Rolled back {before}; {after} serves within {settings.model_poll_seconds:g} seconds.")


@app.command("accept")
def accept(version: Annotated[str, typer.Argument(help="Version, as listed.")], db: Database = None) -> None:
    """Take a release up again that was rolled back."""
    from riskml_serving.base.database import open_database, writing
    from riskml_serving.judging.model.service import accept as take_up

    with open_database(db or Settings().database_url) as engine, writing(engine) as connection:
        take_up(connection, version)
    typer.echo(f"{version} may serve again.")

"""``riskml-serving``: make keys, keep the database, models, audit and jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from riskml.cli.extensions import add_extensions
from riskml.cli.terminal import run
from riskml_serving.base.settings import Settings
from riskml_serving.commands.audit import app as audit
from riskml_serving.commands.importing import import_records
from riskml_serving.commands.jobs import worker
from riskml_serving.commands.model import app as model
from riskml_serving.commands.options import Database
from riskml_serving.commands.retention import forget, retention
from riskml_serving.commands.users import app as users

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["app", "main"]

app = typer.Typer(
    name="riskml-serving",
    help="Keys, database and records of the scoring service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="API keys: make, list, revoke.", no_args_is_help=True)
database = typer.Typer(help="The database.", no_args_is_help=True)
app.command("import")(import_records)
app.command("forget")(forget)
app.command("retention")(retention)
app.command("worker")(worker)
app.add_typer(audit, name="audit")
app.add_typer(keys, name="keys")
app.add_typer(users, name="users")
app.add_typer(database, name="db")
app.add_typer(model, name="model")
add_extensions("riskml_serving.commands", {"": app})


def main() -> None:
    """Entry point of ``riskml-serving``."""
    run(app)


@contextmanager
def _opened(db: str | None) -> Iterator[Engine]:
    """Open the database for one command, with the tables of this version."""
    from riskml_serving.base.database import open_database

    with open_database(db or Settings().database_url) as engine:
        yield engine


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    region: Annotated[str, typer.Option(help="Region prefix of 2, 4, 6, 9 or 12 digits; empty is everywhere.")] = "",
    right: Annotated[
        list[str] | None, typer.Option(help="score, read, write, health-details or admin; repeat for several.")
    ] = None,
    db: Database = None,
) -> None:
    """Make an API key. It is shown once: only a hash of it is kept.

    Rights are score, read and write where none is named.
    """
    from riskml_serving.base.database import writing
    from riskml_serving.people.auth.service import create_key

    with _opened(db) as engine, writing(engine) as connection:
        typer.echo(create_key(connection, name, region, right or ["score", "read", "write"]))


@keys.command("list")
def listing(db: Database = None) -> None:
    """List the keys: number, region, rights, when made and revoked, name."""
    from riskml_serving.base.database import reading
    from riskml_serving.people.auth.repository import list_keys

    with _opened(db) as engine, reading(engine) as connection:
        for row in list_keys(connection):
            revoked = f"revoked {row['revoked_at']:%Y-%m-%d %H:%M}" if row["revoked_at"] else "valid"
            where = row["region"] or "everywhere"
            typer.echo(
                "\t".join((row["key_id"], where, row["rights"], f"{row['created_at']:%Y-%m-%d}", revoked, row["name"]))
            )


@keys.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Number of the key, as listed, or the key itself.")], db: Database = None
) -> None:
    """Revoke a key for good."""
    from riskml_serving.base.database import writing
    from riskml_serving.people.auth.service import revoke_key

    with _opened(db) as engine, writing(engine) as connection:
        revoke_key(connection, key)
    typer.echo("Revoked.")


@database.command("upgrade")
def migrate(db: Database = None) -> None:
    """Bring the database to the tables of this version. Back it up before."""
    from riskml_serving.base.database import open_engine, upgrade

    engine = open_engine(db or Settings().database_url)
    upgrade(engine)
    engine.dispose()
    typer.echo("The database has the tables of this version.")


@app.command("openapi")
def describe() -> None:
    """Print the OpenAPI description, as committed in serving/openapi.json."""
    import json

    from riskml_serving.running.app import create_app

    description = create_app(Settings(database_url="sqlite://")).openapi()
    typer.echo(json.dumps(description, ensure_ascii=False, indent=2, sort_keys=True))


@app.command("settings")
def settings() -> None:
    """Print every setting, as in docs/serving/settings.md."""
    from riskml_serving.base.settings_page import settings_page

    typer.echo(settings_page(), nl=False)

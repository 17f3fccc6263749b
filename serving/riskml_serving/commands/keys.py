"""``riskml-serving keys``: create, list and revoke API keys."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml.vocabulary.regions import DIGITS_EN
from riskml_serving.commands.connections import connect
from riskml_serving.commands.options import Database

__all__ = ["app"]

app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Owner of the key.")],
    region: Annotated[str, typer.Option(help=f"Region prefix of {DIGITS_EN} digits; empty means everywhere.")] = "",
    right: Annotated[
        list[str] | None, typer.Option(help="score, read, write, health-details or admin; repeat for several.")
    ] = None,
    db: Database = None,
) -> None:
    """Create an API key. It is shown once: only a hash of it is stored.

    By default it has the rights score, read and write.
    """
    from riskml_serving.people.auth.service import create_key

    with connect(db, write=True) as connection:
        typer.echo(create_key(connection, name, region, right or ["score", "read", "write"]))


@app.command("list")
def list_all(db: Database = None) -> None:
    """List the keys: id, region, rights, date of creation, state, owner."""
    from riskml_serving.people.auth.repository import list_keys

    with connect(db) as connection:
        for row in list_keys(connection):
            state = f"revoked {row['revoked_at']:%Y-%m-%d %H:%M}" if row["revoked_at"] else "valid"
            region = row["region"] or "everywhere"
            typer.echo(
                "\t".join((row["key_id"], region, row["rights"], f"{row['created_at']:%Y-%m-%d}", state, row["name"]))
            )


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Id of the key as listed, or the key itself.")], db: Database = None
) -> None:
    """Revoke a key permanently."""
    from riskml_serving.people.auth.service import revoke_key

    with connect(db, write=True) as connection:
        revoke_key(connection, key)
    typer.echo("Revoked.")

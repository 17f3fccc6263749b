"""``riskml-serving keys``: create, list and revoke API keys; create and rotate the key that encrypts names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.terminal import say
from riskml.text import Text
from riskml.vocabulary.regions import DIGITS_EN
from riskml_serving.base.settings import Settings
from riskml_serving.commands.connections import change, connect
from riskml_serving.commands.listing import say_row
from riskml_serving.commands.options import Database

app = typer.Typer(
    help="API keys: create, list, revoke. Identity keys, which encrypt names: create, rotate.", no_args_is_help=True
)


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

    rights = right or ["score", "read", "write"]
    with change(db, "key.create", owner=name, region=region, rights=sorted(rights)) as connection:
        typer.echo(create_key(connection, name, region, rights))


@app.command("list")
def list_all(db: Database = None) -> None:
    """List the keys: id, region, rights, date of creation, state, owner."""
    from riskml_serving.people.auth.repository import list_keys

    with connect(db) as connection:
        for row in list_keys(connection):
            revoked = row["revoked_at"]
            state = Text("revoked {at:%Y-%m-%d %H:%M}", at=revoked) if revoked else Text("valid")
            region = row["region"] or Text("everywhere")
            say_row(row["key_id"], region, row["rights"], f"{row['created_at']:%Y-%m-%d}", state, row["name"])


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Id of the key as listed, or the key itself.")], db: Database = None
) -> None:
    """Revoke a key permanently."""
    from riskml_serving.people.auth.service import read_key_id, revoke_key

    with change(db, "key.revoke", key=read_key_id(key)) as connection:
        revoke_key(connection, key)
    say("Revoked.")


@app.command("create-identity")
def create_identity(
    file: Annotated[Path, typer.Argument(help="File for the key; if it has keys, the new one is put before them.")],
) -> None:
    """Create an identity key, which encrypts names, ID numbers and telephones.

    The setting identity_key names its file to the service. Back it up apart from the database: without it, all names
    are lost.
    """
    from riskml_serving.register.keys import add_key

    keys = add_key(file)
    say("{path} holds the new identity key {key_id}; back the file up.", path=file, key_id=keys.current)


@app.command("rotate-identity")
def rotate_identity(db: Database = None) -> None:
    """Encrypt everything again with the first key of the file; if this is interrupted, run it again.

    Before it, `create-identity` puts a new key first, and a restart lets the service read it. After it, older keys can
    be removed from the file.
    """
    from riskml_serving.base.database import open_database
    from riskml_serving.desk.service import rotate_desk
    from riskml_serving.register.keys import require_keys
    from riskml_serving.register.service import rotate_persons

    settings = Settings.with_options(database_url=db)
    with open_database(settings.database_url) as engine:
        keys = require_keys(settings)
        others = rotate_desk(engine, keys)
        persons = rotate_persons(engine, keys)  # last: `/readyz` tells by them whether an older key is still needed
    with change(db, "key.rotate-identity", key=keys.current, persons=persons, others=others):
        pass  # the batches are committed; only the entry is left to write
    say(
        "Encrypted {persons:,} persons and {others:,} contents of lists with the identity key {key_id}.",
        persons=persons,
        others=others,
        key_id=keys.current,
    )

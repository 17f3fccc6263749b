"""``riskml-serving users``: make, list and disable accounts, set passwords."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from riskml_serving.commands.options import Database

__all__ = ["app"]

app = typer.Typer(help="Accounts of staff: make, list, disable, set a password.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="User name.")]


def _password() -> str:
    """Ask for a password twice, or read one line where nobody sits at a terminal."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@app.command("create")
def create(
    username: Name,
    role: Annotated[str, typer.Option(help="village, township, county or analyst.")],
    region: Annotated[str, typer.Option(help="12 digits for a village, 9 for a town, 6 for a county.")] = "",
    name: Annotated[str, typer.Option(help="Name shown on the pages.")] = "",
    health_details: Annotated[
        bool, typer.Option("--health-details", help="May see what tells of somebody's health.")
    ] = False,
    db: Database = None,
) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    from riskml_serving.base.database import open_database, writing
    from riskml_serving.base.settings import Settings
    from riskml_serving.people.accounts.service import create_user

    password = _password()
    with open_database(db or Settings().database_url) as engine, writing(engine) as connection:
        create_user(connection, username, password, role, region, name=name, health_details=health_details)
    typer.echo(f"Made the account {username}.")


@app.command("list")
def listing(db: Database = None) -> None:
    """List the accounts: user name, role, region, whether health details are shown, state, name."""
    from riskml_serving.base.clock import now
    from riskml_serving.base.database import open_database, reading
    from riskml_serving.base.settings import Settings
    from riskml_serving.people.accounts.repository import list_users

    with open_database(db or Settings().database_url) as engine, reading(engine) as connection:
        for row in list_users(connection):
            locked = row["locked_until"] is not None and row["locked_until"] > now()
            state = "disabled" if row["disabled_at"] else "locked" if locked else "valid"
            health = "health details" if row["health_details"] else "no health details"
            where = row["region"] or "everywhere"
            typer.echo("\t".join((row["username"], row["role"], where, health, state, row["name"])))


@app.command("disable")
def disable(username: Name, db: Database = None) -> None:
    """Disable an account; whoever is signed in with it is signed out at once."""
    from riskml_serving.base.database import open_database, writing
    from riskml_serving.base.settings import Settings
    from riskml_serving.people.accounts.service import disable_user

    with open_database(db or Settings().database_url) as engine, writing(engine) as connection:
        disable_user(connection, username)
    typer.echo(f"Disabled {username}.")


@app.command("password")
def password(username: Name, db: Database = None) -> None:
    """Set a new password, which also unlocks the account and ends its sessions."""
    from riskml_serving.base.database import open_database, writing
    from riskml_serving.base.settings import Settings
    from riskml_serving.people.accounts.service import set_password

    new = _password()
    with open_database(db or Settings().database_url) as engine, writing(engine) as connection:
        set_password(connection, username, new)
    typer.echo(f"Set the password of {username}.")

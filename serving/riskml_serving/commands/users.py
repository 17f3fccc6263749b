"""``riskml-serving users``: create, list and disable accounts, set passwords."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from riskml_serving.commands.connections import connect
from riskml_serving.commands.options import Database

__all__ = ["app"]

app = typer.Typer(help="Staff accounts: create, list, disable, set a password.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="User name.")]


def _read_password() -> str:
    """Prompt for a password twice, or read one line if standard input is not a terminal."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@app.command()
def create(
    username: Username,
    role: Annotated[str, typer.Option(help="village, township, county or analyst.")],
    region: Annotated[str, typer.Option(help="12 digits for a village, 9 for a town, 6 for a county.")] = "",
    name: Annotated[str, typer.Option(help="Name shown on the pages.")] = "",
    health_details: Annotated[bool, typer.Option("--health-details", help="May see health details.")] = False,
    db: Database = None,
) -> None:
    """Create an account; the password is prompted for, or read from standard input."""
    from riskml_serving.people.accounts.service import create_user

    new = _read_password()
    with connect(db, write=True) as connection:
        create_user(connection, username, new, role, region, name=name, health_details=health_details)
    typer.echo(f"Created the account {username}.")


@app.command("list")
def list_all(db: Database = None) -> None:
    """List the accounts: user name, role, region, whether health details are shown, state, name."""
    from riskml_serving.base.clock import now
    from riskml_serving.people.accounts.repository import list_users

    with connect(db) as connection:
        for row in list_users(connection):
            locked = row["locked_until"] is not None and row["locked_until"] > now()
            state = "disabled" if row["disabled_at"] else "locked" if locked else "valid"
            health = "health details" if row["health_details"] else "no health details"
            region = row["region"] or "everywhere"
            typer.echo("\t".join((row["username"], row["role"], region, health, state, row["name"])))


@app.command()
def disable(username: Username, db: Database = None) -> None:
    """Disable an account; its sessions end at once."""
    from riskml_serving.people.accounts.service import disable_user

    with connect(db, write=True) as connection:
        disable_user(connection, username)
    typer.echo(f"Disabled {username}.")


@app.command()
def password(username: Username, db: Database = None) -> None:
    """Set a new password, which also unlocks the account and ends its sessions."""
    from riskml_serving.people.accounts.service import set_password

    new = _read_password()
    with connect(db, write=True) as connection:
        set_password(connection, username, new)
    typer.echo(f"Set the password of {username}.")

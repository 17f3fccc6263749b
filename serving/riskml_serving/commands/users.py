"""``riskml-serving users``: create, list and disable accounts, set passwords."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from riskml.cli.terminal import say
from riskml.text import Text
from riskml_serving.commands.connections import change, connect
from riskml_serving.commands.listing import say_row
from riskml_serving.commands.options import Database

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
    identity: Annotated[
        bool, typer.Option("--identity", help="May see names, ID numbers and telephones in the region.")
    ] = False,
    db: Database = None,
) -> None:
    """Create an account; the password is prompted for, or read from standard input."""
    from riskml.text import shorten_list
    from riskml.vocabulary.regions import Level, take_region
    from riskml_serving.desk.repository import read_county
    from riskml_serving.people.accounts.service import create_user
    from riskml_serving.store.households.repository import list_codes

    new = _read_password()
    rights = {"health_details": health_details, "identity": identity}
    with change(db, "user.create", username=username, role=role, region=region, **rights) as connection:
        create_user(connection, username, new, role, region, name=name, **rights)
        villages = read_county(connection, take_region(region, Level.COUNTY))["villages"]
        known = [f"{code} {village}" for code, village in sorted(villages.items()) if len(code) == len(region)]
        empty = bool(known) and not list_codes(connection, region, limit=1)
    say("Created the account {username}.", username=username)
    if empty:
        say("No household lives in {region}, so the account sees none. The imported lists have these codes: {regions}.",
            region=region, regions=shorten_list(known, 20))  # fmt: skip


@app.command("list")
def list_all(db: Database = None) -> None:
    """List the accounts: user name, role, region, whether health details and names are shown, state, name."""
    from riskml_serving.base.clock import now
    from riskml_serving.people.accounts.repository import list_users

    with connect(db) as connection:
        for row in list_users(connection):
            locked = row["locked_until"] is not None and row["locked_until"] > now()
            state = "disabled" if row["disabled_at"] else "locked" if locked else "valid"
            health = "health details" if row["health_details"] else "no health details"
            names = "names" if row["identity"] else "no names"
            region = row["region"] or Text("everywhere")
            say_row(row["username"], row["role"], region, Text(health), Text(names), Text(state), row["name"])


@app.command()
def disable(username: Username, db: Database = None) -> None:
    """Disable an account; its sessions end at once."""
    from riskml_serving.people.accounts.service import disable_user

    with change(db, "user.disable", username=username) as connection:
        disable_user(connection, username)
    say("Disabled {username}.", username=username)


@app.command()
def password(username: Username, db: Database = None) -> None:
    """Set a new password, which also unlocks the account and ends its sessions."""
    from riskml_serving.people.accounts.service import set_password

    new = _read_password()
    with change(db, "user.password", username=username) as connection:
        set_password(connection, username, new)
    say("Set the password of {username}.", username=username)

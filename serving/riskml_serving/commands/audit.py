"""``riskml-serving audit``: hold the chain against itself and against a head that was noted."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml.errors import UsageError
from riskml_serving.base.settings import Settings
from riskml_serving.commands.options import Database

__all__ = ["app"]

app = typer.Typer(help="The audit: verify it, note its head.", no_args_is_help=True)

MEANING = {
    "gap": "entries before it are missing",
    "broken": "does not follow from the entry before",
    "changed": "was changed",
    "rewritten": "is not the entry that was noted",
    "cut": "was noted, but is not there: the end was cut off",
}
MOST = 20
"""Faults shown."""


@app.command("head")
def head(db: Database = None) -> None:
    """Print number and hash of the last entry: note it elsewhere, so that a cut end shows later."""
    from riskml_serving.base.database import open_database, reading
    from riskml_serving.people.audit.repository import read_head

    with open_database(db or Settings().database_url) as engine, reading(engine) as connection:
        typer.echo(str(read_head(connection)))


@app.command("verify")
def verify(
    kept: Annotated[str | None, typer.Option("--head", help="A head noted earlier, as `audit head` prints it.")] = None,
    db: Database = None,
) -> None:
    """Find entries that were changed, deleted, put elsewhere or, with --head, cut off at the end."""
    from riskml_serving.base.database import open_database, reading
    from riskml_serving.people.audit.chain import Head, find_faults
    from riskml_serving.people.audit.repository import read_all, read_head

    try:
        noted = None if kept is None else Head.parse(kept)
    except ValueError:
        raise UsageError(f"{kept!r} is not a head.", "Write what `riskml-serving audit head` printed.") from None
    with open_database(db or Settings().database_url) as engine, reading(engine) as connection:
        found = list(find_faults(read_all(connection), noted))
        last = read_head(connection)
    for seq, code in found[:MOST]:
        typer.echo(f"Entry {seq} {MEANING[code]}.")
    if found:
        hint = f"The first {MOST} of {len(found):,} are shown." if len(found) > MOST else "Compare with a backup."
        raise UsageError(f"The audit does not hang together: {len(found):,} fault(s).", hint)
    typer.echo(f"The audit hangs together: {last.seq:,} entries. Head {last}")


@app.command("about")
def about(household: Annotated[str, typer.Argument(help="Code of the household.")], db: Database = None) -> None:
    """List who saw or changed a household, also one that was forgotten: number, time, caller, action, request."""
    from riskml_serving.base.database import open_database, reading
    from riskml_serving.people.audit.repository import read_about

    with open_database(db or Settings().database_url) as engine, reading(engine) as connection:
        for entry in read_about(connection, household):
            at = entry["at"].isoformat(timespec="seconds")
            typer.echo("\t".join((str(entry["seq"]), at, entry["actor"], entry["action"], entry["request_id"])))

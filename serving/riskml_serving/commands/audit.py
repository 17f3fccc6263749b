"""``riskml-serving audit``: verify the audit log, show its last entry, and list the entries about a household."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml.errors import UsageError
from riskml_serving.commands.connections import connect
from riskml_serving.commands.options import Database, Household

__all__ = ["app"]

app = typer.Typer(help="Verify the audit log, or print its head.", no_args_is_help=True)

FAULTS = {
    "gap": "follows a gap: entries before it are missing",
    "broken": "does not follow from the entry before",
    "changed": "was changed",
    "rewritten": "is not the entry that --head names",
    "cut": "is named by --head, but is missing: the end was cut off",
}
MAX_SHOWN = 20


@app.command()
def head(db: Database = None) -> None:
    """Print the number and hash of the last entry. Keep them elsewhere, to notice if the end goes missing later."""
    from riskml_serving.people.audit.repository import read_head

    with connect(db) as connection:
        typer.echo(str(read_head(connection)))


@app.command()
def verify(
    noted: Annotated[
        str | None, typer.Option("--head", help="A head noted earlier, as printed by `audit head`.")
    ] = None,
    db: Database = None,
) -> None:
    """Find entries that were changed, deleted, moved or, with --head, cut off at the end."""
    from riskml_serving.people.audit.chain import Head, find_faults
    from riskml_serving.people.audit.repository import read_all, read_head

    try:
        expected = None if noted is None else Head.parse(noted)
    except ValueError:
        raise UsageError(f"{noted!r} is not a head.", "Copy what `riskml-serving audit head` printed.") from None
    with connect(db) as connection:
        faults = list(find_faults(read_all(connection), expected))
        last = read_head(connection)
    for seq, code in faults[:MAX_SHOWN]:
        typer.echo(f"Entry {seq} {FAULTS[code]}.")
    if faults:
        hint = f"The first {MAX_SHOWN} of {len(faults):,} are shown."
        raise UsageError(
            f"The audit log is broken: {len(faults):,} fault(s).",
            hint if len(faults) > MAX_SHOWN else "Compare with a backup.",
        )
    typer.echo(f"The audit log is intact: {last.seq:,} entries. Head {last}")


@app.command()
def about(household: Household, db: Database = None) -> None:
    """List who saw or changed a household, even one that was erased: number, time, caller, action, request."""
    from riskml_serving.people.audit.repository import read_about

    with connect(db) as connection:
        for entry in read_about(connection, household):
            at = entry["at"].isoformat(timespec="seconds")
            typer.echo("\t".join((str(entry["seq"]), at, entry["actor"], entry["action"], entry["request_id"])))

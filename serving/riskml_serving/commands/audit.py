"""``riskml-serving audit``: verify the audit log, print its head, archive it, list the entries about a household."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.terminal import say
from riskml.errors import UsageError
from riskml_serving.base.settings import Settings
from riskml_serving.commands.connections import connect, record_change
from riskml_serving.commands.options import Database, Household

app = typer.Typer(help="Audit log: verify it, print its last entry, list entries.", no_args_is_help=True)

PublicKey = Annotated[Path | None, typer.Option("--key", help="Public key of the checkpoints (FILE.pub).")]

Archive = Annotated[
    Path | None, typer.Option("--archive", help="Folder with archived months, as `audit archive` writes it.")
]

FAULTS = {
    "gap": "Entry {seq} follows a gap: entries before it are missing.",
    "broken": "Entry {seq} does not follow from the entry before.",
    "changed": "Entry {seq} was changed.",
    "rewritten": "Entry {seq} is not the entry that was noted earlier: the log was rewritten.",
    "cut": "Entry {seq} was noted earlier, but is missing: the end was cut off.",
}
MAX_SHOWN = 20


@app.command()
def head(db: Database = None) -> None:
    """Print the number and hash of the last entry.

    Store them outside the database: they show later if the end of the log was cut off.
    """
    from riskml_serving.people.audit.repository import read_head

    with connect(db) as connection:
        typer.echo(str(read_head(connection)))


@app.command()
def verify(
    noted: Annotated[
        str | None, typer.Option("--head", help="A head noted earlier, as printed by `audit head`.")
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="File with signed checkpoints, as the service writes it.")
    ] = None,
    archive: Archive = None,
    key: PublicKey = None,
    db: Database = None,
) -> None:
    """Find entries that were changed, deleted or moved; with --head or --checkpoints, also a log rewritten or cut off.

    Without either, somebody who administers the database can replace the whole log unseen.
    """
    from riskml_serving.people.audit.archive import read_archive, read_start
    from riskml_serving.people.audit.chain import START, Head, find_faults
    from riskml_serving.people.audit.checkpoints import read_checkpoints
    from riskml_serving.people.audit.repository import read_all, read_head

    try:
        expected = [] if noted is None else [Head.parse(noted)]
    except ValueError:
        raise UsageError(
            "{noted!r} is not the head of an audit log.", "Copy what `riskml-serving audit head` printed.", noted=noted
        ) from None
    with connect(db) as connection:
        signed = [one.head for one in read_checkpoints(checkpoints, _require_key(key))] if checkpoints else []
        archived, start = [], read_start(connection, key)
        if archive is not None:
            archived, start = [read_archive(archive, key)], START
        faults = list(find_faults(chain(*archived, read_all(connection)), expected + signed, start))
        last = read_head(connection)
    for seq, code in faults[:MAX_SHOWN]:
        say(FAULTS[code], seq=seq)
    if faults:
        raise UsageError(
            "The audit log is broken: {count:,} fault(s).",
            "The first {shown} of {count:,} are shown." if len(faults) > MAX_SHOWN else "Compare with a backup.",
            count=len(faults),
            shown=MAX_SHOWN,
        )
    say("The audit log is intact: {entries:,} entries. Head {head}", entries=last.seq - start.seq, head=last)
    if checkpoints is not None:
        covered = max((head.seq for head in signed), default=0)
        say("Compared with checkpoints: {count:,}. The last covers entry {seq:,}.", count=len(signed), seq=covered)
    if start.seq:
        say(
            "Entries up to {seq:,} are in archives: name their folder with --archive to verify them too.", seq=start.seq
        )


@app.command()
def about(household: Household, archive: Archive = None, db: Database = None) -> None:
    """List who saw or changed a household, even one that was erased: number, time, caller, action, request."""
    from riskml_serving.people.audit.archive import read_about

    with connect(db) as connection:
        for entry in read_about(connection, household, archive):
            at = entry["at"].isoformat(timespec="seconds")
            typer.echo("\t".join((str(entry["seq"]), at, entry["actor"], entry["action"], entry["request_id"])))


@app.command("archive")
def move(
    folder: Annotated[Path, typer.Argument(help="Folder for the files, one for each month.")],
    key: Annotated[
        Path | None, typer.Option(help="Private key that signs the files; by default the setting audit_key.")
    ] = None,
    db: Database = None,
) -> None:
    """Move entries to files, except those of the current month and the six months before it.

    Keep the files: the log cannot be verified from its beginning without them.
    """
    from riskml_serving.base.clock import now
    from riskml_serving.people.audit.archive import archive_months

    with connect(db, write=True) as connection:
        signer = key or Settings().audit_key
        if signer is None:
            raise UsageError("Archives are signed.", "Name a key with --key; `riskml keys create` creates one.")
        files = archive_months(connection, folder, signer, now().date())
        if files:
            record_change(connection, "audit.archive", files=[file.name for file in files])
    for file in files:
        typer.echo(str(file))
    if not files:
        say("There is nothing to archive: every entry belongs to the current month or the six months before it.")


@app.command()
def prove(
    entry: Annotated[int, typer.Argument(help="Number of the entry, as `audit about` lists it.")],
    checkpoints: Annotated[Path, typer.Argument(help="File with signed checkpoints, as the service writes it.")],
    key: PublicKey = None,
    db: Database = None,
) -> None:
    """Print a proof that an entry is in the log, as JSON; it shows no other entry, only hashes."""
    from riskml_serving.people.audit.checkpoints import build_proof, read_checkpoints

    with connect(db) as connection:
        signed = read_checkpoints(checkpoints, _require_key(key))
        typer.echo(json.dumps(build_proof(connection, entry, signed), ensure_ascii=False, indent=1))


@app.command("check-proof")
def check(
    file: Annotated[Path, typer.Argument(help="Proof that `audit prove` printed.")], key: PublicKey = None
) -> None:
    """Check a proof without the database."""
    from riskml_serving.people.audit.checkpoints import check_proof

    try:
        proof = json.loads(file.read_bytes())
    except (OSError, ValueError):
        raise UsageError(
            "{path} is not a proof.", "Save what `riskml-serving audit prove` prints.", path=file
        ) from None
    checkpoint = check_proof(proof, _require_key(key))
    if checkpoint is None:
        raise UsageError("The proof does not hold.", "The entry was altered, or the checkpoint has another key.")
    say("The proof holds: the entry was in the log at {at} (head {head}).", at=checkpoint.at, head=checkpoint.head)


def _require_key(key: Path | None) -> Path:
    if key is None:
        raise UsageError("Checkpoints are verified with a public key.", "Name it with --key FILE.pub.")
    return key

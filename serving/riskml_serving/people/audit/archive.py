"""Moves the oldest months of the audit log to files; the database keeps the signed head of what was moved."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from sqlalchemy import Connection

from riskml.errors import UsageError, explaining
from riskml.keys import load_private_key, load_public_key, write_private
from riskml_serving.people.audit import repository
from riskml_serving.people.audit.chain import START, Head, to_json
from riskml_serving.people.audit.checkpoints import Checkpoint, sign_head
from riskml_serving.people.audit.pseudonyms import SHORT, read_pseudonym

MONTHS_KEPT = 6
"""Number of whole months that stay in the database, in addition to the current one."""
PURPOSE = "archive"
"""Signed with each archive's head: a checkpoint, which everybody may read, must not pass for an archive."""


def archive_months(connection: Connection, folder: Path, key: Path, today: dt.date) -> list[Path]:
    """Move every entry that is older than the months to keep to a file for each month, and delete it.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction; a file that was written before it failed is written again.
    folder : path
    key : path
        Private key that signs the last entry of each file.
    today : date

    Returns
    -------
    list of path
        The new files; the list is empty if there is nothing to move.

    Raises
    ------
    UsageError
        If a file cannot be written, or the key cannot be read.
    """
    signer, moved = load_private_key(key), []
    months = today.year * 12 + today.month - 1 - MONTHS_KEPT
    first_kept = dt.datetime(months // 12, months % 12 + 1, 1)
    for month, entries in groupby(repository.read_all(connection, first_kept), lambda entry: f"{entry['at']:%Y-%m}"):
        rows = list(entries)
        checkpoint = sign_head(signer, Head(rows[-1]["seq"], rows[-1]["entry_hash"]), PURPOSE)
        path = folder / f"audit-{month}-{rows[0]['seq']:012}.jsonl.gz"
        lines = [*map(to_json, rows), checkpoint.to_json()]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        with explaining("{path} cannot be written: {reason}.", "Name a folder that you may write to.", path=path):
            folder.mkdir(parents=True, exist_ok=True)
            write_private(path, gzip.compress(text.encode(), mtime=0))
            with path.open("rb") as file:  # the entries are deleted next
                os.fsync(file.fileno())
        moved.append((checkpoint, path))
    for checkpoint, path in moved:
        repository.move_out(connection, checkpoint.head.seq, {**checkpoint.to_json(), "file": path.name})
    return [path for _, path in moved]


def read_start(connection: Connection, public_key: Path | None) -> Head:
    """Return the entry before the oldest one in the database, and verify the signatures of all archives.

    Raises
    ------
    UsageError
        If an archive's head was not signed with the key; without a key, signatures are not verified.
    """
    start = START
    for row in repository.read_archives(connection):
        checkpoint = Checkpoint.from_json(row)
        start = checkpoint.head
        if public_key is not None:
            _require_signature(checkpoint, public_key, row["file"])
    return start


def _require_signature(checkpoint: Checkpoint, public_key: Path, file: str) -> None:
    try:
        checkpoint.check(load_public_key(public_key), PURPOSE)
    except (InvalidSignature, ValueError) as error:
        raise UsageError(
            "The archive {file} was not signed with this key, or it was altered.",
            "Compare it with a backup, or name the key that signed it.",
            file=file,
        ) from error


def read_archive(folder: Path, public_key: Path | None = None) -> Iterator[dict[str, Any]]:
    """Read the entries in a folder of archives, oldest first.

    Raises
    ------
    UsageError
        If a file cannot be read or was not signed with the key.
    """
    paths = sorted(folder.glob("audit-*.jsonl.gz"), key=lambda path: path.name.split("-")[-1])
    for path in paths:
        try:
            *entries, last = map(json.loads, gzip.decompress(path.read_bytes()).decode().splitlines())
            checkpoint = Checkpoint.from_json(last)
            rows = [{**entry, "at": dt.datetime.fromisoformat(entry["at"])} for entry in entries]
            complete = checkpoint.head == Head(rows[-1]["seq"], rows[-1]["entry_hash"])
        except (OSError, EOFError, ValueError, LookupError, TypeError) as error:
            raise _refuse_file(path) from error
        if not complete:
            raise _refuse_file(path)
        if public_key is not None:
            _require_signature(checkpoint, public_key, path.name)
        yield from rows


def _refuse_file(path: Path) -> UsageError:
    return UsageError(
        "{path} is not an archive of the audit log.",
        "Restore the file as `riskml-serving audit archive` wrote it.",
        path=path,
    )


def read_about(connection: Connection, household_id: str, folder: Path | None) -> Iterator[Mapping[str, Any]]:
    """Read every entry about a household, first those in a folder of archives, if one is named."""
    pseudonym = read_pseudonym(connection, household_id)
    if folder is not None:
        for entry in read_archive(folder):
            if entry["household_id"] == pseudonym or pseudonym[:SHORT] in (entry["households"] or ""):
                yield entry
    yield from map(dict, repository.read_about(connection, household_id))

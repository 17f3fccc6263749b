"""Signed checkpoints: the last entry of the audit log, noted outside the database with a key that it does not hold.

Anyone who administers the database can rewrite the chain so that it is consistent, but not so that it matches a
checkpoint that was written before.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from riskml.errors import UsageError, explaining
from riskml.keys import load_private_key, load_public_key
from riskml_serving.base.clock import now
from riskml_serving.base.database import reading
from riskml_serving.base.settings import Settings
from riskml_serving.people.audit import repository
from riskml_serving.people.audit.chain import Head, hash_content, link, to_json

log = logging.getLogger("riskml_serving.people.audit")


@dataclass(frozen=True)
class Checkpoint:
    """The last entry of the audit log at some time, and the signature of both.

    Parameters
    ----------
    at : str
        Time in UTC, in ISO format.
    head : Head
    signature : str
        Ed25519 signature, in hexadecimal.
    """

    at: str
    head: Head
    signature: str

    def check(self, key: Ed25519PublicKey, purpose: str = "checkpoint") -> None:
        """Verify the signature.

        Raises
        ------
        InvalidSignature, ValueError
        """
        key.verify(bytes.fromhex(self.signature), _write_message(purpose, self.at, self.head))

    def to_json(self) -> dict[str, str]:
        """Return the checkpoint as the content of a JSON object."""
        return {"at": self.at, "head": str(self.head), "signature": self.signature}

    @classmethod
    def from_json(cls, content: Mapping[Any, Any]) -> Checkpoint:
        """Read a checkpoint from the content of a JSON object, or from a row with the same names.

        Raises
        ------
        KeyError, ValueError, TypeError
        """
        return cls(content["at"], Head.parse(content["head"]), content["signature"])


def _write_message(purpose: str, at: str, head: Head) -> bytes:
    return f"riskml audit {purpose}\n{at}\n{head}".encode()


def sign_head(key: Ed25519PrivateKey, head: Head, purpose: str = "checkpoint") -> Checkpoint:
    """Sign a head and the current time for a purpose: what was signed for one does not count for another."""
    at = now().isoformat(timespec="seconds")
    return Checkpoint(at, head, key.sign(_write_message(purpose, at, head)).hex())


class Notary:
    """Appends signed checkpoints to a file.

    Parameters
    ----------
    engine : Engine
    key : path
        Private key that :func:`riskml.keys.create_keys` wrote.
    file : path
        File to append to, outside the database, ideally on another machine or on a medium that only grows.

    Raises
    ------
    UsageError
        If the key cannot be read.
    """

    def __init__(self, engine: Engine, key: Path, file: Path) -> None:
        self._engine, self._key, self._file = engine, load_private_key(key), file
        self._last = Head(-1, "")
        self.covered: tuple[int, dt.datetime] | None = None
        """Number of the last entry that a checkpoint covers, and when it was last the newest; None before the first."""

    def note(self) -> None:
        """Append a checkpoint, unless nothing was added since the last one; log its head too."""
        at = now()
        with reading(self._engine) as connection:
            head = repository.read_head(connection)
        if head == self._last:
            self.covered = head.seq, at
            return
        checkpoint = sign_head(self._key, head)
        line = json.dumps(checkpoint.to_json()).encode() + b"\n"
        with self._file.open("ab", buffering=0) as file:
            end = file.tell()
            if file.write(line) < len(line):
                file.truncate(end)  # the next line would be appended to a part of this one
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        log.info("audit checkpoint %s", head)
        self._last, self.covered = head, (head.seq, at)

    async def watch(self, minutes: float) -> None:
        """Append a checkpoint at intervals until cancelled; one that fails is logged and tried again."""
        while True:
            try:
                await anyio.to_thread.run_sync(self.note, abandon_on_cancel=True)
            except (OSError, SQLAlchemyError) as error:
                log.warning("no audit checkpoint was written: %s", type(error).__name__)
            await asyncio.sleep(minutes * 60)


def create_notary(engine: Engine, settings: Settings) -> Notary | None:
    """Create the notary that the settings describe; return None if they name neither a key nor a file.

    Raises
    ------
    UsageError
        If only one of them is named, or the key cannot be read.
    """
    if settings.audit_key is None and settings.audit_checkpoints is None:
        return None
    if settings.audit_key is None or settings.audit_checkpoints is None:
        raise UsageError("Checkpoints need both settings: audit_key and audit_checkpoints.", "Set the other one too.")
    return Notary(engine, settings.audit_key, settings.audit_checkpoints)


def read_checkpoints(path: Path, public_key: Path) -> list[Checkpoint]:
    """Read checkpoints and verify their signatures.

    Raises
    ------
    UsageError
        If the file or the key cannot be read, or a signature is wrong; the message names the line.
    """
    hint = "Name the file to which the service appends checkpoints."
    with explaining("{path} cannot be read: {reason}.", hint, path=path):
        lines = path.read_text("ascii", errors="replace").splitlines()
    key = load_public_key(public_key)
    return [_read_line(line, number, path, key) for number, line in enumerate(lines, 1)]


def _read_line(line: str, number: int, path: Path, key: Ed25519PublicKey) -> Checkpoint:
    try:
        checkpoint = Checkpoint.from_json(json.loads(line))
        checkpoint.check(key)
    except (InvalidSignature, KeyError, ValueError, TypeError) as error:
        raise UsageError(
            "Line {line} of {path} is not a checkpoint that this key signed.",
            "The line was altered, or it was signed with another key.",
            line=number,
            path=path,
        ) from error
    return checkpoint


def build_proof(connection: Connection, seq: int, checkpoints: Iterable[Checkpoint]) -> dict[str, Any]:
    """Build a proof that an entry is in the log; it holds no other entry, only hashes of those up to a checkpoint.

    Raises
    ------
    UsageError
        If there is no such entry, or no checkpoint was written after it.
    """
    checkpoint = min((one for one in checkpoints if one.head.seq >= seq), key=lambda one: one.head.seq, default=None)
    if checkpoint is None:
        raise UsageError("No checkpoint covers entry {seq}.", "Wait for the next one, or check the number.", seq=seq)
    entries = repository.read_range(connection, seq, checkpoint.head.seq)
    if not entries or entries[0]["seq"] != seq:
        raise UsageError("There is no entry {seq}.", "`riskml-serving audit about HOUSEHOLD` lists numbers.", seq=seq)
    first = to_json(entries[0])
    return {
        "entry": {name: value for name, value in first.items() if name not in ("previous_hash", "entry_hash")},
        "previous_hash": first["previous_hash"],
        "following": [hash_content(entry) for entry in entries[1:]],
        "checkpoint": checkpoint.to_json(),
    }


def check_proof(proof: Mapping[str, Any], public_key: Path) -> Checkpoint | None:
    """Check a proof of :func:`build_proof`; return its checkpoint, or None if the proof does not hold."""
    try:
        checkpoint = Checkpoint.from_json(proof["checkpoint"])
        checkpoint.check(load_public_key(public_key))
        entry = {**proof["entry"], "at": dt.datetime.fromisoformat(proof["entry"]["at"])}
        linked = link(proof["previous_hash"], hash_content(entry))
        for content in proof["following"]:
            linked = link(linked, content)
        reached = Head(entry["seq"] + len(proof["following"]), linked)
    except (InvalidSignature, KeyError, ValueError, TypeError):
        return None
    return checkpoint if reached == checkpoint.head else None

"""How entries of the audit hang together: each holds the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["START", "Head", "chain_entries", "find_faults", "hash_entry"]


@dataclass(frozen=True)
class Head:
    """The last entry: its number and its hash.

    >>> Head.parse(str(Head(3, "ab" * 32))) == Head(3, "ab" * 32)
    True
    """

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read what :meth:`__str__` wrote.

        Raises
        ------
        ValueError
        """
        number, _, digest = text.strip().partition(":")
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValueError("not a number and a hash")
        return cls(int(number), digest)


START = Head(0, "0" * 64)
"""What stands before the first entry."""

_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))

FIELDS = ("seq", "at", "actor", "action", "household_id", "region", "request_id", "detail")


def hash_entry(previous: str, entry: Mapping[str, Any]) -> str:
    """SHA-256 of the hash before and the entry as canonical JSON: sorted names, no spaces, UTF-8, times to the µs."""
    plain = {name: entry[name] for name in FIELDS}
    plain["at"] = entry["at"].isoformat(timespec="microseconds")
    return hashlib.sha256(f"{previous}\n{_CANONICAL.encode(plain)}".encode()).hexdigest()


def chain_entries(entries: Iterable[Mapping[str, Any]], head: Head) -> Iterator[dict[str, Any]]:
    """Give entries their numbers and hashes behind a head."""
    seq, previous = head.seq, head.hash
    for entry in entries:
        seq += 1
        row = {**entry, "seq": seq}
        row["previous_hash"], row["entry_hash"] = previous, hash_entry(previous, row)
        previous = row["entry_hash"]
        yield row


def find_faults(entries: Iterable[Mapping[str, Any]], kept: Head | None = None) -> Iterator[tuple[int, str]]:
    """Find what does not hang together.

    Parameters
    ----------
    entries : iterable of row
        All of them, in the order of their numbers.
    kept : Head, optional
        A head that was noted at some time, outside the database: entries cut off at the end show only by it.

    Yields
    ------
    tuple of int and str
        Number of an entry and a code: ``gap`` (entries before it are missing), ``broken`` (does not follow from the
        one before: reordered, inserted, or the one before replaced), ``changed`` (does not have its own hash),
        ``rewritten`` (hangs together, but is not what was noted), ``cut`` (the noted entry is not there).
    """
    seq, previous = START.seq, START.hash
    for entry in entries:
        if entry["seq"] != seq + 1:
            yield entry["seq"], "gap"
        elif entry["previous_hash"] != previous:
            yield entry["seq"], "broken"
        if hash_entry(entry["previous_hash"], entry) != entry["entry_hash"]:
            yield entry["seq"], "changed"
        if kept is not None and entry["seq"] == kept.seq and entry["entry_hash"] != kept.hash:
            yield entry["seq"], "rewritten"
        seq, previous = entry["seq"], entry["entry_hash"]
    if kept is not None and kept.seq > seq:
        yield kept.seq, "cut"

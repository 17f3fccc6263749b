"""The audit log's hash chain: each entry holds the hash of the entry before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


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
        """Parse the text that :meth:`__str__` returns.

        Raises
        ------
        ValueError
        """
        number, _, digest = text.strip().partition(":")
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValueError("not a number and a hash")
        return cls(int(number), digest)


START = Head(0, "0" * 64)
"""The head of an empty chain."""

_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))

FIELDS = ("seq", "at", "actor", "action", "household_id", "households", "region", "request_id", "detail")


def to_json(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry as the content of a JSON object, with its time to the µs."""
    return {**entry, "at": entry["at"].isoformat(timespec="microseconds")}


def hash_content(entry: Mapping[str, Any]) -> str:
    """Hash an entry as canonical JSON (sorted names, no spaces, UTF-8, times to the µs)."""
    plain = to_json({name: entry[name] for name in FIELDS})
    return hashlib.sha256(_CANONICAL.encode(plain).encode()).hexdigest()


def link(previous: str, content: str) -> str:
    """Hash the previous hash and the hash of an entry's content: a chain can be followed without seeing its entries."""
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


def hash_entry(previous: str, entry: Mapping[str, Any]) -> str:
    """Hash the previous hash and an entry."""
    return link(previous, hash_content(entry))


def chain_entries(entries: Iterable[Mapping[str, Any]], head: Head) -> Iterator[dict[str, Any]]:
    """Number the entries that follow a head, and add their hashes."""
    seq, previous = head.seq, head.hash
    for entry in entries:
        seq += 1
        row = {**entry, "seq": seq}
        row["previous_hash"], row["entry_hash"] = previous, hash_entry(previous, row)
        previous = row["entry_hash"]
        yield row


def find_faults(
    entries: Iterable[Mapping[str, Any]], noted: Iterable[Head] = (), start: Head = START
) -> Iterator[tuple[int, str]]:
    """Verify the chain.

    Parameters
    ----------
    entries : iterable of row
        All entries after ``start``, in the order of their numbers.
    noted : iterable of Head
        Heads noted earlier, outside the database. Only with them can entries missing at the end be detected, and a
        chain that was rewritten as a whole. Heads before ``start`` are not compared.
    start : Head
        Entry before the first one; by default, the log is complete.

    Yields
    ------
    tuple of int and str
        Number of an entry and a code: ``gap`` (entries before it are missing), ``broken`` (it does not follow from the
        previous entry: an entry was reordered, inserted or replaced), ``changed`` (it does not match its own hash),
        ``rewritten`` (consistent, but not the entry that was noted), ``cut`` (the noted entry is missing).
    """
    seq, previous = start.seq, start.hash
    expected: dict[int, set[str]] = {}
    for head in noted:
        expected.setdefault(head.seq, set()).add(head.hash)
    if expected.pop(seq, {previous}) != {previous}:
        yield seq, "rewritten"
    for entry in entries:
        if entry["seq"] != seq + 1:
            yield entry["seq"], "gap"
        elif entry["previous_hash"] != previous:
            yield entry["seq"], "broken"
        if hash_entry(entry["previous_hash"], entry) != entry["entry_hash"]:
            yield entry["seq"], "changed"
        if expected.pop(entry["seq"], {entry["entry_hash"]}) != {entry["entry_hash"]}:
            yield entry["seq"], "rewritten"
        seq, previous = entry["seq"], entry["entry_hash"]
    yield from ((missing, "cut") for missing in sorted(expected) if missing > seq)

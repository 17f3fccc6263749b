"""SQL about the audit: entries are only ever added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from riskml_serving.audit.chain import START, Head, chained
from riskml_serving.audit.tables import AUDIT
from riskml_serving.database.locks import take

__all__ = ["append", "read_all", "read_head"]


def append(connection: Connection, entries: Sequence[dict[str, Any]]) -> None:
    """Add entries behind the last one.

    From here to the end of the transaction no other writer adds any, so that the chain never forks.
    """
    if entries:
        take(connection, "audit")
        connection.execute(insert(AUDIT), list(chained(entries, read_head(connection))))


def read_head(connection: Connection) -> Head:
    """Read number and hash of the last entry."""
    query = select(AUDIT.c.seq, AUDIT.c.entry_hash).order_by(AUDIT.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return START if row is None else Head(row[0], row[1])


def read_all(connection: Connection) -> Iterator[RowMapping]:
    """Read every entry in the order of the numbers, a few at a time."""
    query = select(AUDIT).order_by(AUDIT.c.seq).execution_options(yield_per=5000)
    yield from connection.execute(query).mappings()

"""SQL for the audit log: entries are only ever added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from riskml_serving.base.database.locks import hold_lock
from riskml_serving.people.audit.chain import START, Head, chain_entries
from riskml_serving.people.audit.pseudonyms import read_pseudonym
from riskml_serving.people.audit.tables import AUDIT

__all__ = ["append", "read_about", "read_all", "read_head", "read_range"]


def append(connection: Connection, entries: Sequence[dict[str, Any]]) -> None:
    """Append entries to the chain, with each household's code replaced by its keyed hash.

    No other writer can append until the transaction ends, so that the chain never forks.
    """
    if entries:
        hold_lock(connection, "audit")
        hashed = [{**entry, "household_id": _pseudonymise(connection, entry["household_id"])} for entry in entries]
        connection.execute(insert(AUDIT), list(chain_entries(hashed, read_head(connection))))


def _pseudonymise(connection: Connection, household_id: str | None) -> str | None:
    return None if household_id is None else read_pseudonym(connection, household_id)


def read_about(connection: Connection, household_id: str) -> Sequence[RowMapping]:
    """Read every entry about a household, oldest first."""
    query = select(AUDIT).where(AUDIT.c.household_id == read_pseudonym(connection, household_id)).order_by(AUDIT.c.seq)
    return connection.execute(query).mappings().all()


def read_head(connection: Connection) -> Head:
    """Read the number and hash of the last entry."""
    query = select(AUDIT.c.seq, AUDIT.c.entry_hash).order_by(AUDIT.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return START if row is None else Head(row[0], row[1])


def read_range(connection: Connection, first: int, last: int) -> list[dict[str, Any]]:
    """Read the entries with these numbers and those between, in order."""
    query = select(AUDIT).where(AUDIT.c.seq.between(first, last)).order_by(AUDIT.c.seq)
    return list(map(dict, connection.execute(query).mappings()))


def read_all(connection: Connection) -> Iterator[dict[str, Any]]:
    """Read all entries by ascending number, in batches."""
    query = select(AUDIT).order_by(AUDIT.c.seq).execution_options(yield_per=5000)
    for row in connection.execute(query).mappings():
        yield dict(row)

"""SQL for the audit log: entries are only ever added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select

from riskml_serving.base.database.locks import hold_lock
from riskml_serving.people.audit.chain import START, Head, chain_entries
from riskml_serving.people.audit.pseudonyms import SHORT, hash_household, read_key, read_pseudonym
from riskml_serving.people.audit.tables import ARCHIVES, AUDIT


def append(connection: Connection, entries: Sequence[dict[str, Any]]) -> None:
    """Append entries to the chain, with each household's code replaced by its keyed hash.

    No other writer can append until the transaction ends, so that the chain never forks.
    """
    if entries:
        hold_lock(connection, "audit")
        key = read_key(connection)
        hashed = [_pseudonymise(key, entry) for entry in entries]
        connection.execute(insert(AUDIT), list(chain_entries(hashed, read_head(connection))))


def _pseudonymise(key: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the codes of an entry: one by its hash, several by their shortened hashes in ascending order."""
    one, several = entry["household_id"], entry["households"]
    return {
        **entry,
        "household_id": None if one is None else hash_household(key, one),
        "households": None if several is None else " ".join(sorted(hash_household(key, c)[:SHORT] for c in several)),
    }


def read_about(connection: Connection, household_id: str) -> Sequence[RowMapping]:
    """Read every entry about a household, alone or with others, oldest first."""
    pseudonym = read_pseudonym(connection, household_id)
    about = or_(AUDIT.c.household_id == pseudonym, AUDIT.c.households.contains(pseudonym[:SHORT]))
    return connection.execute(select(AUDIT).where(about).order_by(AUDIT.c.seq)).mappings().all()


def list_actions(connection: Connection, request_id: str) -> dict[str, dt.datetime]:
    """List what a request did, and when; entries that have been moved to a file are left out."""
    query = select(AUDIT.c.action, AUDIT.c.at).where(AUDIT.c.request_id == request_id)
    return {row.action: row.at for row in connection.execute(query)}


def read_head(connection: Connection) -> Head:
    """Read the number and hash of the last entry."""
    query = select(AUDIT.c.seq, AUDIT.c.entry_hash).order_by(AUDIT.c.seq.desc()).limit(1)
    if (row := connection.execute(query).first()) is not None:
        return Head(row[0], row[1])
    archives = read_archives(connection)
    return Head.parse(archives[-1]["head"]) if archives else START


def read_archives(connection: Connection) -> Sequence[RowMapping]:
    """Read which entries were moved to files, oldest first."""
    return connection.execute(select(ARCHIVES).order_by(ARCHIVES.c.last_seq)).mappings().all()


def move_out(connection: Connection, last_seq: int, archive: Mapping[str, Any]) -> None:
    """Note a file that holds the oldest entries, and delete them."""
    connection.execute(insert(ARCHIVES).values(last_seq=last_seq, **archive))
    connection.execute(delete(AUDIT).where(AUDIT.c.seq <= last_seq))


def read_range(connection: Connection, first: int, last: int) -> list[dict[str, Any]]:
    """Read the entries with these numbers and those between, in order."""
    query = select(AUDIT).where(AUDIT.c.seq.between(first, last)).order_by(AUDIT.c.seq)
    return list(map(dict, connection.execute(query).mappings()))


def read_all(connection: Connection, before: dt.datetime | None = None) -> Iterator[dict[str, Any]]:
    """Read all entries by ascending number, in batches; with ``before``, only those until the first at or after it."""
    query = select(AUDIT).order_by(AUDIT.c.seq).execution_options(yield_per=5000)
    if before is not None:
        later = connection.execute(select(func.min(AUDIT.c.seq)).where(AUDIT.c.at >= before)).scalar()
        query = query if later is None else query.where(AUDIT.c.seq < later)
    for row in connection.execute(query).mappings():
        yield dict(row)

"""SQL for facts that staff stated about households."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from riskml_serving.base.clock import now
from riskml_serving.store.facts.tables import CASE_FACTS
from riskml_serving.store.records.repository import split_codes

__all__ = ["add_facts", "list_stated", "read_facts", "undo_facts"]


def add_facts(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Save facts about households that the caller has checked."""
    if rows:
        connection.execute(insert(CASE_FACTS), list(rows))


def list_stated(connection: Connection, codes: Collection[str]) -> list[str]:
    """List those of some households about which any fact is stored; there are few."""
    stated = connection.execute(select(CASE_FACTS.c.household_id).distinct()).scalars()
    return sorted(set(codes).intersection(stated))


def read_facts(connection: Connection, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Read the facts about households that the caller has checked, in the order in which they were saved."""
    queries = (
        select(CASE_FACTS).where(CASE_FACTS.c.household_id.in_(part)).order_by(CASE_FACTS.c.fact_id)
        for part in split_codes(codes)
    )
    return [dict(row) for query in queries for row in connection.execute(query).mappings()]


def undo_facts(connection: Connection, verification_id: int) -> None:
    """Mark the facts of a verification, which the caller has checked, as undone."""
    own = CASE_FACTS.c.verification_id == verification_id
    connection.execute(update(CASE_FACTS).where(own).values(undone_at=now()))

"""SQL for facts that staff stated about households."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from riskml_serving.base.clock import now
from riskml_serving.store.facts.tables import CASE_FACTS
from riskml_serving.store.records.repository import read_in


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
    return read_in(connection, select(CASE_FACTS).order_by(CASE_FACTS.c.fact_id), CASE_FACTS.c.household_id, codes)


def read_facts_of_visits(connection: Connection, verification_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Read the facts of verifications that the caller has checked, whichever household they are about now."""
    query = select(CASE_FACTS).order_by(CASE_FACTS.c.fact_id)
    return read_in(connection, query, CASE_FACTS.c.verification_id, verification_ids)


def move_fact(connection: Connection, fact_id: int, household_id: str, content: str) -> None:
    """Let a fact, which the caller has checked, be about another household."""
    own = CASE_FACTS.c.fact_id == fact_id
    connection.execute(update(CASE_FACTS).where(own).values(household_id=household_id, content=content))


def undo_facts(connection: Connection, verification_id: int) -> set[str]:
    """Mark the facts of a verification, which the caller has checked, as undone, with their copies in other households.

    Return their households.
    """
    records = select(CASE_FACTS.c.record_id).where(CASE_FACTS.c.verification_id == verification_id)
    query = update(CASE_FACTS).where(CASE_FACTS.c.record_id.in_(records)).values(undone_at=now())
    return set(connection.execute(query.returning(CASE_FACTS.c.household_id)).scalars())

"""SQL for the stored responses to requests with an idempotency key."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, insert, select

from riskml_serving.base.clock import now
from riskml_serving.http.idempotent_writes.tables import ANSWERS


def find_answer(connection: Connection, caller: str, key: str) -> RowMapping | None:
    """Find the stored response to an earlier request with a caller's key."""
    query = select(ANSWERS).where(ANSWERS.c.caller == caller, ANSWERS.c.idempotency_key == key)
    return connection.execute(query).mappings().first()


def add_answer(connection: Connection, caller: str, key: str, request_hash: str, status: int, answer: str) -> None:
    """Save the response to a request with a caller's key."""
    row = {"caller": caller, "idempotency_key": key, "request_hash": request_hash, "created_at": now()}
    connection.execute(insert(ANSWERS).values(**row, status=status, answer=answer))

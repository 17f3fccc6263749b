"""SQL about answers given to requests with an idempotency key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from riskml_serving.base.clock import now
from riskml_serving.base.database.locks import take_named
from riskml_serving.base.problems import Problem
from riskml_serving.http.idempotent_writes.tables import ANSWERS
from riskml_serving.http.responses import as_bytes
from riskml_serving.people.auth import Caller

__all__ = ["Given", "once"]


@dataclass(frozen=True)
class Given:
    """An answer: its status, its bytes, and whether it was given before."""

    status: int
    content: bytes
    repeated: bool = False


def once(
    connection: Connection, caller: Caller, key: str | None, request: bytes, work: Callable[[], tuple[int, Any]]
) -> Given:
    """Do the work of a request, or give the answer that it got before.

    Parameters
    ----------
    connection : Connection
        Of the writing transaction in which the work is done: work and answer are kept together or not at all.
    caller : Caller
        Keys of different callers never meet.
    key : str, optional
        Header ``Idempotency-Key``; without one the work is done every time.
    request : bytes
        What the request asks for: path and body.
    work : callable
        Returns status and plain values.

    Raises
    ------
    Problem
        ``idempotency-conflict`` where the key came with another request before.
    """
    if key is None:
        status, content = work()
        return Given(status, as_bytes(content))
    digest = hashlib.sha256(request).hexdigest()
    take_named(connection, f"{caller.key_id} {key}")
    mine = (ANSWERS.c.caller == caller.key_id, ANSWERS.c.idempotency_key == key)
    kept = connection.execute(select(ANSWERS).where(*mine)).mappings().first()
    if kept is not None:
        if kept["request_hash"] != digest:
            raise Problem("idempotency-conflict")
        return Given(kept["status"], kept["answer"].encode(), repeated=True)
    status, content = work()
    text = as_bytes(content)
    row = {"caller": caller.key_id, "idempotency_key": key, "request_hash": digest, "created_at": now()}
    connection.execute(insert(ANSWERS).values(**row, status=status, answer=text.decode()))
    return Given(status, text)

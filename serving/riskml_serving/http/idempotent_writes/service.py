"""Carries out writes for endpoints and pages in one transaction, in a thread, and only once per idempotency key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from sqlalchemy import Connection, Engine
from starlette.requests import Request
from starlette.responses import Response

from riskml_serving.base.database import writing
from riskml_serving.base.database.locks import hold_lock
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.http.idempotent_writes import repository
from riskml_serving.http.responses import encode_json
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller

Work = Callable[[Connection], tuple[int, Any]]
"""A function that does the work of a request in a transaction and returns the status and content of the response."""

LONGEST_KEY = 128


@dataclass(frozen=True)
class Answer:
    """A response: its status, its bytes, and whether it repeats an earlier response."""

    status: int
    content: bytes
    repeated: bool = False


async def write_once(
    engine: Engine, request: Request, caller: Caller, key: str | None, body: bytes, work: Work
) -> Answer:
    """Do the work of a request in one transaction, or repeat the response stored for its idempotency key.

    Parameters
    ----------
    engine : Engine
    request : Request
    caller : Caller
        Caller who makes the request; the keys of different callers are independent.
    key : str or None
        Idempotency key; without one, the work is done every time.
    body : bytes
        Body of the request; using the same key with another body, path, region or right is a conflict.
    work : callable
        Does the work; its result and the response are saved together or not at all.

    Raises
    ------
    Problem
        ``idempotency-conflict``, or whatever the work raises.

    Notes
    -----
    When a response is repeated, the audit log records the households that it names. The response to a form is empty, so
    repeating it shows nothing.
    """
    scope = " ".join((caller.region, *sorted(caller.rights)))  # a repeat under other rights is a conflict
    content = b"\n".join((request.method.encode(), request.scope["path"].encode(), scope.encode(), body))
    request_hash = hashlib.sha256(content).hexdigest()

    def run() -> Answer:
        with writing(engine) as connection:
            answer = _work_or_repeat(connection, caller, key, request_hash, work)
            if answer.repeated and (shown := json.loads(answer.content)) is not None:
                households = sorted(collect_households(shown)) or None
                audit.record(connection, caller, "answer.repeated", households, request_id=request.state.request_id)
            return answer

    return await anyio.to_thread.run_sync(run)


def _work_or_repeat(connection: Connection, caller: Caller, key: str | None, request_hash: str, work: Work) -> Answer:
    if key is None:
        status, content = work(connection)
        return Answer(status, encode_json(content))
    hold_lock(connection, f"{caller.key_id} {key}")
    row = repository.find_answer(connection, caller.key_id, key)
    if row is None:
        status, content = work(connection)
        answer = Answer(status, encode_json(content))
        repository.add_answer(connection, caller.key_id, key, request_hash, status, answer.content.decode())
        return answer
    if row["request_hash"] != request_hash:
        raise Problem("idempotency-conflict")
    return Answer(row["status"], row["answer"].encode(), repeated=True)


def collect_households(content: Any) -> set[str]:
    """Collect the codes of the households that a response names.

    >>> sorted(collect_households({"household_id": "h1", "followed_by": ["h2"], "scores": [{"household_id": "h3"}]}))
    ['h1', 'h2', 'h3']
    """
    if isinstance(content, list):
        return {code for part in content for code in collect_households(part)}
    if not isinstance(content, dict):
        return set()
    own = {content["household_id"]} if "household_id" in content else set()
    return own.union(content.get("followed_by", ()), *map(collect_households, content.values()))


async def respond_once(engine: Engine, request: Request, caller: Caller, body: bytes, work: Work) -> Response:
    """Carry out a write for an endpoint, only once per ``Idempotency-Key`` header; see :func:`write_once`."""
    answer = await write_once(engine, request, caller, _read_key(request), body, work)
    headers = {"Idempotent-Replayed": "true"} if answer.repeated else {}
    return Response(answer.content, answer.status, media_type="application/json", headers=headers)


def _read_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        error = FieldError("Idempotency-Key", "bad_key", f"1 to {LONGEST_KEY} printable ASCII characters")
        raise Problem("invalid-request", errors=[error])
    return key

"""How an endpoint that writes does its work: one transaction, once for an idempotency key, in a thread."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from riskml_serving.base.database import writing
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.http.idempotent_writes.repository import Given, once
from riskml_serving.http.responses import named_in
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller

__all__ = ["write"]

LONGEST_KEY = 128


async def write(
    request: Request, caller: Caller, body: bytes, work: Callable[[Connection], tuple[int, Any]]
) -> Response:
    """Do the work of a writing request in one transaction and answer.

    Parameters
    ----------
    request : Request
        Its header ``Idempotency-Key`` makes a repetition give the same answer.
    caller : Caller
    body : bytes
    work : callable
        Takes the connection; returns status and plain values.
    """
    key = _key(request)
    scope = " ".join((caller.region, *sorted(caller.rights)))  # what was told under other rights is not told again
    asked = b"\n".join((request.method.encode(), request.url.path.encode(), scope.encode(), body))

    def done() -> Given:
        with writing(request.app.state.engine) as connection:
            given = once(connection, caller, key, asked, lambda: work(connection))
            if given.repeated:
                seen = sorted(named_in(json.loads(given.content))) or None
                audit.record(connection, caller, "answer.repeated", seen, request_id=request.state.request_id)
            return given

    given = await anyio.to_thread.run_sync(done)
    headers = {"Idempotent-Replayed": "true"} if given.repeated else {}
    return Response(given.content, given.status, media_type="application/json", headers=headers)


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        wrong = FieldError("Idempotency-Key", "bad_key", f"1 to {LONGEST_KEY} printable ASCII characters")
        raise Problem("invalid-request", errors=[wrong])
    return key

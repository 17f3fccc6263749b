"""A call to an endpoint: the caller, the required right, and the steps that endpoints share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, TypeVar

import anyio.to_thread
from fastapi import Depends, Query
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from riskml.records.contract.as_of import AsOf
from riskml_serving.api.openapi import Body
from riskml_serving.base.clock import today
from riskml_serving.base.limits import read_body
from riskml_serving.base.problems import FieldError
from riskml_serving.http.bodies import LARGE, SMALL, parse, parse_records
from riskml_serving.http.idempotent_writes.service import Work, respond_once
from riskml_serving.http.responses import make_envelope
from riskml_serving.judging.act import Act
from riskml_serving.judging.model import Model
from riskml_serving.operations.state import AppState, get_state
from riskml_serving.people.auth import Caller

Region = Annotated[str | None, Query(description="Region prefix; by default, that of the key.")]
T = TypeVar("T")
Limit = Annotated[int | None, Query(ge=1)]


@dataclass(frozen=True)
class Call:
    """A request whose caller has the right that the endpoint needs.

    Parameters
    ----------
    request : Request
    state : AppState
    caller : Caller
    """

    request: Request
    state: AppState
    caller: Caller

    @cached_property
    def model(self) -> Model:
        """Model in service; it stays the same until the request ends.

        Raises
        ------
        Problem
            ``model-unavailable``.
        """
        return self.state.holder.current

    @cached_property
    def today(self) -> dt.date:
        """Current date in Shanghai, or the date that the settings set; it stays the same until the request ends."""
        return today(self.state.settings)

    @property
    def request_id(self) -> str:
        """ID of the request, as in the header ``X-Request-Id``."""
        return str(self.request.state.request_id)

    def make_envelope(self, as_of: AsOf | None = None, scored_at: dt.datetime | None = None) -> dict[str, str | None]:
        """Build the fields that every response has; see :func:`riskml_serving.http.responses.make_envelope`."""
        return make_envelope(self.model.provenance, as_of, scored_at, self.request_id)

    def act(self, connection: Connection) -> Act:
        """Return what the caller changes within a transaction."""
        return Act(connection, self.caller, self.today, self.request_id, lambda: self.model)

    def clamp_limit(self, limit: int | None) -> int:
        """Return the page size: the number of rows requested, ``page_size`` by default, at most ``max_page_size``."""
        return min(limit or self.state.settings.page_size, self.state.settings.max_page_size)

    async def record_read(self, action: str, codes: Iterable[str], **detail: Any) -> None:
        """Record in the audit log which households a read-only request shows."""
        await self.state.audit.record(self.caller, action, codes, request_id=self.request_id, **detail)

    async def read_body(self, kind: Body) -> tuple[bytes, dict[str, Any]]:
        """Read the body; return its bytes and its parsed values.

        Raises
        ------
        Problem
            ``body-too-large``, ``invalid-json``, ``invalid-request``.
        """
        content = await read_body(self.request, min(SMALL, self.state.settings.max_body_bytes))
        return content, parse(content, kind.adapter)

    async def read_records(self, kind: Body) -> tuple[bytes, dict[str, Any], list[FieldError]]:
        """Read a body with records; also return warnings about its codes, see :func:`parse_records`."""
        content = await read_body(self.request, self.state.settings.max_body_bytes)
        return content, *await self.run(content, lambda: parse_records(content, kind.adapter))

    async def run(self, content: bytes, work: Callable[[], T]) -> T:
        """Do some work on the values of a body; if it is large, in a thread, so that other requests need not wait."""
        return work() if len(content) < LARGE else await anyio.to_thread.run_sync(work)

    async def write_once(self, content: bytes, work: Work) -> Response:
        """Do a request's work in one transaction, and only once per idempotency key."""
        return await respond_once(self.state.engine, self.request, self.caller, content, work)


class RequireRight(SecurityBase):
    """Authenticates a request, enforces the rate limit of its key, and requires a right.

    It also declares the authentication scheme for the OpenAPI description.
    """

    model = HTTPBearer(description="API key, created with `riskml-serving keys create`.")
    scheme_name = "key"

    def __init__(self, right: str) -> None:
        self.right = right

    async def __call__(self, request: Request) -> Call:
        """Authenticate the request and return it as a call."""
        state = get_state(request)
        caller = await state.authenticator.authenticate(request.headers.get("authorization", ""))
        request.state.caller = caller
        state.rate.check(caller.key_id)
        caller.require(self.right)
        return Call(request, state, caller)


ReadCall = Annotated[Call, Depends(RequireRight("read"))]
ScoreCall = Annotated[Call, Depends(RequireRight("score"))]
WriteCall = Annotated[Call, Depends(RequireRight("write"))]

"""The caller of an API request, as a dependency of the endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from riskml_serving.operations.state import get_state
from riskml_serving.people.auth import Caller

__all__ = ["require_right"]


def require_right(right: str) -> Callable[[Request], Awaitable[Caller]]:
    """Build the dependency that authenticates a request, counts it against the key's rate and requires a right."""

    async def authenticate(request: Request) -> Caller:
        state = get_state(request)
        caller = await state.authenticator.authenticate(request.headers.get("authorization", ""))
        request.state.caller = caller
        state.rate.check(caller.key_id)
        caller.require(right)
        return caller

    return authenticate

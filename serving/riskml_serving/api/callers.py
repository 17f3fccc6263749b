"""Who calls an endpoint: dependencies that authenticate a request and require a right."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import Request

from riskml_serving.operations.state import get_state
from riskml_serving.people.auth import Caller

__all__ = ["Reader", "RequireRight", "Scorer", "Writer"]


class RequireRight(SecurityBase):
    """Authenticates a request, counts it against the key's rate and requires a right; the OpenAPI names the key."""

    model = HTTPBearer(description="API key: `riskml-serving keys create`.")
    scheme_name = "key"

    def __init__(self, right: str) -> None:
        self.right = right

    async def __call__(self, request: Request) -> Caller:
        """Return the caller."""
        state = get_state(request)
        caller = await state.authenticator.authenticate(request.headers.get("authorization", ""))
        request.state.caller = caller
        state.rate.check(caller.key_id)
        caller.require(self.right)
        return caller


Reader = Annotated[Caller, Depends(RequireRight("read"))]
Scorer = Annotated[Caller, Depends(RequireRight("score"))]
Writer = Annotated[Caller, Depends(RequireRight("write"))]

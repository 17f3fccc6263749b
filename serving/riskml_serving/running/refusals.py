"""Records in the audit log every request that was refused because of who sent it, before the refusal is sent."""

from __future__ import annotations

from starlette.requests import Request

from riskml.vocabulary.regions import Level
from riskml_serving.base.limits import RateLimiter
from riskml_serving.base.problems import PROBLEMS
from riskml_serving.http.clients import get_client_address
from riskml_serving.people.audit import BatchWriter
from riskml_serving.people.auth import NOBODY

MAX_LENGTH = 128
"""Maximum length of a household's code; longer ones are not recorded."""
ANONYMOUS_PER_MINUTE = 60
"""Maximum number of entries per minute and client for requests without a valid key; more of them would fill the log."""


class Refusals:
    """Records refusals; each worker has one.

    Parameters
    ----------
    audit : BatchWriter
    """

    def __init__(self, audit: BatchWriter) -> None:
        self._audit, self._anonymous = audit, RateLimiter(ANONYMOUS_PER_MINUTE)

    async def record(self, request: Request, kind: str) -> None:
        """Record a refusal, if a problem of this kind is one: who asked for which household or region, and from where.

        A key that is not valid is not recorded: it may be a valid one that was mistyped.
        """
        if not (action := PROBLEMS[kind].audited):
            return
        client = get_client_address(request.scope)
        caller = getattr(request.state, "caller", NOBODY)
        if caller is NOBODY and self._anonymous.wait(client) > 0:
            return
        detail = {"client": client}
        if kind == "region-not-found":
            detail["asked"] = request.query_params.get("region", "")[: Level.VILLAGE]
        household = None
        if kind == "household-not-found":
            code = request.path_params.get("household_id", "")
            household = code if code.isprintable() and 0 < len(code) <= MAX_LENGTH else None
        await self._audit.record(caller, action, household, request_id=request.state.request_id, **detail)

"""Watches requests from outside: how long each took, one line of the log, one span of a trace."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskml_serving.operations.metrics import Metrics

__all__ = ["Observer", "Tracer", "get_route"]

log = logging.getLogger("riskml_serving.requests")

QUIET = ("/healthz", "/readyz", "/metrics")
"""Routes that are asked all the time: logged only when they fail."""

METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


class Tracer(Protocol):
    """What traces requests."""

    def request(self, scope: Scope) -> AbstractContextManager[Any]:
        """Open a span around a request."""
        ...

    def end(self, span: Any, scope: Scope, status: int) -> None:
        """Name the span by its route and note how it ended."""
        ...


class Observer:
    """Measures, logs and traces requests by the pattern of their route.

    An address may name a household, so no log, metric or trace holds one.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, tracer: Tracer | None = None) -> None:
        self.app, self.metrics, self.tracer = app, metrics, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, started = 499, time.perf_counter()  # 499: gone before an answer began

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        traced = self.tracer.request(scope) if self.tracer else nullcontext()
        with self.metrics.in_progress.track_inprogress(), traced as span:
            try:
                await self.app(scope, receive, noted)
            finally:
                self._note(scope, status, time.perf_counter() - started)
                if self.tracer:
                    self.tracer.end(span, scope, status)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        route = get_route(scope)
        self.metrics.seconds.labels(method, route, str(status)).observe(seconds)
        if route in QUIET and status < 400:
            return
        state = scope.get("state", {})
        caller = getattr(state.get("caller"), "key_id", None)
        extra = {
            "request_id": state.get("request_id"),
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "key_id": None if caller is None or ":" in caller else caller,  # a person who signed in is not named
        }
        log.log(logging.WARNING if status >= 500 else logging.INFO, "request", extra=extra)


def get_route(scope: Scope) -> str:
    """Pattern of the route, as ``/v1/households/{household_id}``; ``unmatched`` where there is none."""
    return str(getattr(scope.get("route"), "path", "unmatched"))

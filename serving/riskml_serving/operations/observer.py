"""Wraps the application to measure how long requests take, and to write a log line and a trace span for each."""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskml_serving.http.clients import get_client_address
from riskml_serving.operations.metrics import Metrics
from riskml_serving.operations.telemetry import OpenTelemetry, get_route

log = logging.getLogger("riskml_serving.requests")

QUIET = ("/healthz", "/readyz", "/metrics")
"""Routes that are polled all the time, and are logged only when they fail."""

METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


class Observer:
    """Measures, logs and traces requests by the patterns of their routes.

    A URL may name a household, so logs, metrics and traces never hold URLs.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, tracer: OpenTelemetry | None = None) -> None:
        self.app, self.metrics, self.tracer = app, metrics, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, started = 499, time.perf_counter()  # 499: the client went away before a response began

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        tracing = self.tracer.start_span(scope) if self.tracer else nullcontext()
        with self.metrics.in_progress.track_inprogress(), tracing as span:
            try:
                await self.app(scope, receive, send_noting_status)
            finally:
                self._record(scope, status, time.perf_counter() - started)
                if self.tracer:
                    self.tracer.end_span(span, scope, status)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
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
            "client": get_client_address(scope) or None,
            "key_id": None if caller is None or ":" in caller else caller,  # the log does not name people who signed in
        }
        log.log(logging.WARNING if status >= 500 else logging.INFO, "request", extra=extra)

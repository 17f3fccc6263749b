"""Traces with OpenTelemetry (an optional extra): spans hold routes, never URLs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from starlette.types import Scope

from riskml.errors import UsageError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider


class OpenTelemetry:
    """Traces requests, continuing the caller's trace.

    Parameters
    ----------
    provider : TracerProvider
    """

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.provider = provider
        self._tracer = provider.get_tracer("riskml_serving")
        self._server = trace.SpanKind.SERVER
        self._error = trace.Status(trace.StatusCode.ERROR)
        self._propagator = TraceContextTextMapPropagator()

    def start_span(self, scope: Scope) -> AbstractContextManager[Any]:
        """Open a span around a request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        context = self._propagator.extract(headers)
        return self._tracer.start_as_current_span(
            scope["method"], context=context, kind=self._server, record_exception=False, set_status_on_exception=False
        )

    def end_span(self, span: Any, scope: Scope, status: int) -> None:
        """Name the span after its route and record the status."""
        route = get_route(scope)
        span.update_name(f"{scope['method']} {route}")
        span.set_attributes(
            {
                "http.request.method": scope["method"],
                "http.route": route,
                "http.response.status_code": status,
                "riskml.request_id": scope.get("state", {}).get("request_id", ""),
            }
        )
        if status >= 500:
            span.set_status(self._error)

    def close(self) -> None:
        """Send the remaining spans."""
        self.provider.shutdown()


def create_tracer() -> OpenTelemetry:
    """Create the tracer, which sends spans to where the ``OTEL_*`` variables point.

    Raises
    ------
    UsageError
        If the extra is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise UsageError("OpenTelemetry is not installed.", "Install the extra: pip install 'riskml[otel]'.") from error
    provider = TracerProvider(resource=Resource.create({"service.name": "riskml"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OpenTelemetry(provider)


def get_route(scope: Scope) -> str:
    """Return the pattern of the route, such as ``/v1/households/{household_id}``, or ``unmatched`` if there is none."""
    return str(getattr(scope.get("route"), "path", "unmatched"))

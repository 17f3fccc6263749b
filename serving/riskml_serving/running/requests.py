"""Gives every request an ID, compresses pages, and responds to any error with a problem."""

from __future__ import annotations

import uuid

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskml_serving.base.errors import to_problem
from riskml_serving.http.paths import clean_address
from riskml_serving.running.refusals import Refusals
from riskml_serving.web.shell.refusals import render_problem
from riskml_serving.web.shell.rendering import wants_page

BROKEN_OFF = 499
"""Status in logs and metrics for a request whose client disconnected while sending the body. This is not the service's
fault, and nobody receives a response."""


async def respond_to_error(request: Request, error: Exception) -> Response:
    """Respond to an error with its problem: as JSON, or as a page if a browser requested an unknown address or method.

    Errors on pages do not get here, because the routes of pages handle them.
    """
    if isinstance(error, ClientDisconnect):
        return Response(status_code=BROKEN_OFF)
    problem = to_problem(error, request.state.request_id)
    if isinstance(error, HTTPException) and wants_page(request):
        return render_problem(request, problem)
    return problem.to_response(request)


HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""Headers of every response that does not set them itself."""
HTTPS_ONLY = ((b"strict-transport-security", b"max-age=31536000; includeSubDomains"),)


class CompressPages:
    """Compresses pages and their files, but not the API's responses, for which time matters more than size."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.compressed = app, GZipMiddleware(app, minimum_size=1000, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        app = self.app if scope.get("path", "").startswith("/v1/") else self.compressed
        await app(scope, receive, send)


class RequestNumber:
    """Gives every request an ID, which the response states in the header ``X-Request-Id``.

    Unexpected errors are caught here too: otherwise the server would print a traceback with values from the request.
    Refusals are recorded, and headers that protect the reader are added, before a response is sent.

    Parameters
    ----------
    app : ASGIApp
    refusals : Refusals
    secure : bool
        Whether browsers may reach the service over HTTPS only.
    """

    def __init__(self, app: ASGIApp, refusals: Refusals, *, secure: bool) -> None:
        self.app, self.refusals = app, refusals
        self.headers = HEADERS + (HTTPS_ONLY if secure else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        clean_address(scope)
        number, started, unrecorded = uuid.uuid4().hex, False, None
        scope.setdefault("state", {})["request_id"] = number

        async def send_numbered(message: Message) -> None:
            nonlocal started, unrecorded
            if message["type"] == "http.response.start":
                if (kind := scope["state"].get("problem")) is not None:
                    try:
                        await self.refusals.record(Request(scope), kind)
                    except Exception as error:
                        unrecorded = error
                        raise
                started = True
                headers = message.setdefault("headers", [])
                present = {name for name, _ in headers}
                headers.append((b"x-request-id", number.encode()))
                headers += [header for header in self.headers if header[0] not in present]
            await send(message)

        try:
            await self.app(scope, receive, send_numbered)
        except Exception as error:  # the framework hides an error in sending: for it, the response has started
            response = await respond_to_error(Request(scope, receive), unrecorded or error)
            if not started:
                await response(scope, receive, send_numbered)

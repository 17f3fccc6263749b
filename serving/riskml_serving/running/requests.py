"""Gives every request an ID, and responds to any error with a problem."""

from __future__ import annotations

import uuid

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskml_serving.base.errors import to_problem
from riskml_serving.web.shell.refusals import render_problem
from riskml_serving.web.shell.rendering import wants_page

__all__ = ["RequestNumber", "respond_to_error"]

BROKEN_OFF = 499
"""Status in logs and metrics for a request whose client disconnected while sending the body. This is not the service's
fault, and nobody receives a response."""


async def respond_to_error(request: Request, error: Exception) -> Response:
    """Respond to an error with its problem: as JSON, or as a page if a browser requests an address that does not exist.

    Errors on pages do not get here, because the routes of pages handle them.
    """
    if isinstance(error, ClientDisconnect):
        return Response(status_code=BROKEN_OFF)
    problem = to_problem(error, request.state.request_id)
    if isinstance(error, HTTPException) and wants_page(request):
        return render_problem(request, problem)
    return problem.to_response(request)


class RequestNumber:
    """Gives every request an ID, which the response carries in its body and in ``X-Request-Id``.

    Unexpected errors are caught here too: otherwise the server would print a traceback with values from the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number, started = uuid.uuid4().hex, False
        scope.setdefault("state", {})["request_id"] = number

        async def send_numbered(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message.setdefault("headers", []).append((b"x-request-id", number.encode()))
            await send(message)

        try:
            await self.app(scope, receive, send_numbered)
        except Exception as error:
            response = await respond_to_error(Request(scope, receive), error)
            if not started:
                await response(scope, receive, send_numbered)

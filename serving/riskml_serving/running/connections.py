"""HTTP connections with limits: a client that sends slowly or sends endless headers is cut off.

Without them, anybody could keep connections open for ever, with a few bytes now and then.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0
"""Seconds until a request's headers must be complete, from the connection or from the request's first byte."""
BODY_SECONDS, BODY_RATE = 30.0, 1_000.0
"""Seconds until a request's body must be complete, plus one for every this many bytes that have arrived."""
MAX_HEADERS, MAX_HEADER_BYTES = 100, 64_000
"""Maximum number of headers of a request, and of bytes in its address and headers."""


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits on the time and size of requests; see the constants above."""

    _timer: asyncio.TimerHandle | None = None
    _received = 0
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the client time to send a request."""
        super().connection_made(transport)
        self._expect(HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what arrives, and refuse headers without an end."""
        if self._timer is None:  # the first bytes of another request
            self._expect(HEADER_SECONDS)
        self._received += len(data)
        super().data_received(data)
        if not self._in_body and self._timer is not None and self._received > MAX_HEADER_BYTES:
            self._stop()
            self.send_400_response("The headers are too large.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Refuse too many headers: the parser turns the error into a response with status 400."""
        if len(self.headers) >= MAX_HEADERS:
            raise ValueError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Refuse headers that are too large although they arrived at once; give the client time to send the body."""
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEADER_BYTES:
            raise ValueError("too large headers")
        self._in_body = True
        self._expect(BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the clock: the service may take its time."""
        self._stop()
        super().on_message_complete()

    def _expect(self, seconds: float) -> None:
        self._stop(in_body=self._in_body)
        self._timer = self.loop.call_later(seconds, self._check, self.loop.time())

    def _check(self, since: float) -> None:
        """Cut the client off, unless a body has kept to its rate."""
        if self._in_body:
            left = since + BODY_SECONDS + self._received / BODY_RATE - self.loop.time()
            if left > 0:
                self._timer = self.loop.call_later(left, self._check, since)
                return
        self._timer = None
        self.transport.close()

    def _stop(self, *, in_body: bool = False) -> None:
        """Stop the clock and forget what was received."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._received, self._in_body = None, 0, in_body

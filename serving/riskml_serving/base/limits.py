"""Limits on requests: the size of the body, and the request rate per key."""

from __future__ import annotations

import time

from starlette.requests import Request

from riskml_serving.base.problems import Problem


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read the body; stop as soon as it exceeds ``max_bytes``.

    Raises
    ------
    Problem
        ``body-too-large``.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise Problem("body-too-large", "request", most=max_bytes)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise Problem("body-too-large", "request", most=max_bytes)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class RateLimiter:
    """Limits the requests per key with a token bucket that holds one minute's requests and refills evenly.

    Parameters
    ----------
    per_minute : int
        Number of requests that each key may send in a minute; 0 means no limit.

    Notes
    -----
    Each worker counts separately. A key that has sent no request for a minute may be forgotten: its bucket is full.

    >>> rate = RateLimiter(1)
    >>> rate.wait("a", at=0.0), rate.wait("a", at=1.0), rate.wait("a", at=60.0)
    (0.0, 59.0, 0.0)
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, key: str, at: float | None = None) -> float:
        """Count a request; return 0 if it is accepted, otherwise the number of seconds to wait."""
        if not self.per_minute:
            return 0.0
        at = time.monotonic() if at is None else at
        left, since = self._left.get(key, (float(self.per_minute), at))
        left = min(float(self.per_minute), left + (at - since) * self.per_minute / 60)
        if left < 1:
            self._left[key] = (left, at)
            return (1 - left) * 60 / self.per_minute
        if len(self._left) > 10_000:
            self._left = {name: kept for name, kept in self._left.items() if at - kept[1] < 60}
        self._left[key] = (left - 1, at)
        return 0.0

    def check(self, key: str) -> None:
        """Count a request made with a key.

        Raises
        ------
        Problem
            ``too-many-requests``, with the number of seconds to wait.
        """
        if (seconds := self.wait(key)) > 0:
            again = {"Retry-After": str(max(1, round(seconds)))}
            raise Problem("too-many-requests", "key", most=self.per_minute, headers=again)

"""Writes audit entries for requests that write nothing else; requests waiting at the same time share a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import anyio.to_thread
from sqlalchemy import Engine

from riskml_serving.base.database import writing
from riskml_serving.people.audit import repository
from riskml_serving.people.audit.service import build_entries
from riskml_serving.people.auth import Caller

Entries = list[dict[str, Any]]


class BatchWriter:
    """Commits the entries of many requests in one transaction (group commit).

    The response to a request is sent once its entries are committed. While one transaction is being committed, the
    entries of other requests collect for the next one. So the cost of a commit is shared under load, and no request
    waits for a timer.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._next: tuple[Entries, asyncio.Future[None]] | None = None
        self._writer: asyncio.Task[None] | None = None

    async def record(
        self, caller: Caller, action: str, household_id: str | Iterable[str] | None, *, request_id: str, **detail: Any
    ) -> None:
        """Record that a caller saw something; see :func:`riskml_serving.people.audit.record`."""
        entries = build_entries(caller, action, household_id, request_id, detail)
        if not entries:
            return
        if self._next is None:
            self._next = ([], asyncio.get_running_loop().create_future())
        batch, committed = self._next
        batch += entries
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await asyncio.shield(committed)  # cancelling one request must not cancel the others in its batch

    async def _write(self) -> None:
        while self._next is not None:
            (batch, committed), self._next = self._next, None
            try:
                await anyio.to_thread.run_sync(self._commit, batch)
            except BaseException as error:
                committed.set_exception(error if isinstance(error, Exception) else RuntimeError("stopped"))
                if not isinstance(error, Exception):
                    raise
            else:
                committed.set_result(None)

    def _commit(self, entries: Entries) -> None:
        with writing(self.engine) as connection:
            repository.append(connection, entries)

"""Records what requests saw that write nothing else: those that wait together share one transaction."""

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

__all__ = ["BatchWriter"]

Entries = list[dict[str, Any]]


class BatchWriter:
    """Writes entries of many requests in one transaction, as a database does its commits.

    A request is answered after its entries are kept. While one transaction is on its way, the entries of other
    requests gather for the next: so the price of a commit is shared under load, and nobody waits for a timer.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._waiting: list[tuple[Entries, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def record(
        self, caller: Caller, action: str, household_id: str | Iterable[str] | None, *, request_id: str, **detail: Any
    ) -> None:
        """Record that a caller saw something; see :func:`riskml_serving.people.audit.record`."""
        found = build_entries(caller, action, household_id, request_id, detail)
        if not found:
            return
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((found, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await kept

    async def _write(self) -> None:
        while self._waiting:
            part, self._waiting = self._waiting, []
            try:
                await anyio.to_thread.run_sync(self._keep, [entry for found, _ in part for entry in found])
            except BaseException as error:
                for _, kept in part:
                    if not kept.done():  # a request that was cancelled waits no longer
                        kept.set_exception(error if isinstance(error, Exception) else RuntimeError("stopped"))
                if not isinstance(error, Exception):
                    raise
            else:
                for _, kept in part:
                    if not kept.done():
                        kept.set_result(None)

    def _keep(self, found: Entries) -> None:
        with writing(self.engine) as connection:
            repository.append(connection, found)

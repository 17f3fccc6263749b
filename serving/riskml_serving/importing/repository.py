"""SQL about how far imports have come."""

from __future__ import annotations

from sqlalchemy import Connection, select

from riskml_serving.clock import now
from riskml_serving.database.upserts import upsert
from riskml_serving.importing.tables import IMPORTS

__all__ = ["advance", "progress"]


def progress(connection: Connection, fingerprint: str) -> dict[str, tuple[int, bool]]:
    """Rows done and whether it is finished, by stage of an import."""
    query = select(IMPORTS).where(IMPORTS.c.fingerprint == fingerprint)
    return {row["stage"]: (row["done"], row["finished_at"] is not None) for row in connection.execute(query).mappings()}


def advance(connection: Connection, fingerprint: str, stage: str, done: int, *, finished: bool) -> None:
    """Note how far a stage has come, within the transaction that did the work."""
    row = {"fingerprint": fingerprint, "stage": stage, "done": done, "finished_at": now() if finished else None}
    upsert(connection, IMPORTS, [row])

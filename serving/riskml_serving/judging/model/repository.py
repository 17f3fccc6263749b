"""SQL for the model's releases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, func, select, update

from riskml_serving.base.database.upserts import upsert
from riskml_serving.judging.model.tables import RELEASES


def list_releases(connection: Connection) -> Sequence[RowMapping]:
    """List the releases that were in service, the latest first."""
    query = select(RELEASES).order_by(RELEASES.c.turn.desc(), RELEASES.c.served_at.desc(), RELEASES.c.model_version)
    return connection.execute(query).mappings().all()


def list_rejected(connection: Connection) -> set[str]:
    """List the versions that were rolled back."""
    query = select(RELEASES.c.model_version).where(RELEASES.c.rejected_at.is_not(None))
    return set(connection.execute(query).scalars())


def record_release(connection: Connection, version: str, source: str, at: dt.datetime) -> None:
    """Record that a worker has put a release into service."""
    last = connection.execute(select(func.coalesce(func.max(RELEASES.c.turn), 0))).scalar_one()
    row = {"model_version": version, "source": source, "served_at": at, "rejected_at": None, "turn": last + 1}
    upsert(connection, RELEASES, [row])


def reject(connection: Connection, version: str, at: dt.datetime) -> None:
    """Keep every worker from using a release again."""
    connection.execute(update(RELEASES).where(RELEASES.c.model_version == version).values(rejected_at=at))


def accept(connection: Connection, version: str) -> bool:
    """Let workers use a rolled-back release again; return False if no release with this version was rolled back."""
    result = connection.execute(
        update(RELEASES)
        .where(RELEASES.c.model_version == version, RELEASES.c.rejected_at.is_not(None))
        .values(rejected_at=None)
    )
    return bool(result.rowcount)

"""SQL for the state of the service: when records arrived and how many jobs there are, but nothing about households."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, func, select

from riskml_serving.judging.jobs.tables import JOBS
from riskml_serving.judging.scores.tables import SCORES
from riskml_serving.store.records.tables import RECORDS


def read_last_received(connection: Connection) -> dict[str, dt.datetime]:
    """Read when the last row of each table was received; a table without rows is left out."""
    times = {}
    for name, table in RECORDS.items():
        query = select(table.c.received_at).order_by(table.c.row_id.desc()).limit(1)
        if (at := connection.execute(query).scalar()) is not None:
            times[name] = at
    return times


def read_last_scored(connection: Connection) -> dt.datetime | None:
    """Read when a score last changed."""
    query = select(SCORES.c.scored_at).where(SCORES.c.change == "scored").order_by(SCORES.c.seq.desc()).limit(1)
    return connection.execute(query).scalar()


def count_jobs_by_state(connection: Connection) -> dict[str, int]:
    """Count the jobs in each state."""
    rows = connection.execute(select(JOBS.c.state, func.count()).group_by(JOBS.c.state))
    return {str(state): int(n) for state, n in rows}

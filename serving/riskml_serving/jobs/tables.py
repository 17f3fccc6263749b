"""The table of jobs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, String, Table, Text

from riskml_serving.database import METADATA, Code

__all__ = ["JOBS"]

JOBS = Table(
    "jobs",
    METADATA,
    Column("job_id", Code(36), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("region", Code(12), nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("lease_until", DateTime, nullable=True),
    Column("lease_owner", String(64), nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("result", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("created_by", Code(64), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("finished_at", DateTime, nullable=True),
    Column("request_id", String(64), nullable=False),
)
"""``state``: ``waiting``, ``running``, ``done``, ``failed``. ``payload`` and ``result`` are JSON; ``checkpoint`` is the
last household done; ``region`` is what the job may touch and who may see it; ``problem`` says what went wrong."""

Index("ix_jobs_state", JOBS.c.state, JOBS.c.created_at)

"""The tables for jobs and their results."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, String, Table, Text

from riskml.vocabulary.regions import Level
from riskml_serving.base.database import METADATA, Code

JOBS = Table(
    "jobs",
    METADATA,
    Column("job_id", Code(36), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("region", Code(Level.VILLAGE), nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("lease_owner", String(64), nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("result", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("created_by", Code(64), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("finished_at", DateTime, nullable=True),
    Column("request_id", String(64), nullable=False),
    Column("beats", BigInteger, nullable=False, server_default="0"),
    Column("model_version", String(64), nullable=False, server_default=""),
    Column("feature_schema_hash", String(64), nullable=False, server_default=""),
    Column("policy_version", String(64), nullable=False, server_default=""),
)
"""``state``: ``waiting``, ``running``, ``done``, ``failed``, ``cancelled``. ``payload``, ``result`` and ``checkpoint``
are JSON; ``region`` limits what the job may touch and who may see it; ``problem`` says what went wrong.
``lease_owner`` is different for every lease: a worker whose name is no longer there has lost the job and saves nothing.
``beats`` increases while the owner is alive; leases have no fixed end (see ``jobs.leases``). ``attempts`` counts leases
since the last progress. ``model_version``, ``feature_schema_hash`` and ``policy_version`` are those used for the first
part: if others are in service, the job starts over."""

Index("ix_jobs_state", JOBS.c.state, JOBS.c.created_at)

PARTS = Table(
    "job_parts",
    METADATA,
    Column("job_id", Code(36), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""Results of a job, a few thousand households per part, as Parquet; saved together with the checkpoint."""

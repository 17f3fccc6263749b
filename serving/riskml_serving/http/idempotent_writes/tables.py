"""The table of responses to requests with an idempotency key."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, Integer, String, Table, Text

from riskml_serving.base.database import METADATA, Code

ANSWERS = Table(
    "idempotency",
    METADATA,
    Column("caller", Code(64), primary_key=True),
    Column("idempotency_key", Code(128), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
)

Index("ix_idempotency_created_at", ANSWERS.c.created_at)

"""The table of model releases that have been in service."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Table, Text

from riskml_serving.base.database import METADATA, Code

RELEASES = Table(
    "model_releases",
    METADATA,
    Column("model_version", Code(64), primary_key=True),
    Column("source", Text, nullable=False),
    Column("served_at", DateTime, nullable=False),
    Column("rejected_at", DateTime, nullable=True),
    Column("turn", BigInteger, nullable=False, server_default="0"),
)
"""``turn`` orders releases by when they were last put into service, independently of the clock: the latest has the
highest number. ``served_at`` is that time. ``rejected_at`` is when the release was rolled back; no worker uses it until
it is accepted again."""

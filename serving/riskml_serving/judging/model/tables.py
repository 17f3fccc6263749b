"""The table of model releases that have been in service."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Table, Text

from riskml_serving.base.database import METADATA, Code

__all__ = ["RELEASES"]

RELEASES = Table(
    "model_releases",
    METADATA,
    Column("model_version", Code(64), primary_key=True),
    Column("source", Text, nullable=False),
    Column("served_at", DateTime, nullable=False),
    Column("rejected_at", DateTime, nullable=True),
    Column("turn", BigInteger, nullable=False, server_default="0"),
)
"""``turn`` is higher than for every release that was in service before, whatever the clock says; ``served_at`` is when
a worker last put the release into service. A release that was rolled back is rejected, and no worker uses it until it
is accepted."""

"""Releases of the model that this service has served."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Table, Text

from riskml_serving.database import METADATA, Code

__all__ = ["RELEASES"]

RELEASES = Table(
    "model_releases",
    METADATA,
    Column("model_version", Code(64), primary_key=True),
    Column("source", Text, nullable=False),
    Column("served_at", DateTime, nullable=False),
    Column("rejected_at", DateTime, nullable=True),
)
"""``served_at`` is when a worker last turned to the release; one that was rolled back is rejected, and no worker turns
to it again until it is accepted."""

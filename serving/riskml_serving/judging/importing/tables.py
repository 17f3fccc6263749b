"""The table that records the progress of importing records folders."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, String, Table

from riskml_serving.base.database import METADATA, Code

__all__ = ["IMPORTS"]

IMPORTS = Table(
    "imports",
    METADATA,
    Column("fingerprint", Code(64), primary_key=True),
    Column("stage", String(32), primary_key=True),
    Column("done", BigInteger, nullable=False),
    Column("finished_at", DateTime, nullable=True),
)
"""``fingerprint`` identifies the folder's records; ``stage`` is a table or ``scores``; ``done`` counts the rows written
or the households scored."""

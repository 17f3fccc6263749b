"""The table of API keys."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, String, Table, Text

from riskml.vocabulary.regions import Level
from riskml_serving.base.database import METADATA, Code

KEYS = Table(
    "api_keys",
    METADATA,
    Column("key_id", Code(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("region", Code(Level.VILLAGE), nullable=False),
    Column("rights", String(100), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("revoked_at", DateTime, nullable=True),
)
"""``secret_hash`` is the SHA-256 hash of the secret. The secret has 256 random bits, so a plain hash is enough."""

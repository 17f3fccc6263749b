"""The audit log: append-only, chained by hashes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, String, Table, Text

from riskml.vocabulary.regions import Level
from riskml_serving.base.database import METADATA, Code

AUDIT = Table(
    "audit",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False),
    Column("actor", Code(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("household_id", Code(128), nullable=True),
    Column("households", Text, nullable=True),
    Column("region", Code(Level.VILLAGE), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", String(64), nullable=True),
    Column("entry_hash", String(64), nullable=True),
    sqlite_autoincrement=True,
)
"""``household_id`` is a keyed hash (see ``audit.pseudonyms``); an entry about several households has their shortened
hashes in ``households`` instead, separated by spaces. ``seq`` counts from 1 without gaps; ``entry_hash`` is
the SHA-256 hash of ``previous_hash`` and the hash of the entry (see ``audit.chain``). Triggers in the migration reject
UPDATE, DELETE and TRUNCATE, but allow DELETE of entries that were archived (see ``ARCHIVES``)."""

Index("ix_audit_household_id", AUDIT.c.household_id, AUDIT.c.seq)

ARCHIVES = Table(
    "audit_archives",
    METADATA,
    Column("last_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(64), nullable=False),
    Column("head", String(96), nullable=False),
    Column("signature", Text, nullable=False),
    Column("file", String(64), nullable=False),
)
"""Files to which the oldest entries were moved: the last entry of each, and its signature (a checkpoint)."""

KEY = Table("audit_key", METADATA, Column("audit_key", String(64), primary_key=True))
"""One row: the key for hashing households' codes, generated when the database is created."""

"""The tables of clues, and of the names in them, which are encrypted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Double, Index, Integer, LargeBinary, String, Table, Text

from riskml.vocabulary.regions import Level
from riskml_serving.base.database import METADATA, Code

NUMBER = BigInteger().with_variant(Integer, "sqlite")

CLUES = Table(
    "clues",
    METADATA,
    Column("clue_id", NUMBER, primary_key=True, autoincrement=True),
    Column("subject", String(16), nullable=False),
    Column("household_id", Code(128), nullable=True),
    Column("region_code", Code(Level.VILLAGE), nullable=False),
    Column("what", String(16), nullable=False),
    Column("disaster", String(32), nullable=True),
    Column("channel", String(32), nullable=False),
    Column("amount", Double, nullable=True),
    Column("occurred_on", Date, nullable=True),
    Column("note", Text, nullable=False),
    Column("record_id", Code(128), nullable=False),
    Column("after_verification", BigInteger, nullable=False),
    Column("recorded_on", Date, nullable=False),
    Column("resolved_on", Date, nullable=True),
    Column("resolved_by", Code(64), nullable=True),
    Column("resolution", Text, nullable=True),
    Column("created_by", Code(64), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("request_id", String(64), nullable=False),
)
"""``subject`` is ``household``, ``unlisted`` (a household that was not found in the register) or ``place`` (every
household of a region). ``region_code`` is the region stated in the report. ``record_id`` is that of the row of
``events``, or of a place's ``disaster``, that the clue became. ``after_verification`` is the number of the household's
last verification when the clue became its own: only a later one settles the clue. The county resolves an ``unlisted``
clue: it gets a ``household_id``, or a ``resolution`` that says why the household does not belong to the county."""

Index("ix_clues_household_id", CLUES.c.household_id, CLUES.c.clue_id)
Index("ix_clues_region_code", CLUES.c.region_code, CLUES.c.clue_id)

CLUE_NAMES = Table(
    "clue_names",
    METADATA,
    Column("clue_id", NUMBER, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)
"""The names in a clue, as JSON, encrypted with an identity key for this table and number: of the person who told it,
and of a household that was not found."""

"""The table of facts: which rows of the contract come from staff, and what they stated."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, String, Table, Text

from riskml_serving.base.database import METADATA, Code

CASE_FACTS = Table(
    "case_facts",
    METADATA,
    Column("fact_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("household_id", Code(128), nullable=False),
    Column("verification_id", BigInteger, nullable=True),
    Column("kind", String(16), nullable=False),
    Column("table_name", String(32), nullable=False),
    Column("record_id", Code(128), nullable=False),
    Column("content", Text, nullable=False),
    Column("recorded_on", Date, nullable=False),
    Column("created_by", Code(64), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("undone_at", DateTime, nullable=True),
)
"""Append-only. ``content`` holds what was stated, as JSON; the row of the contract is stored in the table
``table_name`` under ``record_id``. ``verification_id`` is null for help recorded without a visit."""

Index("ix_case_facts_household_id", CASE_FACTS.c.household_id, CASE_FACTS.c.fact_id)

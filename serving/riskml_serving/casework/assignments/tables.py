"""The table of assignments: who looks after each household, and who did so before."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, String, Table, Text

from riskml_serving.base.database import METADATA, Code

ASSIGNMENTS = Table(
    "assignments",
    METADATA,
    Column("assignment_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("household_id", Code(128), nullable=False),
    Column("assignee", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("assigned_on", Date, nullable=False),
    Column("created_by", Code(64), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("request_id", String(64), nullable=False),
)
"""Append-only: a handover adds another row, and the last row counts."""

Index("ix_assignments_household_id", ASSIGNMENTS.c.household_id, ASSIGNMENTS.c.assignment_id)

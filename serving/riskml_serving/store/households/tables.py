"""The table for the register of households: where each one lives now, and so which callers may see it."""

from __future__ import annotations

from sqlalchemy import Column, Date, DateTime, Index, String, Table, Text

from riskml.vocabulary.regions import Level
from riskml_serving.base.database import METADATA, Code

HOUSEHOLDS = Table(
    "households",
    METADATA,
    Column("household_id", Code(128), primary_key=True),
    Column("region_code", Code(Level.VILLAGE), nullable=False),
    Column("known_tables", Text, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date, nullable=True),
    Column("closed_at", DateTime, nullable=True),
    Column("closed_because", String(16), nullable=True),
    Column("followed_by", Code(2000), nullable=True),
)
"""``known_tables``: names, separated by ``;``, of the contract tables that are stored completely for the household,
even if it has no rows in them. In any other table, the absence of rows means 'unknown'. ``closed_on`` is the date
stated in the closure, ``closed_at`` the time when it was received. ``followed_by``: codes, separated by ``;``, of the
households that resulted from a split or a merge."""

Index("ix_households_region_code", HOUSEHOLDS.c.region_code, HOUSEHOLDS.c.household_id)

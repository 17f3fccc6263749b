"""The table of help that is assessed again, each row with the day on which it is due."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, String, Table, Text

from riskml_serving.base.database import METADATA, Code

HELP_BEGUN = Table(
    "help_begun",
    METADATA,
    Column("help_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("household_id", Code(128), nullable=False),
    Column("record_id", Code(128), nullable=True),
    Column("row_id", BigInteger, nullable=True),
    Column("measure", Text, nullable=False),
    Column("given_by", Text, nullable=True),
    Column("started_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("score_seq", BigInteger, nullable=True),
    Column("created_by", Code(64), nullable=True),
    Column("created_at", DateTime, nullable=False),
    Column("request_id", String(64), nullable=False),
)
"""What the help is stands in its row of the contract: ``row_id`` is the version in force. ``given_by`` and
``created_by`` are null unless staff recorded it as new help. ``score_seq``: the score when it became known, before it
counted."""

Index("ix_help_begun_household_id", HELP_BEGUN.c.household_id, HELP_BEGUN.c.help_id)

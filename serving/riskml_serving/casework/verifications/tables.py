"""The table of verifications: what staff found when they visited a household."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, SmallInteger, String, Table, Text

from riskml_serving.base.database import METADATA, Code
from riskml_serving.judging.verdict import make_columns

SNAPSHOT = ("probability", "signal", "agreement")
"""Fields of the score that was current when a verification was saved; they are saved with it."""

VERIFICATIONS = Table(
    "verifications",
    METADATA,
    Column("verification_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("household_id", Code(128), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("category", String(32), nullable=True),
    Column("causes", Text, nullable=False),
    Column("measures", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("verified_on", Date, nullable=False),
    Column("recorded_on", Date, nullable=False),
    Column("created_by", Code(64), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("score_seq", BigInteger, nullable=True),
    *make_columns(SNAPSHOT, optional=True),
    Column("objection", Text, nullable=False, server_default=""),
    Column("undone_at", DateTime, nullable=True),
    Column("checks", Text, nullable=False, server_default=""),
    Column("reason", String(32), nullable=True),
    Column("told_on", Date, nullable=True),
    Column("after_seq", BigInteger, nullable=True),
    Column("after_signal", SmallInteger, nullable=True),
    Column("reassessment", String(16), nullable=True),
)
"""``recorded_on`` is the day of receipt; ``outcome`` is one of ``OUTCOMES``. The score that was current when the
verification was saved is stored too, so that the yield of visits can be counted later; ``after_seq`` and
``after_signal`` are those of the score that also counts what the visit found, which the verification settles.
``checks``: what was checked, as JSON. ``reason``: why the finding is ``rejected``; ``told_on``: day on which the
household was told. ``reassessment``: whether help works. ``objection``: what the household objects to. A verification
undone on the day it was saved is kept, with the time in ``undone_at``, but no longer counts."""

Index("ix_verifications_household_id", VERIFICATIONS.c.household_id, VERIFICATIONS.c.verification_id)

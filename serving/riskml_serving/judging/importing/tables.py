"""The tables for imports: which were made, what is staged of those not finished, and which households they changed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, String, Table, Text

from riskml_serving.base.database import METADATA, Code

IMPORTS = Table(
    "imports",
    METADATA,
    Column("fingerprint", Code(64), primary_key=True),
    Column("started_at", DateTime, nullable=False),
    Column("base", Text, nullable=False),
    Column("finished_at", DateTime, nullable=True),
    Column("job_id", Code(36), nullable=True),
)
"""``fingerprint`` identifies the folder's records. Once ``finished_at`` is set, all rows of the import
are visible; until then, none is. ``base`` is JSON: until then, it states what was stored when the staging began, and
afterwards, which counties the import concerns, which persons it moved, and what it was made from. ``job_id``: the job
that scores the households. A withdrawn import leaves the table."""

IMPORT_PARTS = Table(
    "import_parts",
    METADATA,
    Column("fingerprint", Code(64), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""What is staged: for a few thousand households per part, the new rows of each table of the contract, the stored rows
that they replace, and the households themselves, as Parquet. The parts are deleted when the import is finished."""

IMPORT_HOUSEHOLDS = Table(
    "import_households",
    METADATA,
    Column("household_id", Code(128), primary_key=True),
    Column("fingerprint", Code(64), primary_key=True),
    Column("digest", BigInteger, nullable=True),
    Column("added_tables", Text, nullable=False),
)
"""Households that an import changed, or for which a request stated a table for the first time; the request's number is
then the ``fingerprint``. ``digest``: hash of the household's rows in the folder, by which the next import recognises an
unchanged household; null for a request. ``added_tables``: names, separated by ``;``, of the tables that are known for
the household since then."""

Index("ix_import_households_fingerprint", IMPORT_HOUSEHOLDS.c.fingerprint)

"""The table of persons; what identifies a person in it is encrypted."""

from __future__ import annotations

from sqlalchemy import Column, Date, LargeBinary, String, Table

from riskml_serving.base.database import METADATA, Code

PERSONS = Table(
    "persons",
    METADATA,
    Column("person_id", Code(128), primary_key=True),
    Column("household_id", Code(128), nullable=False, index=True),
    Column("known_from", Date, nullable=False),
    Column("left_on", Date, nullable=True),
    Column("key_id", String(8), nullable=False, index=True),
    Column("name", LargeBinary, nullable=False),
    Column("details", LargeBinary, nullable=False),
    Column("name_hash", String(32), nullable=True, index=True),
    Column("number_hash", String(32), nullable=True, index=True),
    Column("ending_hash", String(32), nullable=True, index=True),
)
"""``person_id`` is the ``member_id`` of the records. ``name`` and ``details`` (JSON) are encrypted with the key that
``key_id`` names. The hashes are keyed: of the name, of the whole ID number, and of its last four characters. They are
null where the register does not know the name or the complete number."""

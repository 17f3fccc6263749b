"""The tables of the desk: deliveries of lists, their files and contents, and a county's headers and answers."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, LargeBinary, String, Table, Text

from riskml.vocabulary.regions import Level
from riskml_serving.base.database import METADATA, Code
from riskml_serving.casework.clues.tables import CLUE_NAMES

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("delivery_id", Code(36), primary_key=True),
    Column("county", Code(Level.COUNTY), nullable=False, index=True),
    Column("step", String(16), nullable=False),
    Column("job_id", Code(36), nullable=True),
    Column("fault", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("created_by", Code(64), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("imported_at", DateTime, nullable=True),
    Column("import_id", Code(16), nullable=True),
)
"""``step``: the step of the page that comes next (`service.STEPS`). ``job_id`` is the job that works on the delivery or
has last worked on it. ``fault`` is the message, as JSON in both languages, that stopped the last job, if any.
``counts`` is JSON: the rows and records of an import, by name. ``import_id`` is set in the transaction that makes its
records visible."""

FILES = Table(
    "delivery_files",
    METADATA,
    Column("delivery_id", Code(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("received_on", Date, nullable=False),
    Column("earlier", Boolean, nullable=False),
)
"""The files of a delivery. ``earlier`` marks lists from earlier years, whose rows have no day of receipt."""

CONTENTS = Table(
    "delivery_contents",
    METADATA,
    Column("delivery_id", Code(36), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""The content of a delivery in parts, encrypted: ``file N``, ``copy N`` (the returned workbook), ``result``,
``understood`` (what was read from the files, until the import) and ``before`` (what the import replaced, so that it can
be withdrawn)."""

MEMORY = Table(
    "list_memory",
    METADATA,
    Column("county", Code(Level.COUNTY), primary_key=True),
    Column("household_id", Code(128), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""What earlier lists said about a household or village (`riskml.lists.memory`), encrypted."""

COUNTIES = Table(
    "list_counties",
    METADATA,
    Column("county", Code(Level.COUNTY), primary_key=True),
    Column("lists", Integer, nullable=False),
    Column("states", Text, nullable=False),
    Column("villages", Text, nullable=False),
    Column("confirmed", Text, nullable=False),
)
"""What is known about a county's earlier lists: their number and, as JSON, the days of the snapshots of its register,
the names of its towns and villages by code, and the headers that it has confirmed."""

ANSWERS = Table(
    "list_answers",
    METADATA,
    Column("county", Code(Level.COUNTY), primary_key=True),
    Column("hash", String(32), primary_key=True),
    Column("person_id", Code(128), nullable=False, index=True),
    Column("delivery_id", Code(36), nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""The person whom the words of a row describe, as answered for a delivery, encrypted."""

FACTS = Table(
    "facts",
    METADATA,
    Column("household_id", Code(128), primary_key=True),
    Column("hash", String(32), primary_key=True),
    Column("person_id", Code(128), nullable=True),
    Column("kind", String(16), nullable=False),
    Column("happened_on", Date, nullable=True),
    Column("received_on", Date, nullable=False),
    Column("delivery_id", Code(36), nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""What a comparison with property registers says about a household: ``kind`` is a vehicle, a licence or a second home.
``content`` is encrypted: the property, and the list that reports it. It never becomes a record or a feature."""

ENCRYPTED = (CONTENTS, MEMORY, ANSWERS, FACTS, CLUE_NAMES)
"""Tables whose column ``content`` is encrypted; it is bound to the name of the table and the row's primary key."""

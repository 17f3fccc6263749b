"""Creates the tables of the desk, where counties import lists from their departments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from riskml_serving.base.database.metadata import Code

revision = "0005"
down_revision = "0004"

Types = Mapping[str, Any]
"""Column types by column name."""

BLOB, TEXT, DAY, TIME = sa.LargeBinary(), sa.Text(), sa.Date(), sa.DateTime()
HASH, COUNTY, HOUSEHOLD, DELIVERY, CALLER = sa.String(32), Code(6), Code(128), Code(36), Code(64)


def upgrade() -> None:
    """Create the tables."""
    required = {"step": sa.String(16), "fault": TEXT, "counts": TEXT, "created_by": CALLER, "created_at": TIME}
    optional = {"job_id": DELIVERY, "imported_by": CALLER, "imported_at": TIME}
    create("deliveries", {"delivery_id": DELIVERY}, {"county": COUNTY, **required}, optional)
    op.create_index("ix_deliveries_county", "deliveries", ["county"])
    file = {"name": TEXT, "sha256": sa.String(64), "bytes": sa.BigInteger(), "received_on": DAY}
    create("delivery_files", {"delivery_id": DELIVERY, "number": sa.Integer()}, {**file, "earlier": sa.Boolean()})
    create("delivery_contents", {"delivery_id": DELIVERY, "name": sa.String(32)}, {"content": BLOB})
    create("list_memory", {"county": COUNTY, "household_id": HOUSEHOLD}, {"content": BLOB})
    county = {"lists": sa.Integer(), **dict.fromkeys(("states", "villages", "confirmed"), TEXT)}
    create("list_counties", {"county": COUNTY}, county)
    create("list_answers", {"county": COUNTY, "hash": HASH}, {"person_id": HOUSEHOLD, "content": BLOB})
    op.create_index("ix_list_answers_person_id", "list_answers", ["person_id"])
    fact = {"kind": sa.String(16), "received_on": DAY, "content": BLOB}
    create("facts", {"household_id": HOUSEHOLD, "hash": HASH}, fact, {"person_id": HOUSEHOLD, "happened_on": DAY})


def create(name: str, keys: Types, required: Types, optional: Types | None = None) -> None:
    """Create a table from the types of its columns."""
    columns = [sa.Column(column, kind, primary_key=True) for column, kind in keys.items()]
    columns += [sa.Column(column, kind, nullable=False) for column, kind in required.items()]
    columns += [sa.Column(column, kind, nullable=True) for column, kind in (optional or {}).items()]
    op.create_table(name, *columns)

"""Creates the register of persons, and the right of accounts to see it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from riskml_serving.base.database.metadata import Code

revision = "0003"
down_revision = "0002"

HASHES = ("name_hash", "number_hash", "ending_hash")


def upgrade() -> None:
    """Create the table; no existing account gets the right."""
    op.create_table(
        "persons",
        sa.Column("person_id", Code(128), primary_key=True),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("key_id", sa.String(8), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.String(32), nullable=True) for name in HASHES),
    )
    for name in ("household_id", "key_id", *HASHES):
        op.create_index(f"ix_persons_{name}", "persons", [name])
    op.add_column("users", sa.Column("identity", sa.Boolean(), server_default=sa.false(), nullable=False))

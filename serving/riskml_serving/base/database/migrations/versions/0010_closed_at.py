"""When a closure was received: its own day may lie long before, and what is kept is kept from the receipt on."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column; closures that are there already count as received now."""
    op.add_column("households", sa.Column("closed_at", sa.DateTime(), nullable=True))
    table = sa.table("households", sa.column("closed_on", sa.Date()), sa.column("closed_at", sa.DateTime()))
    at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    op.execute(sa.update(table).where(table.c.closed_on.is_not(None)).values(closed_at=at))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("households") as batch:
        batch.drop_column("closed_at")

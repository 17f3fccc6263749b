"""Adds the day on which a monitoring line was recorded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; a stored line, which has no such day, still counts from the day on which it takes effect."""
    op.add_column("record_lines", sa.Column("recorded_on", sa.Date(), nullable=True))

"""The history of scores tells of households that moved or were closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("scores", sa.Column("change", sa.String(length=8), nullable=False, server_default="scored"))
    code = sa.String(length=12).with_variant(sa.String(length=12, collation="C"), "postgresql")
    op.add_column("scores", sa.Column("moved_from", code, nullable=True))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("scores") as batch:
        batch.drop_column("moved_from")
        batch.drop_column("change")

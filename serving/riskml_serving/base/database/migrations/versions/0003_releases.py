"""Releases of the model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "model_releases",
        sa.Column(
            "model_version",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("served_at", sa.DateTime(), nullable=False),
        sa.Column("rejected_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("model_version", name=op.f("pk_model_releases")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("model_releases")

"""Causes of the model's reasons beside the current scores; tries to sign in, counted by all workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("current_scores", sa.Column("causes", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "sign_in_tries",
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_sign_in_tries")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("sign_in_tries")
    with op.batch_alter_table("current_scores") as batch:
        batch.drop_column("causes")

"""Jobs keep all names of what judged them; the index of counts holds the days of the scores that are counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

INDEX, TABLE = "ix_current_scores_counts", "current_scores"
COUNTED = ["region_code", "status", "tier", "signal", "agreement"]


def upgrade() -> None:
    """Add the columns; of jobs that were judged before, these names are not known."""
    for name in ("feature_schema_hash", "policy_version"):
        op.add_column("jobs", sa.Column(name, sa.String(length=64), nullable=False, server_default=""))
    op.drop_index(INDEX, TABLE)
    op.create_index(INDEX, TABLE, [*COUNTED, "as_of", "scored_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index(INDEX, TABLE)
    op.create_index(INDEX, TABLE, COUNTED)
    with op.batch_alter_table("jobs") as batch:
        batch.drop_column("policy_version")
        batch.drop_column("feature_schema_hash")

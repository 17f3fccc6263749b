"""The key under which the audit names households."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Draw the key."""
    table = op.create_table(
        "audit_key",
        sa.Column("audit_key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("audit_key", name=op.f("pk_audit_key")),
    )
    op.bulk_insert(table, [{"audit_key": secrets.token_hex(32)}])


def downgrade() -> None:
    """Drop the key: what the audit says of households can then no longer be found."""
    op.drop_table("audit_key")

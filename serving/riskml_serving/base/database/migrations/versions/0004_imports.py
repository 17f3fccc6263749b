"""Replaces the progress of imports by imports that are staged, published as a whole and can be withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from riskml_serving.base.database.metadata import Code

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables; finished imports of an earlier version stay known, unfinished ones are compared again."""
    done = sa.text(
        "SELECT fingerprint, min(finished_at) AS finished_at FROM imports GROUP BY fingerprint"
        " HAVING count(*) = count(finished_at)"
    )
    finished = op.get_bind().execute(done.columns(finished_at=sa.DateTime())).mappings().all()
    op.drop_table("imports")
    imports = op.create_table(
        "imports",
        sa.Column("fingerprint", Code(64), primary_key=True),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("job_id", Code(36), nullable=True),
    )
    rows = [{**row, "started_at": row["finished_at"], "base": "", "job_id": None} for row in finished]
    op.bulk_insert(imports, rows)
    op.create_table(
        "import_parts",
        sa.Column("fingerprint", Code(64), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "import_households",
        sa.Column("household_id", Code(128), primary_key=True),
        sa.Column("fingerprint", Code(64), primary_key=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("added_tables", sa.Text(), nullable=False),
    )
    op.create_index("ix_import_households_fingerprint", "import_households", ["fingerprint"])

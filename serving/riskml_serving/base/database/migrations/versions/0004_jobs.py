"""Jobs with beats and parts; an audit that only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

REFUSED = "the audit is append-only"


def upgrade() -> None:
    """Change the table of jobs, add that of their parts, and guard the audit."""
    with op.batch_alter_table("jobs") as batch:
        batch.drop_column("lease_until")
        batch.add_column(sa.Column("beats", sa.BigInteger(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("model_version", sa.String(length=64), nullable=False, server_default=""))
    op.create_table(
        "job_parts",
        sa.Column(
            "job_id",
            sa.String(length=36).with_variant(sa.String(length=36, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "part", name=op.f("pk_job_parts")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION riskml_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION riskml_refuse()"
        )
    else:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )


def downgrade() -> None:
    """Take the guard, the parts and the columns away."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_only_grows ON audit")
        op.execute("DROP FUNCTION riskml_refuse()")
    else:
        for what in ("update", "delete"):
            op.execute(f"DROP TRIGGER audit_no_{what}")
    op.drop_table("job_parts")
    with op.batch_alter_table("jobs") as batch:
        batch.drop_column("model_version")
        batch.drop_column("beats")
        batch.add_column(sa.Column("lease_until", sa.DateTime(), nullable=True))

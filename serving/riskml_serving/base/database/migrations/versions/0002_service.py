"""Scores, keys, audit, jobs, verifications and answers given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "api_keys",
        sa.Column(
            "key_id",
            sa.String(length=16).with_variant(sa.String(length=16, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "region",
            sa.String(length=12).with_variant(sa.String(length=12, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("rights", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column(
            "actor",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column(
            "household_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "region",
            sa.String(length=12).with_variant(sa.String(length=12, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("entry_hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_household_id", "audit", ["household_id", "seq"], unique=False)
    op.create_table(
        "capacity",
        sa.Column(
            "county", sa.String(length=6).with_variant(sa.String(length=6, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=False),
        sa.Column(
            "household_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("county", name=op.f("pk_capacity")),
    )
    op.create_table(
        "current_scores",
        sa.Column(
            "household_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column(
            "region_code",
            sa.String(length=12).with_variant(sa.String(length=12, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "county", sa.String(length=6).with_variant(sa.String(length=6, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column(
            "town", sa.String(length=9).with_variant(sa.String(length=9, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("rule_signal", sa.SmallInteger(), nullable=False),
        sa.Column("signal", sa.SmallInteger(), nullable=False),
        sa.Column("rule_flags", sa.Text(), nullable=False),
        sa.Column("agreement", sa.String(length=16), nullable=False),
        sa.Column("agreement_by", sa.String(length=16), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("feature_schema_hash", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("scored_at", sa.DateTime(), nullable=False),
        sa.Column("order_signal", sa.SmallInteger(), nullable=False),
        sa.Column("order_rank", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_current_scores")),
    )
    op.create_index(
        "ix_current_scores_counts",
        "current_scores",
        ["region_code", "status", "tier", "signal", "agreement"],
        unique=False,
    )
    op.create_index(
        "ix_current_scores_ranked_all", "current_scores", ["order_signal", "order_rank", "household_id"], unique=False
    )
    op.create_index(
        "ix_current_scores_ranked_county",
        "current_scores",
        ["county", "order_signal", "order_rank", "household_id"],
        unique=False,
    )
    op.create_index(
        "ix_current_scores_ranked_town",
        "current_scores",
        ["town", "order_signal", "order_rank", "household_id"],
        unique=False,
    )
    op.create_index(
        "ix_current_scores_ranked_village",
        "current_scores",
        ["region_code", "order_signal", "order_rank", "household_id"],
        unique=False,
    )
    op.create_table(
        "idempotency",
        sa.Column(
            "caller",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "idempotency_key",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "idempotency_key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "imports",
        sa.Column(
            "fingerprint",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", "stage", name=op.f("pk_imports")),
    )
    op.create_table(
        "jobs",
        sa.Column(
            "job_id",
            sa.String(length=36).with_variant(sa.String(length=36, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "region",
            sa.String(length=12).with_variant(sa.String(length=12, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column(
            "created_by",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "created_at"], unique=False)
    op.create_table(
        "scores",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "household_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("rule_signal", sa.SmallInteger(), nullable=False),
        sa.Column("signal", sa.SmallInteger(), nullable=False),
        sa.Column("rule_flags", sa.Text(), nullable=False),
        sa.Column("agreement", sa.String(length=16), nullable=False),
        sa.Column("agreement_by", sa.String(length=16), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("feature_schema_hash", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("scored_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_scores")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scores_household_id", "scores", ["household_id", "seq"], unique=False)
    op.create_table(
        "verifications",
        sa.Column(
            "verification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column(
            "household_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=True),
        sa.Column("causes", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column(
            "created_by",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("score_seq", sa.BigInteger(), nullable=True),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("signal", sa.SmallInteger(), nullable=True),
        sa.Column("agreement", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("verification_id", name=op.f("pk_verifications")),
    )
    op.create_index("ix_verifications_household_id", "verifications", ["household_id", "verification_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("verifications")
    op.drop_table("scores")
    op.drop_table("jobs")
    op.drop_table("imports")
    op.drop_table("idempotency")
    op.drop_table("current_scores")
    op.drop_table("capacity")
    op.drop_table("audit")
    op.drop_table("api_keys")

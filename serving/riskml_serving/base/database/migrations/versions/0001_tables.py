"""Every table of the service, an audit that only grows, and the key under which it names households."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from riskml_serving.base.database.metadata import Code

revision = "0001"
down_revision = None

REFUSED = "the audit is append-only"


def number() -> sa.types.TypeEngine[int]:
    """Make the type of a counting key."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, draw the key and guard the audit."""
    op.create_table(
        "api_keys",
        sa.Column("key_id", Code(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("region", Code(12), nullable=False),
        sa.Column("rights", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
    )
    op.create_table(
        "assignments",
        sa.Column("assignment_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("assigned_on", sa.Date(), nullable=False),
        sa.Column("created_by", Code(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("assignment_id", name="pk_assignments"),
    )
    op.create_index("ix_assignments_household_id", "assignments", ["household_id", "assignment_id"])
    op.create_table(
        "audit",
        sa.Column("seq", number(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", Code(64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("household_id", Code(128), nullable=True),
        sa.Column("region", Code(12), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("entry_hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_household_id", "audit", ["household_id", "seq"])
    audit_key = op.create_table(
        "audit_key",
        sa.Column("audit_key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("audit_key", name="pk_audit_key"),
    )
    op.create_table(
        "capacity",
        sa.Column("county", Code(6), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("county", name="pk_capacity"),
    )
    op.create_table(
        "current_scores",
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("region_code", Code(12), nullable=False),
        sa.Column("county", Code(6), nullable=False),
        sa.Column("town", Code(9), nullable=False),
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
        sa.Column("causes", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("household_id", name="pk_current_scores"),
    )
    op.create_index(
        "ix_current_scores_counts",
        "current_scores",
        ["region_code", "status", "tier", "signal", "agreement", "as_of", "scored_at"],
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
        "households",
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("region_code", Code(12), nullable=False),
        sa.Column("known_tables", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("closed_because", sa.String(length=16), nullable=True),
        sa.Column("followed_by", Code(2000), nullable=True),
        sa.PrimaryKeyConstraint("household_id", name="pk_households"),
    )
    op.create_index("ix_households_region_code", "households", ["region_code", "household_id"])
    op.create_table(
        "idempotency",
        sa.Column("caller", Code(64), nullable=False),
        sa.Column("idempotency_key", Code(128), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "idempotency_key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
    op.create_table(
        "imports",
        sa.Column("fingerprint", Code(64), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", "stage", name="pk_imports"),
    )
    op.create_table(
        "job_parts",
        sa.Column("job_id", Code(36), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "part", name="pk_job_parts"),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", Code(36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("region", Code(12), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_by", Code(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("beats", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("model_version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("feature_schema_hash", sa.String(length=64), server_default="", nullable=False),
        sa.Column("policy_version", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "created_at"])
    op.create_table(
        "model_releases",
        sa.Column("model_version", Code(64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("served_at", sa.DateTime(), nullable=False),
        sa.Column("rejected_at", sa.DateTime(), nullable=True),
        sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("model_version", name="pk_model_releases"),
    )
    op.create_table(
        "record_disaster",
        sa.Column("row_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=True),
        sa.Column("region_code", Code(12), nullable=True),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("loss", sa.Double(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_record_disaster"),
    )
    op.create_index("ix_record_disaster_household_id", "record_disaster", ["household_id"])
    op.create_index("ix_record_disaster_region_code", "record_disaster", ["region_code"])
    op.create_table(
        "record_events",
        sa.Column("row_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("channel", sa.String(length=32), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_record_events"),
    )
    op.create_index("ix_record_events_household_id", "record_events", ["household_id"])
    op.create_table(
        "record_help",
        sa.Column("row_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=True),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_record_help"),
    )
    op.create_index("ix_record_help_household_id", "record_help", ["household_id"])
    op.create_table(
        "record_households",
        sa.Column("row_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("region_code", Code(12), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("exited_on", sa.Date(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_record_households"),
    )
    op.create_index("ix_record_households_household_id", "record_households", ["household_id"])
    op.create_table(
        "record_illness",
        sa.Column("row_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("member_id", Code(128), nullable=True),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("self_paid", sa.Double(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_record_illness"),
    )
    op.create_index("ix_record_illness_household_id", "record_illness", ["household_id"])
    op.create_table(
        "record_income",
        sa.Column("row_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_record_income"),
    )
    op.create_index("ix_record_income_household_id", "record_income", ["household_id"])
    op.create_table(
        "record_lines",
        sa.Column("row_id", number(), autoincrement=True, nullable=False),
        sa.Column("region_code", Code(12), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_record_lines"),
    )
    op.create_table(
        "record_members",
        sa.Column("row_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("member_id", Code(128), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("sex", sa.String(length=32), nullable=True),
        sa.Column("labour", sa.String(length=32), nullable=True),
        sa.Column("health", sa.String(length=32), nullable=True),
        sa.Column("schooling", sa.String(length=32), nullable=True),
        sa.Column("working", sa.String(length=32), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_record_members"),
    )
    op.create_index("ix_record_members_household_id", "record_members", ["household_id"])
    op.create_table(
        "record_monitoring",
        sa.Column("row_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("causes", sa.Text(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_record_monitoring"),
    )
    op.create_index("ix_record_monitoring_household_id", "record_monitoring", ["household_id"])
    op.create_table(
        "scores",
        sa.Column("seq", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
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
        sa.Column("change", sa.String(length=8), server_default="scored", nullable=False),
        sa.Column("moved_from", Code(12), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_scores"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scores_household_id", "scores", ["household_id", "seq"])
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("username", Code(40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index(op.f("ix_sessions_username"), "sessions", ["username"])
    op.create_table(
        "sign_in_tries",
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name="pk_sign_in_tries"),
    )
    op.create_table(
        "users",
        sa.Column("username", Code(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("region", Code(12), nullable=False),
        sa.Column("health_details", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("username", name="pk_users"),
    )
    op.create_table(
        "verifications",
        sa.Column("verification_id", number(), autoincrement=True, nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=True),
        sa.Column("causes", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("created_by", Code(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("score_seq", sa.BigInteger(), nullable=True),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("signal", sa.SmallInteger(), nullable=True),
        sa.Column("agreement", sa.String(length=16), nullable=True),
        sa.Column("objection", sa.Text(), server_default="", nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("verification_id", name="pk_verifications"),
    )
    op.create_index("ix_verifications_household_id", "verifications", ["household_id", "verification_id"])
    op.bulk_insert(audit_key, [{"audit_key": secrets.token_hex(32)}])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION riskml_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION riskml_refuse()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )

"""Every table of the service, an audit that only grows, and the key under which it names households."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

from riskml_serving.base.database.metadata import Code

revision = "0001"
down_revision = None

REFUSED = "the audit is append-only"


def number() -> sa.types.TypeEngine[int]:
    """Make the type of a counting key."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def score_columns() -> list[sa.Column[Any]]:
    """Make the columns that current scores and their history share."""
    return [
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("rule_signal", sa.SmallInteger(), nullable=False),
        sa.Column("signal", sa.SmallInteger(), nullable=False),
        sa.Column("rule_flags", sa.Text(), nullable=False),
        sa.Column("agreement", sa.String(16), nullable=False),
        sa.Column("agreement_by", sa.String(16), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("feature_schema_hash", sa.String(64), nullable=False),
        sa.Column("policy_version", sa.String(64), nullable=False),
        sa.Column("scored_at", sa.DateTime(), nullable=False),
    ]


def create_record_table(name: str, *columns: sa.Column[Any]) -> None:
    """Create a table of the contract: its columns, the order of receipt before them and the receipt itself behind."""
    op.create_table(
        f"record_{name}",
        sa.Column("row_id", number(), primary_key=True, autoincrement=True),
        *columns,
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
    )
    if "household_id" in {column.name for column in columns}:
        op.create_index(f"ix_record_{name}_household_id", f"record_{name}", ["household_id"])


def upgrade() -> None:
    """Create the tables, draw the key and guard the audit."""
    op.create_table(
        "api_keys",
        sa.Column("key_id", Code(16), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("region", Code(12), nullable=False),
        sa.Column("rights", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
    )
    op.create_table(
        "assignments",
        sa.Column("assignment_id", number(), primary_key=True, autoincrement=True),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("assigned_on", sa.Date(), nullable=False),
        sa.Column("created_by", Code(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
    )
    op.create_index("ix_assignments_household_id", "assignments", ["household_id", "assignment_id"])
    op.create_table(
        "audit",
        sa.Column("seq", number(), primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", Code(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("household_id", Code(128), nullable=True),
        sa.Column("region", Code(12), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=True),
        sa.Column("entry_hash", sa.String(64), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_household_id", "audit", ["household_id", "seq"])
    audit_key = op.create_table(
        "audit_key",
        sa.Column("audit_key", sa.String(64), primary_key=True),
    )
    op.create_table(
        "capacity",
        sa.Column("county", Code(6), primary_key=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=False),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
    )
    op.create_table(
        "current_scores",
        sa.Column("household_id", Code(128), primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("region_code", Code(12), nullable=False),
        sa.Column("county", Code(6), nullable=False),
        sa.Column("town", Code(9), nullable=False),
        *score_columns(),
        sa.Column("order_signal", sa.SmallInteger(), nullable=False),
        sa.Column("order_rank", sa.Double(), nullable=False),
        sa.Column("causes", sa.Text(), server_default="", nullable=False),
    )
    op.create_index(
        "ix_current_scores_counts",
        "current_scores",
        ["region_code", "status", "tier", "signal", "agreement", "as_of", "scored_at"],
    )
    op.create_index("ix_current_scores_ranked_all", "current_scores", ["order_signal", "order_rank", "household_id"])
    op.create_index(
        "ix_current_scores_ranked_county",
        "current_scores",
        ["county", "order_signal", "order_rank", "household_id"],
    )
    op.create_index(
        "ix_current_scores_ranked_town",
        "current_scores",
        ["town", "order_signal", "order_rank", "household_id"],
    )
    op.create_index(
        "ix_current_scores_ranked_village",
        "current_scores",
        ["region_code", "order_signal", "order_rank", "household_id"],
    )
    op.create_table(
        "households",
        sa.Column("household_id", Code(128), primary_key=True),
        sa.Column("region_code", Code(12), nullable=False),
        sa.Column("known_tables", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("closed_because", sa.String(16), nullable=True),
        sa.Column("followed_by", Code(2000), nullable=True),
    )
    op.create_index("ix_households_region_code", "households", ["region_code", "household_id"])
    op.create_table(
        "idempotency",
        sa.Column("caller", Code(64), primary_key=True),
        sa.Column("idempotency_key", Code(128), primary_key=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
    op.create_table(
        "imports",
        sa.Column("fingerprint", Code(64), primary_key=True),
        sa.Column("stage", sa.String(32), primary_key=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
    )
    op.create_table(
        "job_parts",
        sa.Column("job_id", Code(36), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", Code(36), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("region", Code(12), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("lease_owner", sa.String(64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_by", Code(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("beats", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("model_version", sa.String(64), server_default="", nullable=False),
        sa.Column("feature_schema_hash", sa.String(64), server_default="", nullable=False),
        sa.Column("policy_version", sa.String(64), server_default="", nullable=False),
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "created_at"])
    op.create_table(
        "model_releases",
        sa.Column("model_version", Code(64), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("served_at", sa.DateTime(), nullable=False),
        sa.Column("rejected_at", sa.DateTime(), nullable=True),
        sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False),
    )
    create_record_table(
        "disaster",
        sa.Column("household_id", Code(128), nullable=True),
        sa.Column("region_code", Code(12), nullable=True),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("loss", sa.Double(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
    )
    op.create_index("ix_record_disaster_region_code", "record_disaster", ["region_code"])
    create_record_table(
        "events",
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("channel", sa.String(32), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
    )
    create_record_table(
        "help",
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=True),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
    )
    create_record_table(
        "households",
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("region_code", Code(12), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=True),
        sa.Column("exited_on", sa.Date(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=True),
    )
    create_record_table(
        "illness",
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("member_id", Code(128), nullable=True),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("self_paid", sa.Double(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
    )
    create_record_table(
        "income",
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("record_id", Code(128), nullable=True),
    )
    create_record_table(
        "lines",
        sa.Column("region_code", Code(12), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
    )
    create_record_table(
        "members",
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("member_id", Code(128), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("sex", sa.String(32), nullable=True),
        sa.Column("labour", sa.String(32), nullable=True),
        sa.Column("health", sa.String(32), nullable=True),
        sa.Column("schooling", sa.String(32), nullable=True),
        sa.Column("working", sa.String(32), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
    )
    create_record_table(
        "monitoring",
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("causes", sa.Text(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
    )
    op.create_table(
        "scores",
        sa.Column("seq", number(), primary_key=True, autoincrement=True),
        sa.Column("household_id", Code(128), nullable=False),
        *score_columns(),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("change", sa.String(8), server_default="scored", nullable=False),
        sa.Column("moved_from", Code(12), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scores_household_id", "scores", ["household_id", "seq"])
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("username", Code(40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_sessions_username", "sessions", ["username"])
    op.create_table(
        "sign_in_tries",
        sa.Column("address_hash", sa.String(64), primary_key=True),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
    )
    op.create_table(
        "users",
        sa.Column("username", Code(40), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("region", Code(12), nullable=False),
        sa.Column("health_details", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
    )
    op.create_table(
        "verifications",
        sa.Column("verification_id", number(), primary_key=True, autoincrement=True),
        sa.Column("household_id", Code(128), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("category", sa.String(32), nullable=True),
        sa.Column("causes", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("created_by", Code(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("score_seq", sa.BigInteger(), nullable=True),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("signal", sa.SmallInteger(), nullable=True),
        sa.Column("agreement", sa.String(16), nullable=True),
        sa.Column("objection", sa.Text(), server_default="", nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
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

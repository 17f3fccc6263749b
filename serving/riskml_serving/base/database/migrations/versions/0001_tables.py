"""Creates every table of the service, the append-only audit log, and the key for its household pseudonyms."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from riskml_serving.base.database.metadata import Code

revision = "0001"
down_revision = None

Types = Mapping[str, TypeEngine[Any]]
"""Column types by column name."""

REFUSED = "the audit is append-only"
NOT_ARCHIVED = "seq > (SELECT coalesce(max(last_seq), 0) FROM audit_archives)"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""An auto-incrementing key."""
HOUSEHOLD, REGION, CALLER, HASH = Code(128), Code(12), Code(64), sa.String(64)
WORD, TEXT, DAY, TIME = sa.String(16), sa.Text(), sa.Date(), sa.DateTime()
COUNT, BIG_COUNT, LEVEL, FLAG, CODE = sa.Integer(), sa.BigInteger(), sa.SmallInteger(), sa.Boolean(), sa.String(32)
REAL: TypeEngine[float] = sa.Double()
BYTES, DIGEST = sa.LargeBinary(), sa.String(32)
"""Bytes, and a keyed hash of a name, a number or an answer."""

VERSIONS: Types = {"model_version": HASH, "feature_schema_hash": HASH, "policy_version": HASH}
LEVELS: Types = {"tier": LEVEL, "rule_signal": LEVEL, "signal": LEVEL}
SCORE: Types = {"as_of": DAY, "status": WORD, **LEVELS, "rule_flags": TEXT, **VERSIONS, "scored_at": TIME}
"""Columns that current scores and their history share, in addition to those in ``OPINION``."""
OPINION: Types = {
    "probability": REAL,
    "margin": REAL,
    "agreement": WORD,
    "agreement_by": WORD,
    "income_until": DAY,
    "records_end": DAY,
}
"""Columns that may be null, for example because the model gave no verdict."""

ORIGIN: Types = {"created_by": CALLER, "created_at": TIME, "request_id": HASH}
RECORDED: Types = {"recorded_on": DAY, "record_id": HOUSEHOLD, "withdrawn": FLAG}


def create_table(
    name: str, keys: Types, required: Types, optional: Types | None = None, *more: sa.Column[Any], **options: Any
) -> sa.Table:
    """Create a table from its keys, its required columns, its nullable columns and any other items."""
    columns = [sa.Column(column, kind, primary_key=True) for column, kind in keys.items()]
    columns += [sa.Column(column, kind, nullable=False) for column, kind in required.items()]
    columns += [sa.Column(column, kind, nullable=True) for column, kind in (optional or {}).items()]
    return op.create_table(name, *columns, *more, **options)


def preset(name: str, kind: TypeEngine[Any], default: str) -> sa.Column[Any]:
    """Make a column with a default value for rows that leave it out."""
    return sa.Column(name, kind, server_default=default, nullable=False)


def create_record_table(name: str, required: Types, optional: Types) -> None:
    """Create one of the data contract's tables, with further columns.

    These hold the order and time of receipt, the request, and whether a later row replaced the row.
    """
    receipt: Types = {"received_at": TIME, "request_id": HASH, "superseded": FLAG}
    create_table(f"record_{name}", {"row_id": NUMBER}, {**required, **receipt}, optional)
    if "household_id" in {*required, *optional}:
        op.create_index(f"ix_record_{name}_household_id", f"record_{name}", ["household_id"])


def create_record_tables() -> None:
    """Create the tables of the data contract, and the table that says whether their records count as simulated."""
    own: Types = {"household_id": HOUSEHOLD}
    create_record_table(
        "disaster", {"occurred_on": DAY, "kind": CODE}, {**own, "region_code": REGION, "loss": REAL, **RECORDED}
    )
    op.create_index("ix_record_disaster_region_code", "record_disaster", ["region_code"])
    create_record_table(
        "events", {**own, "occurred_on": DAY, "kind": CODE}, {"amount": REAL, "channel": CODE, **RECORDED}
    )
    create_record_table(
        "help",
        {**own, "started_on": DAY, "measure": TEXT},
        {"ended_on": DAY, "emergency": FLAG, "amount": REAL, "per": CODE, **RECORDED},
    )
    create_record_table(
        "households",
        {**own, "region_code": REGION, "size": COUNT},
        {"recorded_on": DAY, "kind": CODE, "exited_on": DAY, "attributes": TEXT},
    )
    create_record_table(
        "illness",
        {**own, "occurred_on": DAY, "kind": CODE},
        {"member_id": HOUSEHOLD, "visits": COUNT, "cost": REAL, "self_paid": REAL, **RECORDED},
    )
    create_record_table(
        "income",
        {**own, "period_start": DAY, "source": CODE},
        {
            "months": COUNT,
            "amount": REAL,
            "statement": FLAG,
            "member_id": HOUSEHOLD,
            "recorded_on": DAY,
            "record_id": HOUSEHOLD,
        },
    )
    create_table("purpose", {"purpose_id": LEVEL}, {"simulated": FLAG})
    create_record_table(
        "lines", {"effective_from": DAY, "amount": REAL}, {"region_code": REGION, "source": TEXT, "recorded_on": DAY}
    )
    condition: Types = dict.fromkeys(("sex", "labour", "health", "schooling", "working"), CODE)
    create_record_table(
        "members",
        {**own, "member_id": HOUSEHOLD},
        {"recorded_on": DAY, "birth_year": LEVEL, **condition, "left_on": DAY},
    )
    create_record_table(
        "monitoring",
        {**own, "category": CODE, "entered_on": DAY},
        {"cleared_on": DAY, "causes": TEXT, "recorded_on": DAY},
    )


def create_score_tables() -> None:
    """Create the tables for scores and visit capacities, with indexes for a page of the list and counts in a region."""
    create_table(
        "capacity",
        {"county": Code(6)},
        {"as_of": DAY, "margin": REAL, "household_id": HOUSEHOLD, "model_version": HASH},
    )
    regions: Types = {"region_code": REGION, "county": Code(6), "town": Code(9)}
    create_table(
        "current_scores",
        {"household_id": HOUSEHOLD},
        {"seq": BIG_COUNT, **regions, **SCORE, "order_signal": LEVEL, "order_section": LEVEL, "order_rank": REAL},
        {**OPINION, "shortfall": REAL, "withheld": TEXT},
        preset("causes", TEXT, ""),
    )
    counted = ["region_code", "status", "tier", "signal", "order_section", "agreement"]
    counted += ["as_of", "records_end", "scored_at"]
    op.create_index("ix_current_scores_counts", "current_scores", counted)
    for level, columns in {"all": [], "county": ["county"], "town": ["town"], "village": ["region_code"]}.items():
        ranked = [*columns, "order_section", "order_signal", "order_rank", "household_id"]
        op.create_index(f"ix_current_scores_ranked_{level}", "current_scores", ranked)
    create_table(
        "scores",
        {"seq": NUMBER},
        {"household_id": HOUSEHOLD, **SCORE, "request_id": HASH},
        {**OPINION, "moved_from": REGION},
        preset("change", sa.String(8), "scored"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scores_household_id", "scores", ["household_id", "seq"])


def create_case_tables() -> None:
    """Create the register of households, and the tables for assignments, verifications and repeated requests."""
    create_table(
        "households",
        {"household_id": HOUSEHOLD},
        {"region_code": REGION, "known_tables": TEXT, "opened_on": DAY},
        {"closed_on": DAY, "closed_at": TIME, "closed_because": WORD, "followed_by": Code(2000)},
    )
    op.create_index("ix_households_region_code", "households", ["region_code", "household_id"])
    create_table(
        "assignments",
        {"assignment_id": NUMBER},
        {"household_id": HOUSEHOLD, "assignee": TEXT, "note": TEXT, "assigned_on": DAY, **ORIGIN},
    )
    op.create_index("ix_assignments_household_id", "assignments", ["household_id", "assignment_id"])
    days: Types = {"verified_on": DAY, "recorded_on": DAY}
    finding: Types = {"outcome": WORD, "causes": TEXT, "measures": TEXT, "note": TEXT, **days}
    score: Types = {"score_seq": BIG_COUNT, "probability": REAL, "signal": LEVEL, "agreement": WORD}
    create_table(
        "verifications",
        {"verification_id": NUMBER},
        {"household_id": HOUSEHOLD, **finding, **ORIGIN},
        {
            "category": CODE,
            **score,
            "undone_at": TIME,
            "reason": CODE,
            "told_on": DAY,
            "after_seq": BIG_COUNT,
            "after_signal": LEVEL,
            "reassessment": WORD,
        },
        preset("objection", TEXT, ""),
        preset("checks", TEXT, ""),
    )
    op.create_index("ix_verifications_household_id", "verifications", ["household_id", "verification_id"])
    clue: Types = {"subject": WORD, "region_code": REGION, "what": WORD, "channel": CODE, "note": TEXT}
    event: Types = {"household_id": HOUSEHOLD, "disaster": CODE, "amount": REAL, "occurred_on": DAY}
    create_table(
        "clues",
        {"clue_id": NUMBER},
        {**clue, "record_id": HOUSEHOLD, "after_verification": BIG_COUNT, "recorded_on": DAY, **ORIGIN},
        {**event, "resolved_on": DAY, "resolved_by": CALLER, "resolution": TEXT},
    )
    op.create_index("ix_clues_household_id", "clues", ["household_id", "clue_id"])
    op.create_index("ix_clues_region_code", "clues", ["region_code", "clue_id"])
    op.create_table(
        "clue_names",
        sa.Column("clue_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    create_table(
        "case_facts",
        {"fact_id": NUMBER},
        {
            "household_id": HOUSEHOLD,
            "kind": WORD,
            "table_name": CODE,
            "record_id": HOUSEHOLD,
            "content": TEXT,
            "recorded_on": DAY,
            **ORIGIN,
        },
        {"verification_id": BIG_COUNT, "undone_at": TIME},
    )
    op.create_index("ix_case_facts_household_id", "case_facts", ["household_id", "fact_id"])
    create_table(
        "help_begun",
        {"help_id": NUMBER},
        {
            "household_id": HOUSEHOLD,
            "measure": TEXT,
            "started_on": DAY,
            "due_on": DAY,
            **{name: kind for name, kind in ORIGIN.items() if name != "created_by"},
        },
        {
            "record_id": HOUSEHOLD,
            "row_id": BIG_COUNT,
            "given_by": TEXT,
            "score_seq": BIG_COUNT,
            "created_by": ORIGIN["created_by"],
        },
    )
    op.create_index("ix_help_begun_household_id", "help_begun", ["household_id", "help_id"])
    create_table(
        "idempotency",
        {"caller": CALLER, "idempotency_key": Code(128)},
        {"request_hash": HASH, "status": COUNT, "answer": TEXT, "created_at": TIME},
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])


def create_work_tables() -> None:
    """Create the tables for jobs and model releases."""
    progress: Types = {"done": BIG_COUNT, "total": BIG_COUNT}
    state: Types = {"kind": CODE, "payload": TEXT, "state": WORD, "region": REGION, **progress}
    create_table(
        "jobs",
        {"job_id": Code(36)},
        {**state, "checkpoint": TEXT, "attempts": COUNT, "result": TEXT, "problem": TEXT, **ORIGIN},
        {"lease_owner": HASH, "finished_at": TIME},
        preset("beats", BIG_COUNT, "0"),
        *(preset(name, kind, "") for name, kind in VERSIONS.items()),
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "created_at"])
    create_table("job_parts", {"job_id": Code(36), "part": COUNT}, {"content": BYTES})
    create_table(
        "model_releases",
        {"model_version": Code(64)},
        {"source": TEXT, "served_at": TIME},
        {"rejected_at": TIME},
        preset("turn", BIG_COUNT, "0"),
    )


def create_import_tables() -> None:
    """Create the tables for imports, which are staged in parts and made visible as a whole."""
    create_table(
        "imports",
        {"fingerprint": Code(64)},
        {"started_at": TIME, "base": TEXT},
        {"finished_at": TIME, "job_id": Code(36)},
    )
    create_table("import_parts", {"fingerprint": Code(64), "part": COUNT, "name": CODE}, {"content": BYTES})
    create_table(
        "import_households",
        {"household_id": HOUSEHOLD, "fingerprint": Code(64)},
        {"added_tables": TEXT},
        {"digest": BIG_COUNT},
    )
    op.create_index("ix_import_households_fingerprint", "import_households", ["fingerprint"])


def create_register() -> None:
    """Create the register of persons, whose names, numbers and telephones are encrypted."""
    hashes: Types = dict.fromkeys(("name_hash", "number_hash", "ending_hash"), DIGEST)
    create_table(
        "persons",
        {"person_id": HOUSEHOLD},
        {"household_id": HOUSEHOLD, "known_from": DAY, "key_id": sa.String(8), "name": BYTES, "details": BYTES},
        {"left_on": DAY, **hashes},
    )
    for name in ("household_id", "key_id", *hashes):
        op.create_index(f"ix_persons_{name}", "persons", [name])


def create_desk_tables() -> None:
    """Create the tables of the desk, where counties import lists from their departments."""
    delivery: Types = {"delivery_id": Code(36)}
    county: Types = {"county": Code(6)}
    create_table(
        "deliveries",
        delivery,
        {**county, "step": WORD, "fault": TEXT, "counts": TEXT, "created_by": CALLER, "created_at": TIME},
        {"job_id": Code(36), "imported_at": TIME, "import_id": Code(16)},
    )
    op.create_index("ix_deliveries_county", "deliveries", ["county"])
    file: Types = {"name": TEXT, "sha256": HASH, "received_on": DAY, "earlier": FLAG}
    create_table("delivery_files", {**delivery, "number": COUNT}, file)
    create_table("delivery_contents", {**delivery, "name": CODE}, {"content": BYTES})
    create_table("list_memory", {**county, "household_id": HOUSEHOLD}, {"content": BYTES})
    create_table("list_counties", county, {"lists": COUNT, **dict.fromkeys(("states", "villages", "confirmed"), TEXT)})
    create_table("list_answers", {**county, "hash": DIGEST}, {"person_id": HOUSEHOLD, **delivery, "content": BYTES})
    op.create_index("ix_list_answers_person_id", "list_answers", ["person_id"])
    fact: Types = {"kind": WORD, "received_on": DAY, **delivery, "content": BYTES}
    create_table(
        "facts", {"household_id": HOUSEHOLD, "hash": DIGEST}, fact, {"person_id": HOUSEHOLD, "happened_on": DAY}
    )


def create_people_tables() -> None:
    """Create the tables for API keys, accounts, sessions and attempts to sign in."""
    create_table(
        "api_keys",
        {"key_id": Code(16)},
        {"name": TEXT, "secret_hash": HASH, "region": REGION, "rights": sa.String(100), "created_at": TIME},
        {"revoked_at": TIME},
    )
    account: Types = {"name": TEXT, "password_hash": TEXT, "role": WORD, "region": REGION, "health_details": FLAG}
    create_table(
        "users",
        {"username": Code(40)},
        {**account, "created_at": TIME, "failures": COUNT},
        {"disabled_at": TIME, "locked_until": TIME},
        sa.Column("identity", FLAG, server_default=sa.false(), nullable=False),
    )
    seen: Types = {"created_at": TIME, "seen_at": TIME}
    create_table("sessions", {"token_hash": HASH}, {"username": Code(40), **seen, "address": HASH})
    op.create_index("ix_sessions_username", "sessions", ["username"])
    known: Types = {"username": Code(40), "address_hash": HASH}
    create_table("sign_in_addresses", known, {"seen_at": TIME, "failures": COUNT}, {"locked_until": TIME})
    create_table("sign_in_tries", {"address_hash": HASH}, {"minute": BIG_COUNT, "tries": COUNT})


def create_audit() -> None:
    """Create the audit log, generate its key, and make the database refuse any change to an entry."""
    create_table(
        "audit",
        {"seq": NUMBER},
        {"at": TIME, "actor": CALLER, "action": HASH, "region": REGION, "request_id": HASH, "detail": TEXT},
        {"household_id": HOUSEHOLD, "households": TEXT, "previous_hash": HASH, "entry_hash": HASH},
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_household_id", "audit", ["household_id", "seq"])
    archive: Types = {"last_hash": HASH, "at": HASH, "file": HASH, "signature": TEXT}
    create_table("audit_archives", {"last_seq": BIG_COUNT}, archive)
    op.bulk_insert(create_table("audit_key", {"audit_key": HASH}, {}), [{"audit_key": secrets.token_hex(32)}])
    if op.get_bind().dialect.name == "sqlite":
        stop = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        for table, when in (("audit", f"WHEN OLD.{NOT_ARCHIVED}"), ("audit_archives", "")):
            op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {stop}")
            op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {when} {stop}")
        return
    for name, unless in (("refuse", ""), ("keep", f"IF NOT OLD.{NOT_ARCHIVED} THEN RETURN OLD; END IF;")):
        body = f"LANGUAGE plpgsql AS $$ BEGIN {unless} RAISE EXCEPTION '{REFUSED}'; END $$"
        op.execute(f"CREATE FUNCTION riskml_{name}() RETURNS trigger {body}")
    for table, name in (("audit", "keep"), ("audit_archives", "refuse")):
        grows, kept = f"BEFORE UPDATE OR TRUNCATE ON {table}", f"BEFORE DELETE ON {table} FOR EACH ROW"
        op.execute(f"CREATE TRIGGER {table}_only_grows {grows} EXECUTE FUNCTION riskml_refuse()")
        op.execute(f"CREATE TRIGGER {table}_is_kept {kept} EXECUTE FUNCTION riskml_{name}()")


def upgrade() -> None:
    """Create the tables."""
    create_people_tables()
    create_audit()
    create_case_tables()
    create_record_tables()
    create_score_tables()
    create_work_tables()
    create_import_tables()
    create_register()
    create_desk_tables()

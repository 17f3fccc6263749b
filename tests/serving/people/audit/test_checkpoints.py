"""Checkpoints outside the database show a rewritten or shortened log; a proof shows one entry and no other."""

from __future__ import annotations

import json
import resource
import time

import pytest
from sqlalchemy import delete, insert, select
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml.keys import create_keys
from riskml_serving.base.database import writing
from riskml_serving.base.settings import Settings
from riskml_serving.commands.cli import app
from riskml_serving.people import audit
from riskml_serving.people.audit.chain import START, chain_entries
from riskml_serving.people.audit.checkpoints import Notary, create_notary
from riskml_serving.people.audit.tables import AUDIT
from riskml_serving.people.auth import Caller

CALLER = Caller("k1", "3701", frozenset())


@pytest.fixture
def noted(engine, tmp_path):
    """Write ten entries, with a checkpoint after each fifth one."""
    create_keys(tmp_path / "audit.key")
    notary = Notary(engine, tmp_path / "audit.key", tmp_path / "checkpoints.jsonl")
    for i in range(10):
        with writing(engine) as connection:
            audit.record(connection, CALLER, "household.read", f"户{i}", request_id=f"r{i}", note=f"secret {i}")
        if i % 5 == 4:
            notary.note()
            notary.note()
    return engine


def run(noted, tmp_path, *arguments):
    own = ["--key", str(tmp_path / "audit.key.pub")]
    return CliRunner().invoke(app, ["audit", *arguments, *own, "--db", noted.url.render_as_string(hide_password=False)])


def verify(noted, tmp_path):
    return run(noted, tmp_path, "verify", "--checkpoints", str(tmp_path / "checkpoints.jsonl"))


def rewrite(engine, keep, **changed):
    """Replace the log as its database's administrator can: without triggers, with every hash computed again."""
    with writing(engine) as connection:
        entries = list(map(dict, connection.execute(select(AUDIT).order_by(AUDIT.c.seq)).mappings()))[:keep]
        for entry in entries[3:4]:
            entry.update(changed)
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
        else:
            for what in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER audit_no_{what}")
        connection.execute(delete(AUDIT))
        connection.execute(insert(AUDIT), list(chain_entries(entries, START)))


def test_a_checkpoint_is_written_only_when_the_log_has_grown(noted, tmp_path):
    lines = (tmp_path / "checkpoints.jsonl").read_text().splitlines()
    assert [json.loads(line)["head"].split(":")[0] for line in lines] == ["5", "10"]
    assert "intact" in verify(noted, tmp_path).output


def test_a_checkpoint_that_found_no_room_leaves_nothing_behind(noted, tmp_path):
    key, file = tmp_path / "audit.key", tmp_path / "checkpoints.jsonl"
    before, limits = file.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, limits[1]))  # room for a part of a line
    try:
        with pytest.raises(OSError, match="No space left"):
            Notary(noted, key, file).note()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == before
    Notary(noted, key, file).note()
    assert len(file.read_bytes().splitlines()) == 3
    assert "intact" in verify(noted, tmp_path).output


def test_it_is_said_with_how_many_checkpoints_the_log_was_compared(noted, tmp_path):
    assert "checkpoints: 2. The last covers entry 10." in verify(noted, tmp_path).output
    (tmp_path / "checkpoints.jsonl").write_text("")
    assert "checkpoints: 0. The last covers entry 0." in verify(noted, tmp_path).output


@pytest.mark.parametrize(("keep", "changed", "words"), [(10, {"actor": "x"}, "rewritten"), (8, {}, "cut off")])
def test_a_rewritten_or_shortened_log_is_found_although_its_hashes_are_consistent(
    noted, tmp_path, keep, changed, words
):
    rewrite(noted, keep, **changed)
    url = noted.url.render_as_string(hide_password=False)
    assert "intact" in CliRunner().invoke(app, ["audit", "verify", "--db", url]).output, "unseen without checkpoints"
    verified = verify(noted, tmp_path)
    assert verified.exit_code != 0
    assert words in verified.output


def test_a_checkpoint_that_the_key_did_not_sign_is_refused(noted, tmp_path):
    file = tmp_path / "checkpoints.jsonl"
    file.write_text(file.read_text().replace('"head": "10:', '"head": "11:'))
    refused = verify(noted, tmp_path)
    assert isinstance(refused.exception, UsageError)
    assert "Line 2 of" in refused.exception.message


def test_one_entry_is_proved_without_the_others_or_the_database(noted, tmp_path):
    proof = run(noted, tmp_path, "prove", "3", str(tmp_path / "checkpoints.jsonl")).output
    assert "secret 2" in proof
    assert not [i for i in range(10) if i != 2 and f"secret {i}" in proof]
    (tmp_path / "proof.json").write_text(proof)
    key = ["--key", str(tmp_path / "audit.key.pub")]
    check = ["audit", "check-proof", str(tmp_path / "proof.json"), *key]
    assert "holds" in CliRunner().invoke(app, check).output
    (tmp_path / "proof.json").write_text(proof.replace("secret 2", "secret X"))
    assert isinstance(CliRunner().invoke(app, check).exception, UsageError)


def read_checkpoint_metrics(client):
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, _, value in (line.partition(" ") for line in lines) if "_checkpoint_" in name}


def test_the_settings_make_the_service_write_checkpoints(make_client, tmp_path):
    key, file = tmp_path / "audit.key", tmp_path / "checkpoints.jsonl"
    create_keys(key)
    wanted = {"audit_key": key, "audit_checkpoints": file, "metrics_open": True}
    client = make_client(**wanted, audit_checkpoint_minutes=0.01)
    for _ in range(200):
        if file.exists() and file.read_text():
            break
        time.sleep(0.05)
    assert json.loads(file.read_text().splitlines()[0])["head"].startswith("1:"), "the model"
    first = read_checkpoint_metrics(client)
    assert first["riskml_audit_checkpoint_entry"] == 1
    assert time.time() - 60 < first["riskml_audit_checkpoint_timestamp_seconds"] < time.time() + 60
    file.unlink()
    file.mkdir()  # checkpoints cannot be written any more, although the log grows
    client.get("/v1/households")
    failed = read_checkpoint_metrics(client)
    time.sleep(1.5)
    assert read_checkpoint_metrics(client) == failed
    with pytest.raises(UsageError, match="both settings"):
        create_notary(None, Settings(audit_key=key))

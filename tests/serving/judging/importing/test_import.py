"""``riskml-serving import``: every household in an imported county gets exactly one score, equal to the one that riskml
computes from the records folder."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from riskml.explanation import Narrator
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import TABLES
from riskml.scoring import score
from riskml.vocabulary.verdicts import COLOUR_POSITIONS, TIERS
from riskml_serving.base.database import open_engine
from riskml_serving.judging.importing import repository, service
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.model import load_model
from riskml_serving.judging.scores.ranking import SECTIONS
from riskml_serving.people.auth import Caller

AS_OF = dt.date(2023, 6, 30)


def count_rows(engine, table):
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def list_households(client, headers):
    rows, after = [], None
    while True:
        page = client.get(
            "/v1/households", params={"limit": 300, **({"after": after} if after else {})}, headers=headers
        )
        rows += page.json()["households"]
        after = page.json()["next"]
        if after is None:
            return rows


def test_the_audit_log_names_who_imported_or_sent_records_and_the_hash_of_what_was_received(client, key, county):
    caller = Caller("command:officer", "", frozenset())
    import_folder(client.app.state.engine, county, AS_OF, simulated=True, caller=caller)
    code = pq.read_table(county / "households.parquet")["household_id"][0].as_py()
    row = {"household_id": code, "started_on": "2023-05-01", "measure": "低保"}
    body = json.dumps({"tables": {"help": [row]}}).encode()
    answer = client.post("/v1/records", content=body, headers=key())
    assert answer.status_code == 200, answer.text
    query = text("SELECT actor, detail FROM audit WHERE action IN ('records.import', 'records.append') ORDER BY seq")
    with client.app.state.engine.connect() as connection:
        imported, sent = connection.execute(query).all()
    assert imported.actor == "command:officer"
    files = {path.stem: [hashlib.sha256(path.read_bytes()).hexdigest()] for path in county.glob("*.parquet")}
    own = json.loads(imported.detail)["sha256"]
    assert own == {table: files[table] for table in own}
    assert {"households", "income", "lines"} <= own.keys()
    assert json.loads(sent.detail)["sha256"] == hashlib.sha256(body).hexdigest()


def test_an_imported_county_gets_the_scores_reasons_and_agreement_that_riskml_computes(
    client, key, county, county_records
):
    engine, model = client.app.state.engine, client.app.state.holder.current
    done = import_folder(engine, county, AS_OF, model, simulated=True)
    frame = score(model.bundle, county_records, to_day(AS_OF), load_policy())
    assert done.scored == len(frame)
    headers = key()
    rows = {row["household_id"]: row for row in list_households(client, headers)}
    assert len(rows) == len(frame)
    assert len({row["region_code"][:6] for row in rows.values()}) == 1, "visit capacity needs a single county"
    for row in frame.to_dict("records"):
        mine = rows[row["household_id"]]
        for name in ("status", "tier", "signal", "rule_signal", "agreement", "model_version", "policy_version"):
            assert mine[name] == (None if row[name] != row[name] else row[name]), name
        for name in ("probability", "margin"):
            assert mine[name] == (None if row[name] != row[name] else row[name])
        assert ";".join(mine["rule_flags"]) == row["rule_flags"]
    narrator = Narrator(model.bundle, load_policy())
    for code in sorted(rows)[::80]:
        index = county_records.index(code)
        panel = county_records.panel(to_day(AS_OF), index, index + 1)
        explanation = client.get(f"/v1/households/{code}/explanation", headers=headers).json()["explanation"]
        agreement = rows[code]["agreement"]
        assert explanation == json.loads(json.dumps(narrator.explain(panel, agreement=agreement).to_json()))
    listed = list_households(client, headers)
    order = [(SECTIONS.codes.index(row["section"]), -COLOUR_POSITIONS[row["signal"]]) for row in listed]
    assert order == sorted(order)
    foreseen = [(-COLOUR_POSITIONS[row["signal"]], -row["probability"]) for row in listed if row["section"] == "model"]
    assert foreseen == sorted(foreseen)
    assert foreseen
    assert set(TIERS) >= {row["tier"] for row in rows.values() if row["tier"]}


def test_an_interrupted_import_shows_nothing_and_resumes_where_it_stopped(
    database_url, bundle_path, small_county, monkeypatch
):
    engine, model = open_engine(database_url), load_model(bundle_path, trial=True)
    monkeypatch.setattr(service, "PART", 40)
    calls = Counter()
    for module, name in ((repository, "add_part"), (repository, "append"), (repository, "finish_import")):
        original = getattr(module, name)

        def interrupt(*args, name=name, original=original):
            result = original(*args)
            calls[name] += 1
            if (name, calls[name]) in {("add_part", 3), ("append", 7), ("finish_import", 1)}:
                raise KeyboardInterrupt
            return result

        monkeypatch.setattr(module, name, interrupt)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            import_folder(engine, small_county, AS_OF, model, simulated=True)
        tables = ("households", "purpose", "audit", "current_scores", *(f"record_{name}" for name in TABLES))
        assert {name: count_rows(engine, name) for name in tables} == dict.fromkeys(tables, 0)
    done = import_folder(engine, small_county, AS_OF, model, simulated=True)
    assert calls["add_part"] == 5, "of the four parts, only the one that was interrupted is staged again"
    for name in TABLES:
        assert count_rows(engine, f"record_{name}") == pq.read_metadata(small_county / f"{name}.parquet").num_rows
    assert count_rows(engine, "current_scores") == done.scored == 160
    assert count_rows(engine, "import_parts") == 0
    again = import_folder(engine, small_county, AS_OF, model, simulated=True)
    assert (again.import_id, again.rows, again.changed, again.scored) == (done.import_id, 0, 0, 0)
    engine.dispose()


def test_a_later_record_changes_one_score_and_no_other(client, key, county):
    engine, model = client.app.state.engine, client.app.state.holder.current
    import_folder(engine, county, AS_OF, model, simulated=True)
    headers = key()
    before = {row["household_id"]: row for row in list_households(client, headers)}
    code = next(code for code in sorted(before) if before[code]["status"] == "at_risk")
    cursor = client.get("/v1/changes", params={"limit": 1000}, headers=headers).json()["next"]
    cursor = client.get("/v1/changes", params={"limit": 1000, "since": cursor}, headers=headers).json()["next"]
    bill = {"household_id": code, "occurred_on": "2023-06-20", "kind": "inpatient", "cost": 150000, "self_paid": 90000}
    answer = client.post("/v1/records", json={"tables": {"illness": [bill]}}, headers=headers).json()
    assert answer["changed"] == 1
    after = {row["household_id"]: row for row in list_households(client, headers)}
    assert {c for c in after if after[c] != before[c]} == {code}
    changes = client.get("/v1/changes", params={"since": cursor}, headers=headers).json()["changes"]
    assert [row["household_id"] for row in changes] == [code]
    assert after[code]["agreement"] in ("both", "rule_only")
    assert after[code]["agreement_by"] == before[code]["agreement_by"]

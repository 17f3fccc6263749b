"""A household with a yearly statement gets the same verdict on every path, with the date up to which income is known.

The couple earned 3.4 times the line in the year to September 2023. Two months later, a hospital bill leaves them with
90,000 yuan to pay. Since then, only a monthly wage of one of them has been reported. Their neighbours have no bill.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from riskml.cli.main import main
from riskml_serving.base.database import open_engine, reading, upgrade
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.scores.repository import read_current

RELEASED = next((Path(__file__).parents[3] / "models").glob("*/manifest.json")).parent
TODAY, UNTIL = dt.date(2024, 5, 31), dt.date(2023, 9, 30)
REGION = "130529101203"
BILL, QUIET = "julu", "neighbour"
FIELDS = ("status", "probability", "tier", "rule_signal", "signal", "rule_flags", "income_until")


def list_tables():
    """Return the rows of both households by table."""
    rows = {"households": [], "income": [], "illness": []}
    for code in (BILL, QUIET):
        own = {"household_id": code}
        rows["households"].append({**own, "region_code": REGION, "size": 2, "kind": "exited"})
        year = {"period_start": "2022-10-01", "months": 12, "source": "wage", "amount": 2 * 3.4 * 8300}
        rows["income"].append({**own, **year, "statement": True, "recorded_on": "2024-01-15"})
        month = {"period_start": "2024-03-01", "months": 1, "source": "wage", "amount": 2300, "member_id": "m1"}
        rows["income"].append({**own, **month, "recorded_on": "2024-04-08"})
    bill = {"household_id": BILL, "occurred_on": "2023-11-20", "kind": "inpatient", "cost": 183_000}
    rows["illness"].append({**bill, "self_paid": 90_000, "recorded_on": "2023-12-05"})
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("statement")
    for name, rows in list_tables().items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    (folder / "lines.csv").write_text("region_code,effective_from,amount\n", "utf-8")
    return folder


@pytest.fixture
def client(make_client):
    return make_client(bundle=RELEASED, today=TODAY, job_worker=False)


def simplify(score):
    """Return the compared fields of a score, from any path."""
    out = {name: None if pd.isna(score[name]) else score[name] for name in FIELDS if name != "rule_flags"}
    flags = score["rule_flags"]
    if not isinstance(flags, list):
        flags = flags.split(";") if isinstance(flags, str) and flags else []
    return out | {"rule_flags": flags, "income_until": str(out["income_until"])}


def simplify_table(frame):
    return {row["household_id"]: simplify(row) for row in frame.to_dict("records")}


@pytest.fixture
def by_command(folder, tmp_path, monkeypatch):
    """Score the folder with ``riskml score``; return the scores by household."""
    command = ["riskml", "score", RELEASED, folder, "--as-of", TODAY, "--out", tmp_path / "scores.parquet"]
    monkeypatch.setattr("sys.argv", [str(word) for word in command])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    return simplify_table(pd.read_parquet(tmp_path / "scores.parquet"))


def test_every_path_judges_a_statement_household_alike_and_dates_its_income(client, key, by_command, sign_in_county):
    headers, state = key("", "score", "read", "write", "health-details"), client.app.state
    wanted = by_command
    assert {code: score["income_until"] for code, score in wanted.items()} == dict.fromkeys((BILL, QUIET), str(UNTIL))
    assert (wanted[BILL]["status"], wanted[BILL]["probability"]) == ("in_hardship", None)
    assert wanted[BILL]["signal"] in ("orange", "red")
    assert wanted[QUIET]["status"] == "at_risk"
    assert 0 < wanted[QUIET]["probability"] < 1

    body = {"tables": list_tables(), "as_of": TODAY.isoformat()}
    on_request = client.post("/v1/scores", json=body, headers=headers).json()
    assert {row["household_id"]: simplify(row) for row in on_request["scores"]} == wanted

    undated = {
        name: [{key: value for key, value in row.items() if key != "recorded_on"} for row in rows]
        for name, rows in list_tables().items()
    }
    kept = client.post("/v1/records", json={"tables": undated}, headers=headers)
    assert kept.status_code == 200, kept.text
    assert {row["household_id"]: simplify(row["after"]) for row in kept.json()["scores"]} == wanted

    client.post("/v1/batches", json={}, headers=headers)
    with reading(state.engine) as connection:
        [job] = [row[0] for row in connection.exec_driver_sql("SELECT job_id FROM jobs")]
    Worker(state.engine, state.settings, lambda: state.holder.current).work_off()
    for form, read in (("parquet", pd.read_parquet), ("csv", pd.read_csv)):
        answer = client.get(f"/v1/jobs/{job}/results?format={form}", headers=headers)
        assert simplify_table(read(io.BytesIO(answer.content))) == wanted, form

    stored = {code: client.get(f"/v1/households/{code}", headers=headers).json() for code in wanted}
    assert {code: simplify(one["score"]) for code, one in stored.items()} == wanted
    assert {code: simplify(one["history"][-1]) for code, one in stored.items()} == wanted
    listed = client.get("/v1/households", headers=headers).json()["households"]
    assert {row["household_id"]: simplify(row) for row in listed} == wanted
    changes = client.get("/v1/changes", headers=headers).json()["changes"]
    assert {row["household_id"]: simplify(row) for row in changes} == wanted
    for code in wanted:
        explained = client.get(f"/v1/households/{code}/explanation", headers=headers).json()["explanation"]
        assert explained["rule"]["income_until"] == str(UNTIL)

    sign_in_county(client, REGION[:6], health_details=True)
    books = [*(f"/households/{code}/export.xlsx" for code in wanted), "/worklist.xlsx?state=all"]
    for address in (*(f"/households/{code}" for code in wanted), "/worklist?state=open", *books):
        answer = client.get(address)
        if address in books:
            sheets = load_workbook(io.BytesIO(answer.content))
            shown = json.dumps([list(map(str, row)) for sheet in sheets for row in sheet.values], ensure_ascii=False)
            assert "收入数据截至" in shown, address
            assert "2023年9月" in shown, address
        else:
            assert "收入数据截至 2023年9月" in answer.text, address


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_import_stores_the_same_scores_as_the_command(client, folder, by_command, tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'imported.db'}")
    upgrade(engine)
    model = client.app.state.holder.current
    import_folder(engine, folder, TODAY, model, simulated=True)
    with reading(engine) as connection:
        current = read_current(connection, sorted(by_command), "")
    engine.dispose()
    for code, score in current.items():
        assert (score["status"], score["probability"]) == (by_command[code]["status"], by_command[code]["probability"])
        assert score["income_until"] == UNTIL

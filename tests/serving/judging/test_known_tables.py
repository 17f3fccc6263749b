"""Whichever tables a household has, even empty ones, every way of sending them to the service gives riskml's scores."""

from __future__ import annotations

import datetime as dt
import io
import itertools

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from riskml.explanation.household.county import ExplainedPanel
from riskml.records.contract.arrow_types import cast_table
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import TABLES
from riskml.records.panel.store import Records
from riskml.scoring import score
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.jobs.worker import Worker

TODAY = dt.date(2023, 6, 30)
DAY = "2023-05-20"
NUMBER = itertools.count()
ROWS = {
    "members": {"member_id": "a", "birth_year": 1950, "labour": "weak", "health": "chronic"},
    "illness": {"occurred_on": DAY, "kind": "inpatient", "visits": 1, "cost": 60000.0, "self_paid": 30000.5},
    "disaster": {"occurred_on": DAY, "kind": "fire", "loss": 12000.0},
    "events": {"occurred_on": DAY, "kind": "job_loss"},
    "help": {"started_on": DAY, "measure": "临时救助", "emergency": True, "amount": 2000.0},
    "monitoring": {"category": "borderline", "entered_on": DAY, "causes": "illness"},
}
LINES = {"region_code": [], "effective_from": [], "amount": []}
COMPARED = ("status", "probability", "margin", "tier", "rule_signal", "signal", "rule_flags", "causes", "reasons")

known = st.fixed_dictionaries({}, optional={name: st.sampled_from(([], [row])) for name, row in ROWS.items()})


def make_tables(code, region, optional, income=2500.0):
    """Make tables for a household that earns the same every month; optional tables are included only if named."""
    months = [dt.date(2021 + m // 12, m % 12 + 1, 1).isoformat() for m in range(30)]
    tables = {
        "households": [{"region_code": region, "size": 3, "roof": "瓦"}],
        "income": [{"period_start": month, "source": "wage", "amount": income} for month in months],
        **optional,
    }
    return {name: [{"household_id": code, **row} for row in rows] for name, rows in tables.items()}


def make_columns(name, rows):
    """Convert rows to columns for riskml, with today as the day of recording."""
    declared = [column.name for column in TABLES[name].columns]
    names = dict.fromkeys([*declared, *(key for row in rows for key in row)])
    return {key: [TODAY if key == "recorded_on" else row.get(key) for row in rows] for key in names}


def judge_with_riskml(model, tables):
    """Return riskml's own verdict on the household alone."""
    columns = {name: make_columns(name, rows) for name, rows in tables.items()} | {"lines": LINES}
    records = Records.from_tables(columns, model.policy.lines)
    frame = score(model.bundle, records, to_day(TODAY), model.policy)
    explained = ExplainedPanel.build(model.narrator, records.panel(to_day(TODAY))).tabulate(frozenset())
    return select_compared({**frame.to_dict("records")[0], **explained.to_dict("records")[0]})


def select_compared(row):
    return {name: None if row[name] != row[name] else row[name] for name in COMPARED}


@pytest.fixture
def client(make_client):
    return make_client(job_worker=False)


@pytest.fixture
def work(client):
    """Return a function that starts a job for a region, runs it, and returns its results by household."""
    state = client.app.state
    worker = Worker(state.engine, state.settings, lambda: state.holder.current)

    def run(headers, region):
        job = client.post("/v1/batches", json={"region": region}, headers=headers).json()["job"]
        worker.work_off()
        done = client.get(f"/v1/jobs/{job}", headers=headers).json()
        assert (done["state"], done["problem"]) == ("done", None)
        content = client.get(f"/v1/jobs/{job}/results", headers=headers).content
        return {row["household_id"]: row for row in pq.read_table(io.BytesIO(content)).to_pylist()}

    return run


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(known, min_size=2, max_size=4), st.booleans())
def test_households_with_different_optional_tables_get_the_scores_that_riskml_computes(
    client, key, work, optional, flooded
):
    headers, number = key("", "score", "read", "write", "admin", "health-details"), next(NUMBER)
    model, region = client.app.state.holder.current, f"3701{number:08d}"
    sent = {f"h{number}-{i}": make_tables(f"h{number}-{i}", region, own) for i, own in enumerate(optional)}
    for tables in sent.values():
        answer = client.post("/v1/records", json={"tables": tables}, headers=headers)
        assert answer.status_code == 200, answer.text
    if flooded:
        flood = {"household_id": None, "region_code": region, "occurred_on": DAY, "kind": "flood"}
        answer = client.post("/v1/records", json={"tables": {"disaster": [flood]}}, headers=headers)
        assert answer.json()["rescored"] == len(sent)
        for tables in sent.values():
            tables["disaster"] = [*tables.get("disaster", ()), flood]
    expected = {code: judge_with_riskml(model, tables) for code, tables in sent.items()}
    results = work(headers, region)
    assert {code: select_compared(row) for code, row in results.items()} == expected
    for code, tables in sent.items():
        kept = client.get(f"/v1/households/{code}", headers=headers).json()["score"]
        scored = client.post("/v1/scores", json={"tables": add_date(tables)}, headers=headers).json()["scores"][0]
        for answer in (kept, scored):
            answer["rule_flags"] = ";".join(answer["rule_flags"])
            names = [name for name in COMPARED if name in answer]
            assert {name: answer[name] for name in names} == {name: expected[code][name] for name in names}
            assert len(names) == 7


def add_date(tables):
    return {name: [{**row, "recorded_on": TODAY.isoformat()} for row in rows] for name, rows in tables.items()}


@pytest.mark.parametrize("shift", range(3))
def test_a_folder_with_absent_or_empty_tables_gets_the_scores_that_riskml_computes(client, key, work, tmp_path, shift):
    """Among the three folders, each table is absent once, empty once and filled once."""
    model, folder = client.app.state.holder.current, tmp_path / "records"
    optional = {name: ([], [row])[(i + shift) % 3] for i, (name, row) in enumerate(ROWS.items()) if (i + shift) % 3 < 2}
    incomes = {"a": 900.0, "b": 2500.0, "c": 9000.0}
    households = [make_tables(code, "370101001001", optional, income) for code, income in incomes.items()]
    folder.mkdir()
    for name in ("households", "income", *optional):
        columns = make_columns(name, [row for tables in households for row in tables[name]])
        table = pa.table({key: pa.array(values).cast(pa.string()) for key, values in columns.items()})
        pq.write_table(cast_table(name, table), folder / f"{name}.parquet")
    pq.write_table(cast_table("lines", pa.table({**LINES, "source": []})), folder / "lines.parquet")
    import_folder(client.app.state.engine, folder, TODAY, model, simulated=True)
    records = Records.load(folder, model.policy.lines)
    expected = score(model.bundle, records, to_day(TODAY), model.policy).set_index("household_id")
    headers = key()
    results = work(headers, "370101")
    assert list(results) == list(incomes)
    for code, result in results.items():
        kept = client.get(f"/v1/households/{code}", headers=headers).json()["score"]
        for name in ("status", "probability", "margin", "tier", "rule_signal", "signal", "agreement"):
            value = expected.loc[code, name]
            assert kept[name] == result[name] == (None if value != value else value), name

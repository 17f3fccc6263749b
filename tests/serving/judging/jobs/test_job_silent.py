"""While a model is silent (its verdicts are withheld), a job stores them, but the job's results contain only the
verdicts of the rule line."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import text, update

from riskml.explanation import NOTICE
from riskml.features import build
from riskml.records.contract.calendar import to_day
from riskml_serving.base.database import reading, writing
from riskml_serving.judging.model import RULE_LINE_ONLY, load_model
from riskml_serving.store.records.tables import PURPOSE


@pytest.fixture
def client(make_client, engine):
    with writing(engine) as connection:  # as if the county had been delivered for use
        connection.execute(update(PURPOSE).values(simulated=False))
    return make_client(job_chunk=60, job_worker=False, rescore_at_once=100, simulated=False)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_results_contain_only_the_rule_line_and_say_why(imported, jobs, key, work, form, bundle_path):
    headers = key()
    job = jobs.start(headers, as_of="2023-06-30")
    work()
    state = jobs.wait_for(headers, job)
    assert (state["state"], state["model_notice"]) == ("done", RULE_LINE_ONLY["zh"])
    answer = imported.get(f"/v1/jobs/{job}/results?format={form}", headers=headers)
    assert answer.headers["x-model-notice-en"] == RULE_LINE_ONLY["en"]
    rows = jobs.read_table(headers, job, form).to_pylist()
    for name in ("probability", "margin", "tier", "agreement", "agreement_by", "reasons", "protections"):
        assert {row[name] or None for row in rows} == {None}, name
    assert [row["signal"] for row in rows] == [row["rule_signal"] for row in rows]
    assert {row["notice"] for row in rows} == {f"{NOTICE['zh']}；{RULE_LINE_ONLY['zh']}"}
    assert "withheld" not in rows[0]
    with reading(imported.app.state.engine) as connection:
        kept = connection.execute(text("SELECT status, withheld FROM current_scores")).all()
        assert connection.execute(text("SELECT count(*) FROM capacity")).scalar() == 0
    for status, withheld in kept:
        assert (json.loads(withheld)["probability"] is not None) == (status == "at_risk")


def test_score_drift_is_measured_but_not_reported_while_the_model_is_silent(bundle_path, county_records):
    loud = load_model(bundle_path, trial=True)
    model = replace(loud, trial=False)
    model.monitor._interval = 0
    features = build(county_records.panel(to_day("2023-06-30")))
    for _ in range(4):
        model.monitor.observe(features)
    assert "probability" in model.monitor.measure_drift()
    assert "probability" not in model.monitor.measure_drift(silent=model.silent)

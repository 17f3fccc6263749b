"""API callers start, follow and cancel scoring jobs, and write records while jobs run."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text

from riskml_serving.base.database import reading
from riskml_serving.judging.bulk import judging

AS_OF = dt.date(2023, 6, 30)
BILL = {"occurred_on": "2023-06-20", "kind": "inpatient", "cost": 150000, "self_paid": 90000}


def test_a_date_in_the_future_is_rejected(imported, key):
    answer = imported.post("/v1/batches", json={"as_of": "2023-07-01"}, headers=key())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "as_of"


def test_a_job_for_an_older_date_leaves_newer_scores_alone(imported, jobs, key, work):
    headers = key()
    jobs.start(headers)
    work()
    before = jobs.count("scores")
    job = jobs.start(headers, as_of="2022-12-31")
    work()
    state = jobs.wait_for(headers, job)
    assert (state["kept"], state["data_as_of"]) == (0, "2022-12-31")
    assert jobs.count("scores") == before
    assert set(jobs.read_table(headers, job)["as_of"].to_pylist()) == {"2022-12-31"}


def test_a_repeated_request_starts_only_one_job(imported, jobs, key):
    headers = {**key(), "Idempotency-Key": "batch-1"}
    assert jobs.start(headers) == jobs.start(headers)
    assert jobs.count("jobs") == 1


def test_a_cancelled_job_ends_without_results(imported, jobs, key, work):
    headers = key()
    job = jobs.start(headers)
    state = imported.delete(f"/v1/jobs/{job}", headers=headers).json()
    assert state["state"] == "cancelled"
    work()
    assert jobs.count("current_scores") == 0
    assert imported.delete(f"/v1/jobs/{job}", headers=headers).json()["type"] == "urn:riskml:problem:job-ended"
    assert imported.get(f"/v1/jobs/{job}/results", headers=headers).json()["type"] == "urn:riskml:problem:no-results"


def act_after_first_range(monkeypatch, act):
    """Call ``act`` once, after the first range of households has been judged but before the results are stored."""
    judged, done = judging.judge_range, []

    def judge_and_act(*rest):
        table = judged(*rest)
        if not done:
            done.append(act())
        return table

    monkeypatch.setattr(judging, "judge_range", judge_and_act)
    return done


def test_a_job_cancelled_midway_stores_nothing_further(imported, jobs, key, work, monkeypatch):
    headers = key()
    job = jobs.start(headers)
    done = act_after_first_range(monkeypatch, lambda: imported.delete(f"/v1/jobs/{job}", headers=headers))
    work()
    assert done[0].status_code == 200
    assert imported.get(f"/v1/jobs/{job}", headers=headers).json()["state"] == "cancelled"
    assert (jobs.count("job_parts"), jobs.count("current_scores")) == (0, 0)


def test_records_received_while_a_county_is_scored_are_not_lost(imported, jobs, key, work, monkeypatch):
    headers = key()
    job = jobs.start(headers)
    work()
    code = jobs.read_table(headers, job)["household_id"][5].as_py()
    again = jobs.start(headers)
    body = {"tables": {"illness": [{"household_id": code, **BILL}]}}
    done = act_after_first_range(monkeypatch, lambda: imported.post("/v1/records", json=body, headers=headers))
    work()
    assert done[0].status_code == 200
    (change,) = done[0].json()["scores"]
    assert change["changed"]
    now = imported.get(f"/v1/households/{code}", headers=headers).json()
    assert now["score"]["probability"] == change["after"]["probability"]
    assert now["score"]["rule_flags"] == change["after"]["rule_flags"]
    assert jobs.wait_for(headers, again)["kept"] == jobs.wait_for(headers, job)["kept"] - 1


def test_a_flood_in_a_county_is_scored_by_a_job(imported, jobs, key, work):
    headers = key()
    jobs.start(headers)
    work()
    first = imported.get("/v1/households?limit=1&section=model", headers=headers).json()["households"][0]
    county = first["region_code"][:6]
    flood = {"region_code": county, "occurred_on": "2023-06-25", "kind": "flood"}
    answer = imported.post("/v1/records", json={"tables": {"disaster": [flood]}}, headers=headers)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['job']}"
    work()
    state = jobs.wait_for(headers, answer.json()["job"])
    assert (state["kind"], state["state"], state["judged"], state["results"]) == ("rescore", "done", 160, None)
    assert state["kept"] == 160
    address = f"/v1/households/{first['household_id']}"
    one, now = (imported.get(f"{address}{part}", headers=headers).json() for part in ("/explanation", ""))
    assert one["explanation"]["model"]["margin"] == now["score"]["margin"]
    assert now["scored_at"] > first["scored_at"]


def test_a_rescoring_job_runs_to_the_end_unless_a_writer_cancels_it(imported, key, work):
    headers, scorer, writer = key(), key("", "score"), key("", "score", "write", "read")
    flood = {"region_code": "", "occurred_on": "2023-06-25", "kind": "flood"}
    with reading(imported.app.state.engine) as connection:
        flood["region_code"] = connection.execute(text("SELECT min(region_code) FROM households")).scalar_one()[:6]
    job = imported.post("/v1/records", json={"tables": {"disaster": [flood]}}, headers=headers).json()["job"]
    refused = imported.delete(f"/v1/jobs/{job}", headers=scorer)
    assert (refused.status_code, refused.json()["detail_en"]) == (403, "The right 'write' is needed")
    assert imported.get(f"/v1/jobs/{job}", headers=writer).json()["state"] == "waiting"
    assert imported.delete(f"/v1/jobs/{job}", headers=writer).json()["state"] == "cancelled"

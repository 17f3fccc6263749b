"""Jobs: a county scored as of a date as riskml scores its folder, read as a file, within the region of its key."""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
import time
from dataclasses import replace

import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from riskml.explanation import NOTICE, Narrator
from riskml.explanation.household.county import ExplainedPanel, explain_all
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.scoring import score
from riskml_serving.base.database import reading, writing
from riskml_serving.judging.bulk import judging
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.leases import Heartbeat
from riskml_serving.judging.jobs.repository import LostLease
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.people.auth import Caller

AS_OF = dt.date(2023, 6, 30)
BILL = {"occurred_on": "2023-06-20", "kind": "inpatient", "cost": 150000, "self_paid": 90000}


def count(client, table):
    with reading(client.app.state.engine) as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def ended(client, headers, job, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = client.get(f"/v1/jobs/{job}", headers=headers).json()
        if found["state"] not in ("waiting", "running"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"the job has not ended: {found}")


def table_of(client, headers, job, form="parquet"):
    answer = client.get(f"/v1/jobs/{job}/results", params={"format": form}, headers=headers)
    assert answer.status_code == 200, answer.text
    read = pq.read_table if form == "parquet" else csv.read_csv
    return read(io.BytesIO(answer.content))


@pytest.fixture
def client(make_client):
    """A service that leaves the jobs to the worker of the test."""
    return make_client(job_chunk=60, job_worker=False, rescore_at_once=100)


@pytest.fixture
def imported(client, small_county):
    import_folder(client.app.state.engine, small_county, AS_OF)
    return client


@pytest.fixture
def work(imported):
    """Do the jobs that wait, with a worker of one's own."""
    state = imported.app.state

    def step(**settings):
        worker = Worker(state.engine, state.settings.model_copy(update=settings), lambda: state.holder.current)
        worker.work_off()

    return step


def start(client, headers, **body):
    answer = client.post("/v1/batches", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{found['job']}"
    assert (found["state"], found["results"]) == ("waiting", None)
    return found["job"]


def test_a_county_has_the_scores_reasons_and_agreement_of_riskml(imported, key, work, small_county):
    county_records = Records.load(small_county)
    model, headers = imported.app.state.holder.current, key()
    job = start(imported, headers, as_of=AS_OF.isoformat())
    work()
    told = ended(imported, headers, job)
    frame = score(model.bundle, county_records, to_day(AS_OF), load_policy()).set_index("household_id")
    assert (told["state"], told["judged"], told["kept"], told["total"]) == ("done", 160, len(frame), 160)
    found = table_of(imported, headers, job).to_pandas().set_index("household_id")
    assert list(found.index) == sorted(frame.index)
    for name in ("status", "probability", "margin", "tier", "rule_signal", "signal", "rule_flags", "agreement"):
        mine, theirs = found[name].astype(object), frame[name].astype(object)
        assert mine.where(mine.notna(), None).equals(theirs.where(theirs.notna(), None)), name
    reasons = explain_all(Narrator(model.bundle, load_policy()), county_records, to_day(AS_OF)).set_index(
        "household_id"
    )
    for name in reasons.columns:
        assert found.loc[reasons.index, name].tolist() == reasons[name].tolist(), name
    assert set(found["notice"]) == {NOTICE["zh"]}
    with reading(imported.app.state.engine) as connection:
        kept = {row["household_id"]: row for row in connection.execute(text("SELECT * FROM current_scores")).mappings()}
    for code, row in found.iterrows():
        assert kept[code]["margin"] == (None if row["margin"] != row["margin"] else row["margin"])
        assert kept[code]["causes"] == reasons["causes"].get(code, "")
        assert (kept[code]["agreement"], kept[code]["agreement_by"]) == (row["agreement"], "capacity")
    assert count(imported, "scores") == len(frame)


def test_csv_holds_what_parquet_holds_and_opens_in_a_spreadsheet(imported, key, work):
    headers = key()
    job = start(imported, headers)
    work()
    answer = imported.get(f"/v1/jobs/{job}/results?format=csv", headers=headers)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"] == f'attachment; filename="riskml-{job}.csv"'
    plain, packed = table_of(imported, headers, job, "csv"), table_of(imported, headers, job)
    assert plain.column_names == packed.column_names
    assert plain["probability"].to_pylist() == packed["probability"].to_pylist()
    assert plain["reasons_zh"].to_pylist() == [text or "" for text in packed["reasons_zh"].to_pylist()]


def test_a_second_scoring_of_the_same_records_changes_nothing(imported, key, work):
    headers = key()
    first = start(imported, headers)
    work()
    before = count(imported, "scores")
    second = start(imported, headers)
    work(job_chunk=17)
    assert count(imported, "scores") == before
    assert table_of(imported, headers, first).equals(table_of(imported, headers, second))


def test_the_order_in_which_a_database_keeps_its_rows_changes_nothing(imported, key, work):
    headers = key()
    first = start(imported, headers)
    work()
    with writing(imported.app.state.engine) as connection:  # PostgreSQL puts what is updated behind the rest
        for name in ("record_income", "record_households", "record_members", "record_illness"):
            connection.execute(text(f"UPDATE {name} SET request_id = 'moved' WHERE row_id % 3 = 1"))
    second = start(imported, headers)
    work()
    assert table_of(imported, headers, first).equals(table_of(imported, headers, second))


def test_a_job_stays_within_its_region_and_is_seen_from_there_up(imported, key, work):
    with reading(imported.app.state.engine) as connection:
        village = connection.execute(text("SELECT min(region_code) FROM households")).scalar_one()
        inside = connection.execute(
            text("SELECT count(*) FROM households WHERE region_code LIKE :village"), {"village": f"{village}%"}
        ).scalar_one()
    own, county, other = key(village), key(village[:6]), key("37")
    job = start(imported, own)
    work()
    told = ended(imported, own, job)
    assert told["total"] == told["judged"] == inside < 160
    assert count(imported, "current_scores") == told["kept"]
    found = table_of(imported, county, job)
    assert set(found["region_code"].to_pylist()) == {village}
    assert set(found["agreement_by"].to_pylist()) == {"tier"}, "a village has no visit capacity of its own"
    for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}/results", "/v1/jobs/nobody", "/v1/jobs/%00"):
        answer = imported.get(path, headers=other)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:riskml:problem:job-not-found")
    assert imported.delete(f"/v1/jobs/{job}", headers=other).status_code == 404
    wide = start(imported, county)
    assert imported.get(f"/v1/jobs/{wide}", headers=own).status_code == 404
    assert imported.post("/v1/batches", json={"region": village[:6]}, headers=own).status_code == 404


def test_what_tells_of_health_is_read_by_whom_may_see_it(imported, key, work):
    plain, trusted = key("", "score", "read"), key("", "score", "read", "health-details")
    open_job, hidden_job = start(imported, trusted), start(imported, plain)
    work()
    refused = imported.get(f"/v1/jobs/{open_job}/results", headers=plain)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:riskml:problem:right-missing")

    told, hidden = table_of(imported, trusted, open_job), table_of(imported, plain, hidden_job)
    assert sum(hidden["hidden_flags"].to_pylist()) > 0
    assert sum(told["hidden_flags"].to_pylist()) == 0
    assert "months_since_admission" in ";".join(filter(None, told["protections"].to_pylist()))
    assert "months_since_admission" not in ";".join(filter(None, hidden["protections"].to_pylist()))


def test_causes_kept_with_a_score_do_not_depend_on_who_started_the_job(imported, key, work, monkeypatch):
    tabulate = ExplainedPanel.tabulate
    monkeypatch.setattr(
        ExplainedPanel,
        "tabulate",
        lambda self, hidden: tabulate(self, hidden).assign(**({"causes": "x"} if hidden else {})),
    )

    def causes():
        with reading(imported.app.state.engine) as connection:
            return connection.execute(text("SELECT causes FROM current_scores ORDER BY household_id")).scalars().all()

    plain, kept = key("", "score", "read"), []
    for headers in (plain, key()):
        job = start(imported, headers)
        work()
        kept.append(causes())
        if headers is plain:
            assert set(table_of(imported, headers, job)["causes"].to_pylist()) == {"x"}
    assert kept[0] == kept[1]
    assert len(set(kept[0])) > 5


def test_a_day_to_come_is_refused(imported, key):
    answer = imported.post("/v1/batches", json={"as_of": "2023-07-01"}, headers=key())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "as_of"


def test_an_older_day_leaves_newer_scores_alone(imported, key, work):
    headers = key()
    start(imported, headers)
    work()
    before = count(imported, "scores")
    job = start(imported, headers, as_of="2022-12-31")
    work()
    told = ended(imported, headers, job)
    assert (told["kept"], told["data_as_of"]) == (0, "2022-12-31")
    assert count(imported, "scores") == before
    assert set(table_of(imported, headers, job)["as_of"].to_pylist()) == {"2022-12-31"}


def test_the_same_request_starts_one_job(imported, key):
    headers = {**key(), "Idempotency-Key": "batch-1"}
    assert start(imported, headers) == start(imported, headers)
    assert count(imported, "jobs") == 1


def test_a_cancelled_job_ends_and_has_no_results(imported, key, work):
    headers = key()
    job = start(imported, headers)
    told = imported.delete(f"/v1/jobs/{job}", headers=headers).json()
    assert told["state"] == "cancelled"
    work()
    assert count(imported, "current_scores") == 0
    assert imported.delete(f"/v1/jobs/{job}", headers=headers).json()["type"] == "urn:riskml:problem:job-ended"
    assert imported.get(f"/v1/jobs/{job}/results", headers=headers).json()["type"] == "urn:riskml:problem:no-results"


def after_the_first(monkeypatch, act):
    """Do something once, when the first range has been read and judged and is not kept yet."""
    judged, done = judging.judge_range, []

    def and_act(*rest):
        found = judged(*rest)
        if not done:
            done.append(act())
        return found

    monkeypatch.setattr(judging, "judge_range", and_act)
    return done


def test_a_job_cancelled_midway_keeps_nothing_more(imported, key, work, monkeypatch):
    headers = key()
    job = start(imported, headers)
    done = after_the_first(monkeypatch, lambda: imported.delete(f"/v1/jobs/{job}", headers=headers))
    work()
    assert done[0].status_code == 200
    assert imported.get(f"/v1/jobs/{job}", headers=headers).json()["state"] == "cancelled"
    assert (count(imported, "job_parts"), count(imported, "current_scores")) == (0, 0)


def test_records_that_come_while_a_county_is_judged_are_not_forgotten(imported, key, work, monkeypatch):
    headers = key()
    job = start(imported, headers)
    work()
    code = table_of(imported, headers, job)["household_id"][5].as_py()
    again = start(imported, headers)
    body = {"tables": {"illness": [{"household_id": code, **BILL}]}}
    done = after_the_first(monkeypatch, lambda: imported.post("/v1/records", json=body, headers=headers))
    work()
    assert done[0].status_code == 200
    (change,) = done[0].json()["scores"]
    assert change["changed"]
    now = imported.get(f"/v1/households/{code}", headers=headers).json()
    assert now["score"]["probability"] == change["after"]["probability"]
    assert now["score"]["rule_flags"] == change["after"]["rule_flags"]
    assert ended(imported, headers, again)["kept"] == ended(imported, headers, job)["kept"] - 1


def test_a_flood_in_a_county_is_scored_by_a_job(imported, key, work):
    headers = key()
    start(imported, headers)
    work()
    before = count(imported, "scores")
    since = imported.get("/v1/changes?limit=1000", headers=headers).json()["next"]
    county = imported.get("/v1/households?limit=1", headers=headers).json()["households"][0]["region_code"][:6]
    flood = {"region_code": county, "occurred_on": "2023-06-25", "kind": "flood"}
    answer = imported.post("/v1/records", json={"tables": {"disaster": [flood]}}, headers=headers)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['job']}"
    work()
    told = ended(imported, headers, answer.json()["job"])
    assert (told["kind"], told["state"], told["judged"], told["results"]) == ("rescore", "done", 160, None)
    assert count(imported, "scores") > before
    code = imported.get("/v1/changes", params={"since": since, "limit": 1}, headers=headers).json()["changes"][0]
    one = imported.get(f"/v1/households/{code['household_id']}/explanation", headers=headers).json()
    assert one["explanation"]["model"]["margin"] == code["margin"]


def test_what_somebody_wrote_is_scored_to_the_end_unless_a_writer_cancels(imported, key, work):
    headers, scorer, writer = key(), key("", "score"), key("", "score", "write", "read")
    flood = {"region_code": "", "occurred_on": "2023-06-25", "kind": "flood"}
    with reading(imported.app.state.engine) as connection:
        flood["region_code"] = connection.execute(text("SELECT min(region_code) FROM households")).scalar_one()[:6]
    job = imported.post("/v1/records", json={"tables": {"disaster": [flood]}}, headers=headers).json()["job"]
    refused = imported.delete(f"/v1/jobs/{job}", headers=scorer)
    assert (refused.status_code, refused.json()["detail_en"]) == (403, "The right 'write' is needed")
    assert imported.get(f"/v1/jobs/{job}", headers=writer).json()["state"] == "waiting"
    assert imported.delete(f"/v1/jobs/{job}", headers=writer).json()["state"] == "cancelled"


def test_another_model_begins_a_job_anew(imported, key, work):
    headers = key()
    job = start(imported, headers)
    with writing(imported.app.state.engine) as connection:
        row = repository.list_open_jobs(connection)[0]
        repository.lease(connection, row, "w")
        repository.add_part(connection, job, 0, b"of another model")
        checkpoint = json.dumps({"after": "H0000140", "parts": 1, "judged": 140})
        repository.advance(connection, job, "w", checkpoint=checkpoint, model_version="another")
        repository.end(connection, job, "w", "waiting")
    work()
    told = ended(imported, headers, job)
    assert (told["judged"], told["model_version"]) == (160, imported.app.state.holder.current.version)
    assert len(table_of(imported, headers, job)) == told["kept"]


def test_a_job_is_told_by_the_names_of_what_judged_it_also_after_a_swap(imported, key, work):
    headers, holder = key(), imported.app.state.holder
    job, names = start(imported, headers), holder.current.names
    work()
    policy = replace(holder.current.policy, version="another")
    bundle = replace(holder.current.bundle, manifest={**holder.current.bundle.manifest, "schema_hash": "another"})
    holder.swap(replace(holder.current, policy=policy, bundle=bundle))
    assert set(names.values()) & set(holder.current.names.values()) == {"riskml", names["model_version"]}
    told = imported.get(f"/v1/jobs/{job}", headers=headers).json()
    assert {name: told[name] for name in names} == names
    for form in ("parquet", "csv"):
        answer = imported.get(f"/v1/jobs/{job}/results?format={form}", headers=headers)
        assert answer.headers["x-notice"] == NOTICE["en"]
        assert answer.headers["x-data-as-of"] == AS_OF.isoformat()
        assert {name: answer.headers["x-" + name.replace("_", "-")] for name in names} == names
        assert len(answer.headers.get_list("x-request-id")) == 1
    found = table_of(imported, headers, job)
    assert set(found["policy_version"].to_pylist()) == {names["policy_version"]}
    said = {name.decode(): value.decode() for name, value in found.schema.metadata.items()}
    assert {**names, "notice_zh": NOTICE["zh"], "scored_at": told["finished_at"]}.items() <= said.items()


@pytest.mark.parametrize("known", [("policy_version", "model_version", "feature_schema_hash"), ("model_version",)])
def test_another_policy_or_one_not_noted_begins_a_job_anew(imported, key, work, known):
    headers, holder = key(), imported.app.state.holder
    job = start(imported, headers)
    other = replace(holder.current, policy=replace(holder.current.policy, version="another"))
    with writing(imported.app.state.engine) as connection:
        repository.lease(connection, repository.list_open_jobs(connection)[0], "w")
        repository.add_part(connection, job, 0, b"by another policy")
        checkpoint = json.dumps({"after": "H0000140", "parts": 1, "judged": 140})
        repository.advance(
            connection, job, "w", checkpoint=checkpoint, **{name: other.versions[name] for name in known}
        )
        repository.end(connection, job, "w", "waiting")
    work()
    told = ended(imported, headers, job)
    assert (told["judged"], told["policy_version"]) == (160, holder.current.names["policy_version"])


def test_a_job_that_fails_again_and_again_is_given_up(imported, key, work, monkeypatch):
    headers = key()
    job = start(imported, headers)
    monkeypatch.setattr(judging, "judge_range", lambda *_: 1 / 0)
    work()
    told = ended(imported, headers, job)
    assert (told["state"], told["problem"]) == ("failed", "urn:riskml:problem:internal-error")
    monkeypatch.undo()
    again = start(imported, headers)
    work()
    assert ended(imported, headers, again)["state"] == "done"


def test_a_job_whose_workers_die_is_given_up(imported, key, work):
    headers = key()
    job = start(imported, headers)
    with writing(imported.app.state.engine) as connection:
        for i in range(5):
            assert repository.lease(connection, repository.list_open_jobs(connection)[0], f"dead-{i}")
    work(job_lease_seconds=0)
    assert ended(imported, headers, job)["problem"] == "urn:riskml:problem:gave-up"


def test_one_of_two_workers_gets_a_job_and_the_loser_keeps_nothing(imported, key):
    headers, engine = key(), imported.app.state.engine
    job = start(imported, headers)
    with reading(engine) as connection:
        (seen,) = repository.list_open_jobs(connection)
    with writing(engine) as connection:
        assert repository.lease(connection, seen, "one")
        assert not repository.lease(connection, seen, "two")
    with reading(engine) as connection:
        (seen,) = repository.list_open_jobs(connection)
    with writing(engine) as connection:
        assert repository.lease(connection, seen, "two")
    for act in (repository.beat, repository.advance):
        with pytest.raises(LostLease), writing(engine) as connection:
            act(connection, job, "one")
    with Heartbeat(engine, job, "one", 0.01) as heartbeat:
        assert heartbeat.lost.wait(5)


def test_the_service_works_on_jobs_by_itself_and_stops_between_two_parts(make_client, small_county):
    client = make_client(job_chunk=10)
    import_folder(client.app.state.engine, small_county, AS_OF)
    caller = Caller("k", "", frozenset())
    with writing(client.app.state.engine) as connection:
        payload = {"as_of": AS_OF.isoformat(), "redact": []}
        job = repository.add_job(connection, caller, "score", payload, total=160, request_id="r")
    until = time.monotonic() + 30
    while not count(client, "job_parts") and time.monotonic() < until:
        time.sleep(0.02)
    client.__exit__(None, None, None)
    with reading(client.app.state.engine) as connection:
        (row,) = repository.list_open_jobs(connection)
    assert (row["state"], row["lease_owner"]) == ("waiting", None)
    assert 0 < row["done"] < 160
    threads = [thread.name for thread in threading.enumerate()]
    assert "riskml-heart" not in threads
    client.__enter__()
    found = None
    while found != "done" and time.monotonic() < until + 30:
        with reading(client.app.state.engine) as connection:
            found = connection.execute(text("SELECT state FROM jobs WHERE job_id = :job"), {"job": job}).scalar_one()
        time.sleep(0.05)
    assert found == "done"
    assert count(client, "job_parts") == 16

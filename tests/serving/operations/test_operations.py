"""The service's probes, metrics, logs and traces: they say why the service is not ready, and never name a household."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import sqlite3
from collections import Counter
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from riskml_serving.base.clock import now
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model.keeper import Failure
from riskml_serving.operations.logs import JsonLines, log_to
from riskml_serving.operations.telemetry import OpenTelemetry

AS_OF = "2023-03-31"


def post_scores(client, headers, tables):
    return client.post("/v1/scores", json={"as_of": AS_OF, "tables": tables}, headers=headers)


def read_metrics(client, headers):
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_service_with_a_database_and_a_model_is_ready(client):
    answer = client.get("/readyz")
    state = answer.json()
    assert (answer.status_code, state["status"]) == (200, "ready")
    assert state["model"]["version"] == client.app.state.holder.version
    assert state["model"]["last_error"] is None
    assert state["data"] == {"last_received": None, "days_since": None, "stale": False, "last_scored": None}


def test_a_service_without_a_model_is_alive_but_not_ready(make_client, tmp_path):
    client = make_client(bundle=tmp_path / "nowhere")
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    state = answer.json()
    assert (answer.status_code, state["status"], state["database"]["ok"]) == (503, "not ready", True)
    assert state["model"]["last_error"]["kind"] == "BundleError"
    assert str(tmp_path) not in answer.text


def test_a_rejected_release_is_reported_while_the_old_one_stays(client):
    client.app.state.keeper.failure = Failure(now(), "BundleError", "trees.txt in /srv/models/x was altered.")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["model"]["last_error"]["message"] == "trees.txt in …/x was altered."


def test_a_service_without_its_database_is_not_ready(client, monkeypatch):
    def fail(*_args):
        raise OperationalError("SELECT", {"household": "h1"}, Exception("gone"))

    monkeypatch.setattr("riskml_serving.operations.readiness.read_revision", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, {"ok": False, "error": "OperationalError"})


def test_a_service_that_cannot_write_to_its_full_disk_is_not_ready(client, monkeypatch):
    def fail(*_args):
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise OperationalError("UPDATE", {}, full)

    monkeypatch.setattr("riskml_serving.operations.readiness.probe_write", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, {"ok": False, "error": "disk full"})


@pytest.mark.parametrize(("days", "stale"), [(44, False), (45, False), (46, True)])
def test_old_data_is_reported_as_stale_but_the_service_stays_ready(client, key, monkeypatch, days, stale):
    """Data are stale after more than `stale_after_days` full days (by default 45) without a new record."""
    household = {"household_id": "h1", "region_code": "370112001001", "size": 3}
    assert client.post("/v1/records", json={"tables": {"households": [household]}}, headers=key()).status_code == 200
    later = now() + dt.timedelta(days=days, minutes=1)
    monkeypatch.setattr("riskml_serving.operations.readiness.now", lambda: later)
    answer = client.get("/readyz")
    data = answer.json()["data"]
    assert (answer.status_code, data["days_since"], data["stale"]) == (200, days, stale)
    assert data["last_received"].endswith("Z")


def test_metrics_require_an_admin_key_for_all_regions(client, key, make_client):
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=key("", "read")).status_code == 403
    assert client.get("/metrics", headers=key("370112", "admin")).status_code == 403
    assert client.get("/metrics", headers=key("", "admin")).status_code == 200
    assert make_client(metrics_open=True).get("/metrics").status_code == 200


def test_metrics_count_requests_by_route_and_scores_by_tier_and_agreement(client, key, select_tables, county_records):
    headers, admin = key(), key("", "admin")
    before = read_metrics(client, admin)
    codes = [str(code) for code in county_records.household_id[:20]]
    scored = post_scores(client, headers, select_tables(*codes)).json()["scores"]
    client.get(f"/v1/households/{codes[0]}", headers=headers)
    client.get("/v1/nowhere/at/all", headers=headers)
    after = read_metrics(client, admin)

    def count_new(route, status, method="GET"):
        name = ("riskml_request_seconds_count", ("method", method), ("route", route), ("status", status))
        return after.get(name, 0) - before.get(name, 0)

    assert count_new("/v1/scores", "200", "POST") == 1
    assert count_new("/v1/households/{household_id}", "404") == 1
    assert count_new("unmatched", "404") == 1
    kinds = {(row["agreement"], row["tier"] or "none") for row in scored}
    for agreement, tier in kinds:
        name = ("riskml_scores_total", ("agreement", agreement), ("tier", tier))
        n = sum((row["agreement"], row["tier"] or "none") == (agreement, tier) for row in scored)
        assert after[name] - before.get(name, 0) == n
    assert after["riskml_database_up",] == 1
    assert after["riskml_requests_in_progress",] == 1
    assert after["riskml_model_trained_to_timestamp_seconds",] < after["riskml_model_loaded_timestamp_seconds",]
    assert after["riskml_model_load_failures_total",] == before["riskml_model_load_failures_total",]
    assert not any(code in str(name) for name in after for code in codes)


def test_a_job_counts_its_scores_and_feeds_the_drift_monitor(stored_county, make_client, key):
    client = make_client(job_worker=False, job_chunk=60)
    state, admin = client.app.state, key("", "admin")
    state.holder.swap(replace(state.holder.current))  # use a new window, because the shared model's window may be full
    before = read_metrics(client, admin)
    job = client.post("/v1/batches", json={}, headers=key()).json()["job"]
    worker = Worker(state.engine, state.settings, lambda: state.holder.current)
    assert worker.step()
    worker._reader.close()
    answer = client.get(f"/v1/jobs/{job}/results", headers=key())
    rows = pq.read_table(io.BytesIO(answer.content)).select(["tier", "rule_flags"]).to_pylist()
    wanted = Counter()
    for row in rows:
        yes, flagged = row["tier"] in ("likely", "very_likely"), bool(row["rule_flags"])
        word = {(True, True): "both", (True, False): "model_only", (False, True): "rule_only"}.get((yes, flagged))
        wanted["riskml_scores_total", ("agreement", word or "neither"), ("tier", row["tier"] or "none")] += 1
    after = read_metrics(client, admin)
    counts = {name: n - before.get(name, 0) for name, n in after.items() if name[0] == "riskml_scores_total"}
    assert {name: n for name, n in counts.items() if n} == wanted
    assert state.holder.current.monitor.held > 0


def test_drift_is_reported_once_enough_households_have_been_scored(client, bundle_path, county_records):
    from riskml.records.contract.calendar import to_day
    from riskml.scoring import judge
    from riskml_serving.judging.model.holder import load_model
    from riskml_serving.judging.model.monitor import MIN_HOUSEHOLDS, WINDOW, Monitor

    model = load_model(bundle_path, trial=True)
    monitor = Monitor(model.bundle, interval=0)
    panel = county_records.panel(to_day(AS_OF))
    judge(model.bundle, panel, model.policy, monitor.observe)
    assert monitor.measure_drift() == {}, "a scoring adds only a sample to the window"
    while monitor.held < MIN_HOUSEHOLDS:
        judge(model.bundle, panel, model.policy, monitor.observe)
    drift = monitor.measure_drift()
    assert set(drift) == {"probability", *(column.name for column in model.bundle.columns)} & set(drift)
    assert len(drift) > 20
    assert drift["probability"] < 0.5
    for _ in range(60):
        judge(model.bundle, panel, model.policy, monitor.observe)
    assert WINDOW <= monitor.held < WINDOW + 64


def test_the_content_of_an_error_is_not_logged():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    other = logging.getLogger("somebody.elses")
    other.addHandler(handler)
    other.propagate = False
    try:
        {}["household h-secret-1"]
    except KeyError:
        other.exception("row %s is bad", "h-secret-2")
        other.warning("row h-secret-3 is bad")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["message"], first["error"]) == ("row %s is bad", "KeyError")
    assert first["where"][0].startswith("test_operations.py:")
    assert "h-secret" not in stream.getvalue()
    assert second["level"] == "warning"


@pytest.fixture
def log_stream():
    """Collect everything logged during the test, as the service writes it."""
    stream, root = io.StringIO(), logging.getLogger()
    before = (root.handlers[:], root.level)
    log_to(stream, "debug")
    yield stream
    root.handlers[:], root.level = before


def test_the_logs_of_an_entire_run_name_no_household(
    client, key, select_tables, county_records, log_stream, monkeypatch
):
    """Call every endpoint with valid and invalid requests, with database faults and with an unexpected error."""
    headers = key()
    codes = [str(code) for code in county_records.household_id[:3]]
    tables = select_tables(*codes)
    rows = {"households": [{k: v for k, v in row.items() if k != "recorded_on"} for row in tables["households"]]}
    post_scores(client, headers, tables)
    client.post("/v1/records", json={"tables": rows}, headers=headers)
    client.post(
        "/v1/records", json={"tables": {"households": [{**rows["households"][0], "size": "x"}]}}, headers=headers
    )
    paths = client.app.openapi()["paths"]
    for path, operations in paths.items():
        for method in operations:
            real = path.replace("{household_id}", codes[0]).replace("{code}", "370112001001")
            client.request(method, real, headers=headers, params={"region": "37", "note": codes[1]})
            client.request(method, f"{real}/{codes[2]}", headers=headers)

    def fail(*_args, **_more):
        raise RuntimeError(f"no such household: {codes[0]}")

    monkeypatch.setattr("riskml_serving.api.households.service.describe_household", fail)
    monkeypatch.setattr("riskml_serving.api.scores.endpoints._show", fail)
    assert client.get(f"/v1/households/{codes[0]}", headers=headers).status_code == 500
    assert post_scores(client, headers, tables).status_code == 500
    text = log_stream.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) > 2 * len(paths)
    assert all(len(line["request_id"]) == 32 for line in lines if line["message"] == "request")
    assert {"/v1/scores", "/v1/households/{household_id}"} <= {line.get("route") for line in lines}
    assert not [code for code in codes if code in text]
    assert headers["Authorization"].split("_", 2)[2] not in text


def test_spans_name_the_route_and_continue_the_callers_trace(client, key, county_records):
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    stack = client.app.middleware_stack
    while not hasattr(stack, "tracer"):
        stack = stack.app
    stack.tracer = OpenTelemetry(provider)
    code = str(county_records.household_id[0])
    parent = f"00-{'a' * 32}-{'b' * 16}-01"
    client.get(f"/v1/households/{code}?note={code}", headers={**key(), "traceparent": parent})
    (span,) = exporter.get_finished_spans()
    assert span.name == "GET /v1/households/{household_id}"
    assert span.attributes["http.response.status_code"] == 404
    assert f"{span.context.trace_id:032x}" == "a" * 32
    assert code not in span.to_json()

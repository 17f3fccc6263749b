"""If scores are as of a day after all records, every response with scores names the last day of the records."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import shutil
from dataclasses import replace

import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from riskml.records.contract.as_of import AsOf
from riskml.records.panel.store import Records
from riskml_serving.api.openapi import list_endpoints
from riskml_serving.api.routers import ROUTERS
from riskml_serving.base.database import open_engine, writing
from riskml_serving.commands.demo.county import score_month
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.people.auth.service import create_key
from riskml_serving.web.router import PAGES

LATE = dt.date(2024, 3, 31)

WITHOUT_SCORES = ("/v1/model", "/v1/verifications", "/metrics", "/healthz", "/readyz")
"""Addresses whose responses contain no scores as of a day."""


@pytest.fixture(scope="module")
def last_day(unscored):
    """Return the last day of the records of the prepared database."""
    records = Records.load(unscored.database.parent / "records")
    return dt.date(1970, 1, 1) + dt.timedelta(int(records.last_days.max()))


@pytest.fixture(scope="module")
def late_world(unscored, model, tmp_path_factory):
    """Score the prepared database as of a day months after its records."""
    database = shutil.copy(unscored.database, tmp_path_factory.mktemp("late") / "service.db")
    engine = open_engine(f"sqlite:///{database}")
    score_month(engine, model, LATE)
    engine.dispose()
    return replace(unscored, database=database)


@pytest.fixture
def site(make_site, late_world, tmp_path):
    return make_site(database_url=f"sqlite:///{shutil.copy(late_world.database, tmp_path / 'late.db')}", today=LATE)


@pytest.fixture
def headers(site):
    with writing(site.engine) as connection:
        token = create_key(connection, "test", "", ("score", "read", "write", "health-details", "admin"))
    return {"Authorization": f"Bearer {token}"}


def read_text(answer):
    if "spreadsheet" in answer.headers["content-type"]:
        return str([row for sheet in load_workbook(io.BytesIO(answer.content)) for row in sheet.values])
    return re.sub(r'<span class="day">([\d-]+)</span>', r"\1", answer.text)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_and_workbook_that_shows_scores_names_the_last_day(site, last_day, lang):
    site.sign_in("county")
    site.get(f"/language/{lang}?back=/sign-in")
    household = site.households(site.world.regions["county"])[0]
    own = AsOf(LATE, dt.date.fromisoformat(site.rows("SELECT max(records_end) FROM current_scores")[0][0]))
    [[alone]] = site.rows("SELECT records_end FROM current_scores WHERE household_id = :code", code=household)
    assert own.records_end == last_day
    shown = [page for page in PAGES if page.name.split("-")[0] in ("worklist", "overview", "household")]
    assert {page.workbook for page in shown} == {False, True}
    for page in shown:
        expected = AsOf(LATE, dt.date.fromisoformat(alone)) if page.path.startswith("/households") else own
        for address in (page.list_addresses(household)[0], page.path.format(household_id=household) + "?state=all"):
            assert expected.describe(lang) in read_text(site.get(address)), address


def test_every_response_with_scores_states_the_last_day(site, headers, last_day):
    household = site.households("")[0]
    job = site.rows("SELECT job_id FROM jobs")[0][0]
    named = {"household_id": household, "code": "all", "job_id": job}
    paths = [route.path.format(**named) for route in list_endpoints(ROUTERS) if "GET" in route.methods]
    ends = {}
    for path in (path for path in paths if path not in WITHOUT_SCORES):
        answer = site.client.get(path, headers=headers)
        assert answer.status_code == 200, path
        body = json.loads(answer.text) if path.startswith("/v1/") and not path.endswith("/results") else {}
        if "data_as_of" in body and body["data_as_of"] is not None:
            assert body["data_as_of"] == LATE.isoformat(), path
            ends[path] = body["records_end"]
    county = {path for path in ends if "summary" in path or "jobs" in path}
    assert (len(county), len(ends)) == (2, 6)
    for path, end in ends.items():  # a list states the last day of the households in it
        assert end == last_day.isoformat() if path in county else end <= last_day.isoformat(), path


def test_a_job_states_the_last_day_in_its_state_its_files_and_their_headers(site, headers, last_day):
    job = site.client.post("/v1/batches", json={}, headers=headers).json()["job"]
    Worker(site.engine, site.client.app.state.settings, lambda: site.client.app.state.holder.current).work_off()
    assert site.client.get(f"/v1/jobs/{job}", headers=headers).json()["records_end"] == last_day.isoformat()
    for form, read in (("parquet", pq.read_table), ("csv", csv.read_csv)):
        answer = site.client.get(f"/v1/jobs/{job}/results?format={form}", headers=headers)
        assert answer.headers["x-records-end"] == last_day.isoformat()
        ends = read(io.BytesIO(answer.content))["records_end"].to_pylist()
        assert max(map(str, ends)) == last_day.isoformat()
        if form == "parquet":
            assert pq.read_schema(io.BytesIO(answer.content)).metadata[b"records_end"] == str(last_day).encode()


def test_requested_and_stored_scores_name_the_same_last_day_until_a_later_record_arrives(site, headers, select_tables):
    code = site.rows("SELECT household_id FROM current_scores WHERE region_code = :r", r=site.world.villages[0])[0][0]
    request = {"tables": select_tables(code), "as_of": LATE.isoformat()}
    requested = site.client.post("/v1/scores", json=request, headers=headers).json()
    stored = site.client.get(f"/v1/households/{code}", headers=headers).json()
    assert requested["records_end"] == requested["scores"][0]["records_end"] == stored["records_end"]
    assert stored["score"]["records_end"] == stored["history"][0]["records_end"] == stored["records_end"]
    visit = {"household_id": code, "kind": "visit", "occurred_on": LATE.isoformat()}
    answer = site.client.post("/v1/records", json={"tables": {"events": [visit]}}, headers=headers)
    assert (answer.json()["data_as_of"], answer.json()["records_end"]) == (LATE.isoformat(), None)
    again = site.client.get(f"/v1/households/{code}", headers=headers).json()
    assert (again["records_end"], again["score"]["records_end"]) == (None, None)
    assert site.client.get("/v1/households", headers=headers).json()["records_end"] is None
    site.sign_in("county")
    for address in (f"/households/{code}", "/overview", "/worklist?state=all"):
        assert "其间情况不详" not in site.get(address).text, address

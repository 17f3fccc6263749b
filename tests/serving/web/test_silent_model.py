"""A model from a simulated county is silent about real households: only the rule line's verdict leaves the service.

Two services hold the same records and differ only in their models. Apart from random values, times of day and the
versions of the models, every page, workbook, response, file, metric and log line of one must equal that of the other.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from riskml.model.blend import Weights
from riskml_serving.api.openapi import list_endpoints
from riskml_serving.api.routers import ROUTERS
from riskml_serving.base.database import writing
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import RULE_LINE_ONLY
from riskml_serving.judging.verdict import WITHHELD
from riskml_serving.operations.logs import JsonLines
from riskml_serving.people.accounts.roles import ROLES as ACCOUNTS
from riskml_serving.people.auth.service import create_key
from riskml_serving.web.router import PAGES
from riskml_serving.web.shell.words import ANALYSTS_ONLY, HUNDRED

RANDOM = re.compile(
    r'name="(?:csrf|once)" value="[^"]*"|riskml-[0-9a-f]{12}|rk_\w+|[0-9a-f]{32}'
    r'|"key_id": "[0-9a-f]+"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?|(?s:<h2>(?:数据变化|Drift)</h2>.*?</section>)"
)
"""What differs between two runs of one service: tokens, keys, IDs of requests and jobs, times of day, and the sample of
features whose drift is measured; and the versions of the two models."""

NOT_COMPARED = ("/metrics", "/healthz", "/readyz")
"""Addresses left out when all addresses are compared, because they count requests, bytes and seconds."""

NO_HOUSEHOLDS = ("/model/report", "/account")
"""Pages that are not compared: the first describes the model itself, with its weights; the second lists sign-ins with
their times."""

PASSING = re.compile(r"timestamp|seconds(?!_count)|bytes|in_progress|process_|python_")
"""Names of metrics that depend on the time or on the process."""

RIGHTS = ("score", "read", "write", "health-details", "admin")
ROLES = ("village", "township", "county")


@pytest.fixture(scope="module")
def models(model):
    """Build two silent models with different versions and different verdicts on every household."""
    quiet = replace(model, trial=False)
    blend = replace(model.bundle.blend, weights=Weights(1.5, 0.0, 0.3))
    manifest = {**model.bundle.manifest, "model_version": f"riskml-{'b' * 12}"}
    return quiet, replace(quiet, bundle=replace(model.bundle, blend=blend, manifest=manifest))


@pytest.fixture(scope="module")
def worlds(make_world, models):
    return [make_world(one) for one in models]


@pytest.fixture
def sites(make_site, worlds, models, monkeypatch, tmp_path):
    """Serve both databases, each with the model that scored it."""
    made = []
    for name, world, one in zip("ab", worlds, models, strict=True):
        monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_, one=one: one)
        database = shutil.copy(world.database, tmp_path / f"{name}.db")
        folders = {"model_store": tmp_path / f"{name}-models", "export_folder": tmp_path / f"{name}-exports"}
        made.append(make_site(database_url=f"sqlite:///{database}", simulated=False, **folders))
    return made


def read_plain(answer):
    """Read a response (the cells of a workbook, otherwise the text) without what differs between two runs."""
    if "spreadsheet" in answer.headers["content-type"]:
        book = load_workbook(io.BytesIO(answer.content))
        return [[str(cell.value) for cell in row] for sheet in book for row in sheet.iter_rows()]
    return RANDOM.sub("*", answer.text)


def get_all(site, addresses, **headers):
    answers = {address: site.client.get(address, headers=headers) for address in addresses}
    assert {address: one.status_code for address, one in answers.items()} == dict.fromkeys(answers, 200)
    return {address: read_plain(one) for address, one in answers.items()}


def make_key(site, region=""):
    with writing(site.engine) as connection:
        return f"Bearer {create_key(connection, 'test', region, RIGHTS)}"


def list_gets(site):
    """List addresses for every GET endpoint, with and without the parameters that filter and page a list."""
    household = site.households("")[0]
    job = site.rows("SELECT job_id FROM jobs WHERE kind = 'score' ORDER BY created_at DESC LIMIT 1")[0][0]
    named = {"household_id": household, "code": "all", "job_id": job}
    paths = [route.path.format(**named) for route in list_endpoints(ROUTERS) if "GET" in route.methods]
    more = [
        f"/v1/households/{household}/explanation?as_of=2023-05-31",
        *(f"/v1/households?{name}={value}" for name, value in FILTERS),
        "/v1/changes?limit=7",
        "/v1/households?limit=5",
        f"/v1/jobs/{job}/results?format=csv",
        f"/v1/regions/{site.world.villages[0]}/summary",
    ]
    return [path for path in (*paths, *more) if path not in NOT_COMPARED and not path.endswith("/results")]


FILTERS = (
    ("tier", "very_likely"),
    ("tier", "none"),
    ("agreement", "model_only"),
    ("agreement", "neither"),
    ("signal", "orange"),
)


def find_values(value, values):
    """Collect the values of every field in a response by name."""
    if isinstance(value, dict):
        for name, own in value.items():
            values.setdefault(name, []).append(own)
            find_values(own, values)
    elif isinstance(value, list):
        for own in value:
            find_values(own, values)
    return values


def is_nothing(value):
    """Return whether a field says nothing: it is null or 0, or all values in it are."""
    return value is None or value == 0 or (isinstance(value, dict) and all(map(is_nothing, value.values())))


@pytest.mark.parametrize(("role", "lang"), [*((role, "zh") for role in ROLES), ("blind", "en")])
def test_pages_and_workbooks_do_not_depend_on_what_the_model_says(sites, role, lang):
    region = sites[0].world.regions.get(role, sites[0].world.regions["county"])
    codes = [code for code in sites[0].households(region) if code in sites[1].households(region)][::19]
    pages = []
    for site in sites:
        site.sign_in(role)
        site.get(f"/language/{lang}?back=/sign-in")
        rights = ACCOUNTS["county" if role == "blind" else role]
        shown = [page for page in PAGES if page.path not in NO_HOUSEHOLDS and page.right in rights.may | rights.rights]
        addresses = [address for page in shown for code in codes for address in page.list_addresses(code)]
        queries = [f"/worklist?state=all&whole=1&{name}={value}" for name, value in FILTERS]
        pages.append(get_all(site, dict.fromkeys([*addresses, *queries, "/worklist?state=all&whole=1"])))
    assert pages[0] == pages[1]
    for address, page in pages[0].items():
        assert RULE_LINE_ONLY[lang] in str(page), address
        assert ANALYSTS_ONLY[lang] not in str(page), address


def test_api_responses_do_not_depend_on_what_the_model_says(sites):
    answers = []
    for site in sites:
        key = make_key(site)
        own = get_all(site, list_gets(site), Authorization=key)
        answers.append({RANDOM.sub("*", address): body for address, body in own.items()})
    assert answers[0] == answers[1]
    for address, body in answers[0].items():
        if not body.startswith("{") or address == "/v1/model":
            continue
        values = find_values(json.loads(body), {})
        assert values["model_notice"] == [RULE_LINE_ONLY["zh"]], address
        assert values["model_notice_en"] == [RULE_LINE_ONLY["en"]], address
        for name in (*WITHHELD, "agreement", "agreement_by", "model"):
            assert all(is_nothing(own) for own in values.get(name, [])), (address, name)
        assert values.get("signal", []) == values.get("rule_signal", values.get("signal", [])) or "colour" in values
        for name in ("protections", "others"):
            assert all(not own for own in values.get(name, [])), (address, name)
        for reason in (reason for own in values.get("reasons", []) for reason in own):
            assert reason["contribution"] is None, "reasons come from the rule line and the records"
        for counts in (*values.get("by_tier", []), *values.get("by_agreement", [])):
            assert not sum(n for code, n in counts.items() if code != "none"), address


def walk(site, key, query):
    """Read a list page by page; return the codes in order, and every cursor."""
    codes, cursors, after = [], [], ""
    while after is not None:
        answer = site.client.get(f"/v1/households?limit=9&{query}{after}", headers={"Authorization": key}).json()
        codes += [row["household_id"] for row in answer["households"]]
        cursors.append(answer["next"])
        after = answer["next"] and f"&after={answer['next']}"
    return codes, cursors


@pytest.mark.parametrize("query", ["", "section=rule", "section=model", "signal=green", "tier=likely&tier=none"])
def test_order_counts_and_cursors_of_the_whole_list_do_not_depend_on_what_the_model_says(sites, query):
    lists = [walk(site, make_key(site), query) for site in sites]
    assert lists[0] == lists[1]
    assert bool(lists[0][0]) == (query != "section=model")
    withheld = [dict(site.rows("SELECT household_id, withheld FROM current_scores")) for site in sites]
    assert withheld[0] != withheld[1]


def work_in_full(site, select_tables):
    """Score on request and by jobs; return the files of the last job and their headers, without random values."""
    headers, state = {"Authorization": make_key(site)}, site.client.app.state
    state.holder.swap(replace(state.holder.current))  # so that the window for drift is empty
    state.holder.current.monitor._interval = 0
    request = {"tables": select_tables(*site.households("")[:30]), "as_of": "2023-06-30"}
    assert site.client.post("/v1/scores", json=request, headers=headers).status_code == 200
    for as_of in ("2023-04-30", "2023-05-31", "2023-06-30", "2023-06-30"):
        assert site.client.post("/v1/batches", json={"as_of": as_of}, headers=headers).status_code == 202
        Worker(site.engine, state.settings, lambda: state.holder.current).work_off()
    [[job]] = site.rows("SELECT job_id FROM jobs WHERE kind = 'score' ORDER BY created_at DESC, job_id LIMIT 1")
    files = [site.client.get(f"/v1/jobs/{job}/results?format={form}", headers=headers) for form in ("csv", "parquet")]
    table = pq.read_table(io.BytesIO(files[1].content))
    shown = [files[0].text, str(table.to_pylist()), str(sorted(table.schema.metadata.items()))]
    own = ("x-", "content-disposition")
    shown += [
        str(sorted((name, value) for name, value in one.headers.items() if name.startswith(own))) for one in files
    ]
    return [RANDOM.sub("*", text) for text in shown]


def read_metrics(site):
    text = site.client.get("/metrics", headers={"Authorization": make_key(site)}).text
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {
        RANDOM.sub("*", name): float(value) for name, _, value in lines if not PASSING.search(name.partition("{")[0])
    }


def test_jobs_files_metrics_and_logs_do_not_depend_on_what_the_model_says(sites, select_tables, caplog):
    results = []
    for site in sites:
        caplog.clear()
        before = read_metrics(site)
        with caplog.at_level("INFO", "riskml_serving"):
            files = work_in_full(site, select_tables)
            site.client.get("/v1/households/nobody", headers={"Authorization": make_key(site)})
        lines = [re.sub(r'"ms": [\d.]+', "", RANDOM.sub("*", JsonLines().format(record))) for record in caplog.records]
        after = read_metrics(site)
        growth = {
            name: value - before.get(name, 0) for name, value in after.items() if name.startswith("riskml_scores")
        }
        kept = {name: value for name, value in after.items() if not name.startswith("riskml_scores")}
        results.append({"files": files, "logs": lines, "counters": growth, "metrics": kept})
    first, second = results
    for name, own in first.items():
        assert own == second[name], name
    assert {name for name, n in first["counters"].items() if n and "total" in name} == {
        'riskml_scores_total{agreement="none",tier="none"}'
    }
    assert any("riskml_feature_drift_psi" in name for name in first["metrics"])
    assert not any("score_drift" in name for name in first["metrics"])
    assert any('"route": "/v1/jobs/{job_id}/results"' in line for line in first["logs"])
    assert {one.json()["model"]["notice"] for one in (site.client.get("/readyz") for site in sites)} == {
        RULE_LINE_ONLY["en"]
    }


def test_scores_on_request_do_not_depend_on_what_the_model_says(sites, select_tables):
    bodies = []
    for site in sites:
        codes = site.households("")[:12]
        request = {"tables": select_tables(*codes), "as_of": "2023-06-30", "reasons": True}
        answer = site.client.post("/v1/scores", json=request, headers={"Authorization": make_key(site)})
        assert answer.status_code == 200
        assert {score["status"] for score in answer.json()["scores"]} >= {"at_risk"}
        bodies.append(read_plain(answer))
    assert bodies[0] == bodies[1]


def test_responses_to_new_records_and_changes_show_only_the_rule_line(sites):
    bodies = []
    for site in sites:
        key = {"Authorization": make_key(site)}
        code = next(row[0] for row in site.rows("SELECT household_id FROM current_scores WHERE status = 'at_risk'"))
        before = site.rows("SELECT count(*) FROM scores")[0][0]
        bill = {"household_id": code, "kind": "inpatient", "occurred_on": "2023-06-20", "self_paid": 90_000}
        visit = {"household_id": code, "kind": "visit", "occurred_on": "2023-06-21"}
        for name, row in (("events", visit), ("illness", bill)):
            answer = site.client.post("/v1/records", json={"tables": {name: [row]}}, headers=key)
            assert answer.status_code == 200
            bodies.append(read_plain(answer))
        (changed,) = json.loads(answer.text)["scores"]
        assert (changed["changed"], changed["after"]["probability"], changed["after"]["tier"]) == (True, None, None)
        assert changed["after"]["signal"] == changed["after"]["rule_signal"]
        assert site.rows("SELECT count(*) FROM scores")[0][0] == before + 1  # the visit changes only the model's score
        site.sign_in("county")
        site.verify(code)
        assert site.rows("SELECT probability, agreement FROM verifications") == [(None, None)]
        bodies.append(RANDOM.sub("*", site.client.get("/v1/changes", headers=key).text))
    assert bodies[: len(bodies) // 2] == bodies[len(bodies) // 2 :]


def test_what_the_model_says_is_stored_and_shown_to_analysts_with_a_label(sites, model):
    pages = []
    for site in sites:
        kept = dict(site.rows("SELECT household_id, withheld FROM current_scores WHERE status = 'at_risk'"))
        withheld = {code: json.loads(text) for code, text in kept.items()}
        assert all(0 <= one["probability"] <= 1 and one["tier"] >= 0 and one["agreement"] for one in withheld.values())
        site.sign_in("analyst")
        code = min(set(withheld) & set(site.households(site.world.regions["county"])))
        own = get_all(site, ["/worklist?state=all&whole=1", "/worklist.xlsx?state=all", f"/households/{code}"])
        for address, page in own.items():
            assert ANALYSTS_ONLY["zh"] in str(page), address
        workbook = own["/worklist.xlsx?state=all"]
        row = dict(zip(workbook[1], next(row for row in workbook if row[0] == code), strict=True))
        assert row[HUNDRED["zh"]] == str(round(100 * withheld[code]["probability"], 1))
        assert "与返贫致贫风险降低相关" in own[f"/households/{code}"] or "<ol>" in own[f"/households/{code}"]
        pages.append(own)
    assert pages[0] != pages[1]


def test_metrics_report_no_score_drift(sites):
    for site in sites:
        shown = site.client.get("/metrics", headers={"Authorization": make_key(site)}).text
        assert "riskml_score_drift_psi" not in shown
    ready = sites[0].client.get("/readyz").json()
    assert ready["model"]["notice"] == RULE_LINE_ONLY["en"]


def test_in_a_trial_the_same_service_shows_both_verdicts(site, sites):
    key = make_key(site)
    listed = site.client.get("/v1/households", headers={"Authorization": key}).json()
    assert any(row["probability"] for row in listed["households"])
    assert "Trial" in listed["model_notice_en"]
    site.sign_in("county")
    page = site.get("/worklist?state=all").text
    assert RULE_LINE_ONLY["zh"] not in page
    assert "模拟数据，非真实农户" in page
    with writing(site.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM current_scores WHERE withheld IS NOT NULL")).scalar() == 0


def test_a_model_trained_on_real_records_is_shown_from_the_next_scoring_on(
    sites, models, make_site, monkeypatch, tmp_path
):
    """A model trained on real records shows its verdicts; those of a silent one stay hidden until the next scoring."""
    real = replace(models[0].bundle, manifest={**models[0].bundle.manifest, "trained_on": "real"})
    spoken = replace(models[0], bundle=real)
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: spoken)
    own = make_site(database_url=str(sites[0].engine.url), simulated=False, model_store=tmp_path / "real")
    key = {"Authorization": make_key(own)}
    own.sign_in("analyst")
    assert ANALYSTS_ONLY["zh"] not in own.get("/worklist?state=all").text
    listed = own.client.get("/v1/households", headers=key).json()
    assert listed["model_notice"] is None
    assert {row["probability"] for row in listed["households"]} == {None}
    code = listed["households"][-1]["household_id"]
    visit = {"household_id": code, "kind": "visit", "occurred_on": "2023-06-21"}
    answer = own.client.post("/v1/records", json={"tables": {"events": [visit]}}, headers=key).json()
    assert (
        answer["scores"][0]["after"]["probability"] is not None or answer["scores"][0]["after"]["status"] != "at_risk"
    )


def test_a_silent_model_replacing_the_countys_own_leaves_only_the_rule_line(make_site, make_world, models, monkeypatch):
    real = replace(models[0].bundle, manifest={**models[0].bundle.manifest, "trained_on": "real"})
    spoken = make_world(replace(models[0], bundle=real))
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: models[0])
    site = make_site(database_url=f"sqlite:///{spoken.database}", simulated=False)
    with_word = "SELECT count(*) FROM {} WHERE probability IS NOT NULL OR agreement IS NOT NULL OR tier >= 0"
    assert site.rows(with_word.format("current_scores")) == [(0,)]
    assert site.rows(with_word.format("scores")) > [(0,)]  # the history keeps the verdicts of the county's own model
    assert site.rows("SELECT count(*) FROM current_scores WHERE signal <> rule_signal OR order_section = 1") == [(0,)]
    last = "SELECT count(*) FROM current_scores JOIN scores USING (seq) WHERE scores.probability IS NOT NULL"
    assert site.rows(last) == [(0,)]

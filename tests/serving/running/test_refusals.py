"""Every request that is refused because of who sent it leaves an audit entry, and proxies must be trusted by name."""

from __future__ import annotations

import errno
import json

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from riskml_serving.base.database import reading
from riskml_serving.base.problems import PROBLEMS
from riskml_serving.base.settings import Settings
from riskml_serving.running import refusals
from riskml_serving.running.server import configure_server

HOUSEHOLD = {"household_id": "H1", "region_code": "370112001001", "size": 3}


def read_refusals(client):
    with reading(client.app.state.engine) as connection:
        query = "SELECT actor, action, household_id, detail FROM audit WHERE action LIKE '%.refused' ORDER BY seq"
        entries = connection.execute(text(query)).all()
    return [(actor, action, code is not None, json.loads(detail)) for actor, action, code, detail in entries]


def test_every_refusal_over_rest_is_recorded_with_its_caller_and_client(client, key):
    county, other = key(region="370112"), key("370113", "read")
    client.post("/v1/records", json={"tables": {"households": [HOUSEHOLD]}}, headers=county)
    number = other["Authorization"].split("_")[1]
    client.get("/v1/households/H1", headers={"Authorization": f"Bearer rk_{number}_wrong"})
    client.get("/v1/households/H1")
    client.get("/v1/households/H1", headers=other)
    client.get("/v1/households?region=370112", headers=other)
    client.post("/v1/records", json={"tables": {}}, headers=other)
    job = client.post("/v1/batches", json={}, headers=county).json()["job"]
    client.get(f"/v1/jobs/{job}", headers=other)
    at = {"client": "testclient"}
    assert read_refusals(client) == [
        ("unknown", "key.refused", False, at),
        ("unknown", "key.refused", False, at),
        (number, "household.refused", True, at),
        (number, "region.refused", False, {**at, "asked": "370112"}),
        (number, "right.refused", False, at),
        (number, "job.refused", False, at),
    ]


def test_whatever_is_not_shown_because_it_lies_elsewhere_is_recorded():
    hidden = {name: kind.audited for name, kind in PROBLEMS.items() if name.endswith("-not-found")}
    assert hidden
    assert all(hidden.values())


def test_requests_without_a_valid_key_cannot_fill_the_audit_log(client, monkeypatch):
    monkeypatch.setattr(refusals.RateLimiter, "wait", lambda self, _: 1.0)
    assert client.get("/v1/households").status_code == 401
    assert not read_refusals(client)


def test_a_refusal_that_cannot_be_recorded_says_why(client, key, monkeypatch, caplog):
    """A full disk is told apart even for those who are refused: nobody is refused without an entry."""
    other = key("370113", "read")
    client.get("/v1/model", headers=other)

    def fail(*_):
        raise OperationalError("INSERT", {}, OSError(errno.ENOSPC, ""))

    monkeypatch.setattr("riskml_serving.people.audit.repository.append", fail)
    for method, path, headers in (
        ("GET", "/v1/households/H1", {}),
        ("GET", "/v1/households/H1", other),
        ("POST", "/v1/records", other),
        ("POST", "/sign-in", {}),
    ):
        caplog.clear()
        answer = client.request(method, path, headers=headers)
        assert (answer.status_code, caplog.text.count("no space left")) == (507, 1), path
        assert "unexpected" not in caplog.text


def test_a_forged_form_and_failed_sign_ins_are_recorded_with_their_client(site):
    site.sign_in("nobody", "a-password-typed-as-a-name")
    site.sign_in("county", "wrong")
    site.sign_in("county")
    site.post("/sign-out", csrf="")
    entries = site.rows("SELECT actor, action, detail FROM audit ORDER BY seq")[-4:]
    assert [entry[:2] for entry in entries] == [
        ("unknown", "sign-in.unknown"),
        ("user:county", "sign-in.failed"),
        ("user:county", "sign-in"),
        ("user:county", "form.refused"),
    ]
    assert {json.loads(detail)["client"] for *_, detail in entries} == {"testclient"}
    assert "nobody" not in str(site.rows("SELECT * FROM audit WHERE action = 'sign-in.unknown'"))


@pytest.mark.parametrize("path", ["/healthz", "/v1/model", "/openapi.json", "/sign-in", "/nowhere"])
def test_every_response_may_not_be_stored_or_read_as_another_type(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_browsers_are_told_to_keep_to_https_where_cookies_are_secure(site, make_site):
    assert "strict-transport-security" not in site.get("/sign-in").headers
    assert "max-age" in make_site(secure_cookies=True).get("/sign-in").headers["strict-transport-security"]


def test_only_the_allowed_host_names_are_answered(make_site):
    site = make_site(allowed_hosts=("testserver",), secure_cookies=True)
    assert site.client.get("/healthz").status_code == 200
    assert site.client.get("/readyz", headers={"Host": "127.0.0.1:8000"}).status_code == 200, "the image's probe"
    refused = site.client.get("/healthz", headers={"Host": "evil.example"})
    assert refused.status_code == 400
    assert {"cache-control", "x-content-type-options", "strict-transport-security"} <= set(refused.headers)


@pytest.mark.parametrize(("trusted", "seen"), [((), "127.0.0.1"), (("127.0.0.0/8",), "203.0.113.9")])
def test_only_a_trusted_proxy_says_who_the_client_is(trusted, seen, bundle_path, tmp_path, monkeypatch, caplog):
    """A header that anybody can send must neither hide a client nor let one client count as many."""
    url = f"sqlite:///{tmp_path / 'service.db'}"
    settings = Settings(database_url=url, bundle=bundle_path, model_store=tmp_path, trusted_proxies=trusted)
    for name, value in settings.to_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("riskml_serving.operations.logs.log_to", lambda **_: None)
    caplog.set_level("INFO", "riskml_serving.requests")
    config = configure_server(settings)
    config.load()
    with TestClient(config.loaded_app, client=("127.0.0.1", 50112)) as client:
        client.get("/nowhere", headers={"X-Forwarded-For": "203.0.113.9"})
    assert [record.client for record in caplog.records if record.message == "request"] == [seen]

"""What can still be saved about a household that is closed, by every route that writes: its past, but nothing new."""

from __future__ import annotations

import re

import pytest
from tests.serving.web.shell.test_refused_forms import UNLISTED

from riskml_serving.api import routers as api
from riskml_serving.api.openapi import list_endpoints
from riskml_serving.base.database import writing
from riskml_serving.people.auth.service import create_key
from riskml_serving.web import router as web

VISIT, FACT = {"outcome": "confirmed"}, {"fact": "event", "kind": "job_loss", "day": "2023-06-01"}
CLUE = {"what": "job_loss", "channel": "neighbour"}
HELP = {"measure": "临时救助", "given_by": "民政局", "started_on": "2023-06-01"}
EVENT = {"household_id": "{code}", "kind": "job_loss", "occurred_on": "2023-06-01"}
WRITES = {
    "/v1/clues": [(CLUE | {"household_id": "{code}"}, 409)],
    "/v1/households/{household_id}/closure": [({"because": "died_out"}, 409)],
    "/v1/households/{household_id}/help": [(HELP, 409)],
    "/v1/households/{household_id}/verifications": [(VISIT, 201), (VISIT | {"facts": [FACT]}, 409)],
    "/v1/records": [({"tables": {"events": [EVENT]}}, 409)],
    "/households/{household_id}/verifications": [(VISIT, 303), (VISIT | {"job_day": "2023-06-01"}, 409)],
    "/households/{household_id}/verifications/{number}/told": [({"told_on": "2023-06-30"}, 303)],
    "/households/{household_id}/verifications/{number}/undo": [({}, 303)],
    "/households/{household_id}/helps": [({f"begun_{name}": value for name, value in HELP.items()}, 409)],
    "/households/{household_id}/assignments": [({"assignee": "王五"}, 409)],
    "/clues/new": [(CLUE | {"household_id": "{code}"}, 409)],
    "/clues/{number}/resolution": [({"household_id": "{code}"}, 409)],
}
"""By path of the route: the bodies that are sent, and the status with which each is answered."""

ABOUT_NONE = ("/v1/batches", "/v1/scores", "/worklist", "/account/", "/lists", "/sign-")
"""Beginnings of the routes that write nothing about a household named in the request: an import leaves closed ones."""

KEPT = ("assignments", "case_facts", "clues", "record_events", "record_help", "verifications")


def test_every_route_that_writes_is_among_them():
    posted = {one.path for one in list_endpoints((*api.ROUTERS, *web.ROUTERS)) if "POST" in one.methods}
    assert {path for path in posted if not path.startswith(ABOUT_NONE)} == WRITES.keys()


def fill(body, code):
    if isinstance(body, dict):
        return {name: fill(value, code) for name, value in body.items()}
    return [fill(one, code) for one in body] if isinstance(body, list) else body.replace("{code}", code)


@pytest.mark.parametrize(("path", "body", "status"), [(path, *one) for path, own in WRITES.items() for one in own])
def test_writing_about_a_closed_household(site, path, body, status):
    site.sign_in("county")
    code = site.households(site.world.regions["county"])[0]
    site.verify(code, outcome="rejected")
    site.change(UNLISTED)
    page = site.get(f"/households/{code}").text
    numbers = {
        "household_id": code,
        "number": re.search(r'/clues/([^"/]+)/resolution', site.get("/clues").text)[1]
        if path.startswith("/clues")
        else re.search(r'/verifications/([^"/]+)/undo', page)[1],
    }
    with writing(site.engine) as connection:
        token = create_key(connection, "test", "", ("read", "write"))
    headers = {"Authorization": f"Bearer {token}"}
    closure = site.client.post(f"/v1/households/{code}/closure", json={"because": "moved_away"}, headers=headers)
    assert closure.status_code == 200, closure.text

    def count():
        return [site.rows(f"SELECT count(*) FROM {table}")[0][0] for table in KEPT]

    before, sent = count(), fill(body, code)
    if path.startswith("/v1/"):
        answer = site.client.post(path.format(**numbers), json=sent, headers=headers)
    else:
        answer = site.post(path.format(**numbers), csrf=site.token(page), once="w" * 20, **sent)
    assert answer.status_code == status, answer.text
    if status == 409:
        assert "已销户" in answer.text
        assert count() == before, "nothing is saved"

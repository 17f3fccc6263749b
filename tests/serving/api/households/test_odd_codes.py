"""Whatever characters a household's code has, the household's pages and its addresses in the API open, or the code is
refused."""

from __future__ import annotations

import csv
import re
from html import unescape
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from riskml.errors import RecordsError
from riskml.records.contract.schema import SPOILT_CODE
from riskml.records.reading.rules import RULES
from riskml_serving.commands import cli
from riskml_serving.web.shell.region_names import mask_code

VILLAGE = "370112001001"
CODES = st.text(st.sampled_from("\\?#%.;&=+ :@'\"<>~,村1é𠀀"), min_size=1, max_size=40).filter(
    lambda c: c == c.strip() and c not in (".", "..") and not re.fullmatch(SPOILT_CODE, c)
)
VERIFICATION = {"outcome": "confirmed", "verified_on": "2023-06-20"}


@given(code=CODES)
@example(code="a%2Fb")
@example(code="a%2e%2e")
@example(code="村?" * 64)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_address_of_a_household_opens(client, key, sign_in_county, code):
    if client.get("/worklist", follow_redirects=False).status_code != 200:
        sign_in_county(client, VILLAGE[:6])
    headers = key("", "score", "read", "write", "health-details")
    assume(client.get(f"/v1/households/{quote(code, safe='')}", headers=headers).status_code == 404)  # not drawn before
    wages = [{"household_id": code, "period_start": "2022-07-01", "months": 12, "source": "wage", "amount": 2000}]
    rows = {"households": [{"household_id": code, "region_code": VILLAGE, "size": 2}], "income": wages}
    assert client.post("/v1/records", json={"tables": rows}, headers=headers).status_code == 200
    address = f"/v1/households/{quote(code, safe='')}"
    for path in (address, f"{address}/explanation"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.request.url, answer.text)
    assert client.get(address, headers=headers).json()["household_id"] == code
    seen, after = [], ""
    while after is not None:
        query = {"limit": 1, "after": after} if after else {"limit": 1}
        page = client.get("/v1/households", params=query, headers=headers).json()
        seen += [row["household_id"] for row in page["households"]]
        after = page["next"]
    assert code in seen

    listed = client.get("/worklist").text
    pages = [unescape(link) for link in re.findall(r'href="(/households/[^"]+)"', listed)]
    assert f"/households/{quote(code, safe='')}" in pages
    page = client.get(f"/households/{quote(code, safe='')}")
    assert (page.status_code, mask_code(code) in unescape(page.text)) == (200, True)
    for link in re.findall(r'(?:href|action)="([^"]*households[^"]*)"', page.text):
        answer = client.get(unescape(link), follow_redirects=True)
        assert answer.status_code in (200, 405), f"{link} must open, or be an address of a form"
    posted = client.post(f"{address}/verifications", json=VERIFICATION, headers=headers)
    assert (posted.status_code, posted.json()["household_id"]) == (201, code)
    once, csrf = (re.search(rf'name="{name}" value="([^"]+)"', page.text).group(1) for name in ("once", "csrf"))
    form = {"csrf": csrf, "once": once, "outcome": "confirmed"}
    saved = client.post(f"/households/{quote(code, safe='')}/verifications", data=form, follow_redirects=False)
    assert saved.status_code == 303
    assert client.get(saved.headers["location"].partition("#")[0]).status_code == 200


@pytest.mark.parametrize("code", ["东沟村1号", "a%2Fb", "..%2F..%2Fworklist"])
def test_a_household_with_an_odd_code_can_be_closed(client, key, code):
    headers = key("", "score", "read", "write")
    rows = {"households": [{"household_id": code, "region_code": VILLAGE, "size": 2}]}
    assert client.post("/v1/records", json={"tables": rows}, headers=headers).status_code == 200
    address = f"/v1/households/{quote(code, safe='')}"
    closed = client.post(f"{address}/closure", json={"because": "died_out"}, headers=headers)
    assert closed.json()["household_id"] == code
    assert client.get(address, headers=headers).json()["closed_because"] == "died_out"


@pytest.mark.parametrize("code", [".", "..", "东沟村/1号", "../x", "/", "a\nb", "a\x1fb", "a" * 129])
def test_a_code_that_no_address_can_hold_is_refused_by_request_and_import(client, key, tmp_path, code):
    row = {"household_id": code, "region_code": VILLAGE, "size": 2}
    answer = client.post("/v1/records", json={"tables": {"households": [row]}}, headers=key())
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "tables.households[0].household_id"
    shown = (error["code"], error["detail_en"], error["detail"])
    rule = RULES["unusable_code"]
    assert shown == (rule.code, rule.title, rule.zh)
    closure = {"because": "split", "followed_by": [code]}
    answer = client.post("/v1/households/h/closure", json=closure, headers=key())
    assert answer.json()["errors"][0]["code"] == "unusable_code"

    folder = tmp_path / "records"
    folder.mkdir()
    tables = {
        "households": [row],
        "income": [{"household_id": code, "period_start": "2022-07-01", "source": "wage", "amount": 1}],
        "lines": [{"region_code": "", "effective_from": "2020-01-01", "amount": 6000}],
    }
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    url = f"sqlite:///{tmp_path / 'import.db'}"
    result = CliRunner().invoke(cli.app, ["import", str(folder), "--no-scores", "--db", url])
    assert isinstance(result.exception, RecordsError), result.output
    assert "households.household_id unusable_code (1)" in result.exception.message

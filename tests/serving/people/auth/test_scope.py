"""With a key for one township, no endpoint reveals the households of another township, nor how many there are."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import pytest

from riskml.explanation import NOTICE
from riskml_serving.judging.model.regional import restrict_to_region

HERE, THERE = "370112001001", "370112002001"
BILL = {"occurred_on": "2023-06-20", "kind": "inpatient", "cost": 90000, "self_paid": 60000}


def find_numbers(content):
    """Find the numbers in a response, including its sentences; digits inside a longer number or a code do not count."""
    if isinstance(content, dict | list):
        parts = content.values() if isinstance(content, dict) else content
        return {number for part in parts for number in find_numbers(part)}
    if isinstance(content, str):
        numbers = re.findall(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?!\w)", content, re.ASCII)
        return {float(number.replace(",", "")) for number in numbers}
    return {content} if isinstance(content, int | float) else set()


def make_household(code, region):
    return {"household_id": code, "region_code": region, "size": 2}


def make_wages(code, amount):
    rows = [(year, month) for year in (2021, 2022, 2023) for month in range(1, 13) if (year, month) < (2023, 7)]
    return [
        {"household_id": code, "period_start": f"{year}-{month:02d}-01", "source": "wage", "amount": amount}
        for year, month in rows
    ]


def append(client, headers, **tables):
    answer = client.post("/v1/records", json={"tables": tables}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def filled_client(client, key):
    """Store two households in each of two townships; the riskiest lives in the other township."""
    for code, region, amount in (("h1", HERE, 1600), ("h2", HERE, 3000), ("t1", THERE, 1300), ("t2", THERE, 2000)):
        append(client, key(), households=[make_household(code, region)], income=make_wages(code, amount))
    append(client, key(), illness=[{"household_id": "t1", **BILL}])
    return client


PATHS = (
    ("get", "/v1/households/{}", None),
    ("get", "/v1/households/{}/explanation", None),
    ("get", "/v1/households/{}/explanation?as_of=2023-07-31", None),
    ("post", "/v1/households/{}/verifications", {"outcome": "confirmed"}),
    ("post", "/v1/households/{}/help", {"measure": "低保", "given_by": "民政局", "started_on": "2023-06-01"}),
    ("post", "/v1/households/{}/closure", {"because": "moved_away"}),
)


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
def test_a_household_elsewhere_and_a_nonexistent_one_get_the_same_response(filled_client, key, method, path, body):
    township = key("370112001")
    answers = []
    for code in ("t1", "nobody", "h1'--", "%00"):
        answer = filled_client.request(method, path.format(code), json=body, headers=township)
        assert answer.status_code == 404
        answers.append({**answer.json(), "request_id": ""})
    assert all(one == answers[0] for one in answers)
    assert filled_client.request(method, path.format("h1"), json=body, headers=township).status_code in (200, 201)


@pytest.mark.parametrize("region", ["370112002", "370112", "37", "", THERE, "370113", "99", "3701120", "abc"])
def test_a_region_outside_the_keys_region_is_not_found(filled_client, key, region):
    township = key("370112001")
    for path in ("/v1/households", "/v1/changes", "/v1/clues", "/v1/verifications/monitoring"):
        assert filled_client.get(path, params={"region": region}, headers=township).status_code == 404
    assert filled_client.get(f"/v1/regions/{region or 'all'}/summary", headers=township).status_code == 404


def test_the_list_and_its_pages_contain_only_the_keys_own_region(filled_client, key):
    township = key("370112001")
    page = filled_client.get("/v1/households", headers=township).json()
    assert {row["household_id"] for row in page["households"]} == {"h1", "h2"}
    first = filled_client.get("/v1/households?limit=1", headers=township).json()
    second = filled_client.get("/v1/households", params={"limit": 1, "after": first["next"]}, headers=township).json()
    assert [first["households"][0]["household_id"], second["households"][0]["household_id"]] == ["h1", "h2"]
    everything = filled_client.get("/v1/households", headers=key()).json()["households"]
    assert everything[0]["household_id"] == "t1"
    assert len(everything) == 4


def test_the_summary_counts_only_the_keys_own_region(filled_client, key):
    summary = filled_client.get("/v1/regions/370112001/summary", headers=key("370112001")).json()
    assert (summary["households"], [part["region"] for part in summary["parts"]]) == (2, [HERE])
    whole = filled_client.get("/v1/regions/370112/summary", headers=key("370112")).json()
    assert (whole["households"], [part["region"] for part in whole["parts"]]) == (4, ["370112001", "370112002"])
    assert (
        sum(n for counts in whole["by_section"].values() for n in counts.values())
        == sum(whole["by_tier"].values())
        == 4
    )
    assert sum(part["households"] for part in whole["parts"]) == 4


def test_the_summary_is_dated_by_the_latest_score_that_it_counts(filled_client, key):
    for region in ("370112001", "370112002", "370112"):
        summary = filled_client.get(f"/v1/regions/{region}/summary", headers=key(region)).json()
        rows = filled_client.get("/v1/households", headers=key(region)).json()["households"]
        for name, own in (("data_as_of", "as_of"), ("scored_at", "scored_at")):
            assert summary[name] == max(row[own] for row in rows)
        if region == "370112001":
            assert summary["scored_at"] > rows[0]["scored_at"], "the latest time, not that of the riskiest household"
    assert filled_client.get("/v1/regions/99/summary", headers=key()).json()["scored_at"] is None


def test_changes_cover_only_the_keys_own_region(filled_client, key):
    page = filled_client.get("/v1/changes", headers=key("370112001")).json()
    assert {row["household_id"] for row in page["changes"]} == {"h1", "h2"}
    everything = filled_client.get("/v1/changes", headers=key()).json()
    assert [row["household_id"] for row in everything["changes"]] == ["h1", "h2", "t1", "t2", "t1"]


def test_events_elsewhere_change_no_response(filled_client, key):
    township, everywhere = key("370112001"), key()
    paths = (
        "/v1/households",
        "/v1/changes",
        "/v1/regions/370112001/summary",
        "/v1/households/h1",
        "/v1/verifications/monitoring",
        "/v1/clues",
    )

    def read_responses():
        answers = [filled_client.get(path, headers=township).json() for path in paths]
        return [{**one, "request_id": ""} for one in answers]

    before = read_responses()
    append(filled_client, everywhere, events=[{"household_id": "t2", "occurred_on": "2023-06-20", "kind": "accident"}])
    filled_client.post(
        "/v1/households/t2/verifications", json={"outcome": "confirmed", "category": "borderline"}, headers=everywhere
    )
    clue = {"household_id": "t2", "what": "accident", "channel": "hotline"}
    assert filled_client.post("/v1/clues", json=clue, headers=everywhere).status_code == 201
    filled_client.post("/v1/households/t2/closure", json={"because": "moved_away"}, headers=everywhere)
    assert read_responses() == before


def test_cursors_and_ids_do_not_reveal_how_much_happens_elsewhere(filled_client, key):
    township, everywhere = key("370112001"), key()
    finding = {"outcome": "confirmed", "category": "borderline"}
    for code in ("t1", "h1", "t2", "t1", "h1"):
        made = filled_client.post(f"/v1/households/{code}/verifications", json=finding, headers=everywhere)
        assert made.status_code == 201
        append(
            filled_client, everywhere, events=[{"household_id": code, "occurred_on": "2023-06-20", "kind": "accident"}]
        )
    one = filled_client.get("/v1/households/h1", headers=township).json()
    changes = filled_client.get("/v1/changes", headers=township).json()
    monitoring = filled_client.get("/v1/verifications/monitoring", headers=township).json()
    cursors = [row["cursor"] for row in changes["changes"]]
    ids = [row["verification_id"] for row in one["verifications"]]
    assert [row["cursor"] for row in one["history"]] == [
        row["cursor"] for row in reversed(changes["changes"]) if row["household_id"] == "h1"
    ]
    assert {row["score"]["cursor"] for row in one["verifications"]} <= set(cursors)
    assert (changes["next"], monitoring["next"]) == (cursors[-1], ids[0])
    assert len({*cursors, *ids}) == len(cursors) + len(ids) > 4
    blocks = [base64.urlsafe_b64decode(text + "==") for text in (*cursors, *ids)]
    assert {len(block) for block in blocks} == {16}
    assert len({block[:8] for block in blocks}) == len({block[8:] for block in blocks}) == len(blocks), "parts repeat"
    assert (
        filled_client.get("/v1/changes", params={"since": cursors[0], "limit": 1}, headers=township).json()["changes"]
        == (changes["changes"][1:2])
    )
    altered = ("A" if cursors[0][0] != "A" else "B") + cursors[0][1:]
    for path, wrong in (
        ("/v1/changes", (ids[0], altered, "1", "-1", cursors[0][:-2], "0" * 22, "é", "")),
        ("/v1/verifications/monitoring", (cursors[0], "1")),
    ):
        for text in wrong:
            refused = filled_client.get(path, params={"since": text}, headers=township)
            assert refused.status_code == 422, text
            assert refused.json()["errors"][0]["path"] == "since"


def test_records_about_households_or_regions_elsewhere_are_rejected_and_not_stored(filled_client, key):
    township = key("370112001")
    event = {"occurred_on": "2023-06-20", "kind": "accident"}
    flood = {"occurred_on": "2023-06-20", "kind": "flood"}
    wrong = (
        {"events": [{"household_id": "h1", **event}, {"household_id": "t1", **event}]},
        {"disaster": [{"region_code": "370112002", **flood}]},
        {"disaster": [{"region_code": "370112", **flood}]},
        {"households": [make_household("t1", HERE)]},
        {"households": [make_household("h1", THERE)]},
    )
    before = filled_client.get("/v1/households", headers=key()).json()["households"]
    for tables in wrong:
        answer = filled_client.post("/v1/records", json={"tables": tables}, headers=township)
        assert answer.status_code == 404, answer.text
    assert filled_client.get("/v1/households", headers=key()).json()["households"] == before


def test_results_by_region_are_visible_only_to_keys_that_cover_all_regions(client, key):
    holder = client.app.state.holder
    evaluation = holder.current.bundle.evaluation
    rest = [one for one in evaluation["groups"] if one["group"] != "region"]
    codes = ("370112001", "370112002")
    groups = [*rest, *({"group": "region", "value": code, "n": 90} for code in codes)]
    bundle = replace(holder.current.bundle, evaluation={**evaluation, "groups": groups})
    holder.swap(replace(holder.current, bundle=bundle))

    def read_evaluation(region):
        return client.get("/v1/model", headers=key(region)).json()["evaluation"]

    assert [read_evaluation(region)["groups"] for region in ("", "37", "370112")] == [groups] * 3
    for region in (*codes, HERE, "99"):
        assert read_evaluation(region) == {**read_evaluation(""), "groups": rest}


@pytest.mark.parametrize("value", [None, "unknown"])
def test_results_for_unnamed_regions_are_visible_only_to_keys_without_a_region(client, value):
    bundle = client.app.state.holder.current.bundle
    one = {"group": "region", "value": value, "n": 30}
    small = replace(bundle, evaluation={**bundle.evaluation, "groups": [one]})
    assert restrict_to_region(small, "").evaluation["groups"] == [one]
    assert restrict_to_region(small, "37").evaluation["groups"] == []


def test_scores_are_returned_only_for_households_in_the_keys_own_region(filled_client, key):
    township = key("370112001")
    for region, status in ((THERE, 404), (HERE, 200)):
        body = {"tables": {"households": [make_household("x", region)], "income": []}}
        assert filled_client.post("/v1/scores", json=body, headers=township).status_code == status


def test_only_complete_numbers_are_found():
    assert find_numbers({"a": ["自付60,000元"], "b": 0.18600003, "c": "x60000", "d": None}) == {60000, 0.18600003}


def test_health_details_are_left_out_without_the_right(filled_client, key):
    plain, trusted = key("", "read"), key("", "read", "health-details")
    open_row = filled_client.get("/v1/households/t1", headers=trusted).json()["score"]
    row = filled_client.get("/v1/households/t1", headers=plain).json()["score"]
    assert "inpatient_self_pay" in open_row["rule_flags"]
    assert "inpatient_self_pay" not in row["rule_flags"]
    assert row["hidden_flags"] > 0
    answer = filled_client.get("/v1/households/t1/explanation", headers=plain)
    assert answer.json()["explanation"]["redacted"] == ["health"]
    for text in (
        answer.text,
        filled_client.get("/v1/households", headers=plain).text,
        filled_client.get("/v1/changes", headers=plain).text,
    ):
        assert "inpatient" not in text
        assert 60000 not in find_numbers(json.loads(text)), (
            "the amount must occur neither as a number nor in a sentence"
        )


def test_health_details_are_also_left_out_of_scores_on_request(client, key):
    body = {
        "as_of": "2023-06-30",
        "reasons": True,
        "tables": {
            "households": [make_household("x", HERE)],
            "income": make_wages("x", 1300),
            "illness": [{"household_id": "x", **BILL}],
        },
    }

    def ask(*rights):
        answer = client.post("/v1/scores", json=body, headers=key("", "score", *rights))
        assert answer.status_code == 200, answer.text
        return answer

    (full,), text = ask("health-details").json()["scores"], ask().text
    assert "inpatient_self_pay" in full["rule_flags"]
    (row,) = json.loads(text)["scores"]
    assert row["hidden_flags"] > 0
    assert row["explanation"]["redacted"] == ["health"]
    assert row["probability"] == full["probability"]
    assert "inpatient" not in text
    assert 60000 not in find_numbers(row)


def test_when_a_household_splits_the_old_one_leaves_the_lists(filled_client, key):
    headers = key()
    append(
        filled_client,
        headers,
        households=[make_household("h1a", HERE), make_household("h1b", HERE)],
        income=make_wages("h1a", 1500),
    )
    closed = filled_client.post(
        "/v1/households/h1/closure", json={"because": "split", "followed_by": ["h1a", "h1b"]}, headers=headers
    )
    assert closed.status_code == 200, closed.text
    codes = [row["household_id"] for row in filled_client.get("/v1/households", headers=headers).json()["households"]]
    assert "h1" not in codes
    old = filled_client.get("/v1/households/h1", headers=headers).json()
    assert (old["closed_because"], old["followed_by"], old["score"]) == ("split", ["h1a", "h1b"], None)
    assert old["history"]
    late = filled_client.post("/v1/records", json={"tables": {"income": make_wages("h1", 1)}}, headers=headers)
    assert late.status_code == 409
    error = late.json()["errors"][0]
    assert (error["path"], error["code"]) == ("tables.income[0].household_id", "closed")
    again = filled_client.post("/v1/households/h1/closure", json={"because": "merged"}, headers=headers)
    assert again.json()["type"] == "urn:riskml:problem:household-closed"


def test_a_successor_in_another_region_is_counted_but_not_named(filled_client, key):
    everywhere, township = key(), key("370112001")
    closed = filled_client.post(
        "/v1/households/h1/closure", json={"because": "split", "followed_by": ["t2", "h2"]}, headers=everywhere
    )
    assert closed.status_code == 200, closed.text

    def read_successors(headers):
        content = filled_client.get("/v1/households/h1", headers=headers).json()
        return content["followed_by"], content["followed_elsewhere"]

    assert read_successors(everywhere) == (["t2", "h2"], 0)
    assert read_successors(township) == (["h2"], 1)
    assert read_successors(key("370112")) == (["t2", "h2"], 0)


def test_verifications_are_stored_with_the_score_and_exported_as_monitoring_records(filled_client, key):
    headers, path = key(), "/v1/households/t1/verifications"
    finding = {"outcome": "confirmed", "category": "sudden_hardship", "causes": ["illness", "work"]}
    once = headers | {"Idempotency-Key": "v1"}
    made, again = (filled_client.post(path, json=finding | {"measures": ["临时救助"]}, headers=once) for _ in range(2))
    assert (made.status_code, made.content) == (201, again.content)
    score = filled_client.get("/v1/households/t1", headers=headers).json()
    assert [one["score"]["probability"] for one in score["verifications"]] == [score["score"]["probability"]]
    rows = filled_client.get("/v1/verifications/monitoring", headers=headers).json()["monitoring"]
    assert rows == [
        {
            "household_id": "t1",
            "category": "sudden_hardship",
            "entered_on": "2023-06-30",
            "cleared_on": None,
            "causes": "illness;work",
            "recorded_on": "2023-06-30",
        }
    ]
    plain = filled_client.get("/v1/verifications/monitoring?format=csv", headers=key("", "read"))
    assert plain.headers["x-notice"] == NOTICE["en"]
    assert plain.headers["x-model-version"] == filled_client.app.state.holder.current.version
    assert plain.text.splitlines()[1] == "t1,sudden_hardship,2023-06-30,,work,2023-06-30"

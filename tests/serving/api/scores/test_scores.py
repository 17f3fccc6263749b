"""``POST /v1/scores`` returns the same scores and reasons as riskml itself."""

from __future__ import annotations

import json
import sys

import pytest

from riskml.explanation import Narrator
from riskml.model import Bundle
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.scoring import score

AS_OF = "2023-03-31"
SAME = ("status", "probability", "margin", "tier", "rule_signal", "signal")


def post_scores(client, headers, tables, **more):
    return client.post("/v1/scores", json={"as_of": AS_OF, "tables": tables, **more}, headers=headers)


def select_same(row):
    return {name: None if row[name] != row[name] else row[name] for name in SAME}


@pytest.fixture(scope="module")
def expected(county_records, bundle_path):
    bundle, policy = Bundle.load(bundle_path), load_policy()
    frame = score(bundle, county_records, to_day(AS_OF), policy)
    return {row["household_id"]: row for row in frame.to_dict("records")}


def test_scores_over_http_equal_those_computed_by_riskml_to_the_last_bit(client, key, select_tables, expected):
    headers, codes = key(), sorted(expected)
    for start in range(0, len(codes), 200):
        part = codes[start : start + 200]
        scores = post_scores(client, headers, select_tables(*part)).json()["scores"]
        assert [row["household_id"] for row in scores] == part
        for row in scores:
            wanted = expected[row["household_id"]]
            assert {name: row[name] for name in SAME} == select_same(wanted)
            assert ";".join(row["rule_flags"]) == wanted["rule_flags"]


def test_a_household_scored_alone_gets_the_same_score_and_reasons(
    client, key, select_tables, expected, county_records, bundle_path
):
    headers, narrator = key(), Narrator(Bundle.load(bundle_path), load_policy())
    for code in sorted(expected)[::40]:
        score = post_scores(client, headers, select_tables(code), reasons=True).json()["scores"][0]
        index = county_records.index(code)
        panel = county_records.panel(to_day(AS_OF), index, index + 1)
        assert {name: score[name] for name in SAME} == select_same(expected[code])
        assert score["explanation"] == json.loads(json.dumps(narrator.explain(panel).to_json()))


def test_rule_line_and_features_are_computed_once_for_scores_and_reasons(
    client, key, select_tables, expected, monkeypatch
):
    calls = []

    def record_calls(module, name):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda panel, *rest: calls.append((name, panel.n)) or real(panel, *rest))

    record_calls(sys.modules["riskml.scoring"], "apply_rule_line")
    record_calls(sys.modules["riskml.explanation.household.narrator"], "apply_rule_line")
    record_calls(sys.modules["riskml.features.build"], "_fill")
    scores = post_scores(client, key(), select_tables(*sorted(expected)[:4]), reasons=True).json()["scores"]
    assert sum(row["explanation"]["model"] is not None for row in scores) > 1
    assert sorted(calls) == [("_fill", 4), ("apply_rule_line", 4)]


def test_a_response_names_the_model_policy_and_time_behind_its_scores(client, key, select_tables, expected):
    answer = post_scores(client, key(), select_tables(next(iter(expected)))).json()
    bundle = Bundle.load(client.app.state.settings.bundle)
    assert answer["model_name"] == "riskml"
    assert answer["model_version"] == bundle.model_version
    assert answer["feature_schema_hash"] == bundle.manifest["schema_hash"]
    assert answer["policy_version"] == load_policy().version
    assert answer["data_as_of"] == AS_OF
    assert answer["scored_at"].endswith("Z")
    assert len(answer["request_id"]) == 32


def test_without_income_records_there_is_no_probability_but_the_rule_line_still_applies(client, key):
    household = {"household_id": "h1", "region_code": "370112001001", "size": 3}
    answer = post_scores(client, key(), {"households": [household], "income": []})
    assert answer.status_code == 200, answer.text
    row = answer.json()["scores"][0]
    assert (row["status"], row["probability"], row["tier"], row["rule_signal"]) == ("no_income", None, None, "unknown")


def test_a_date_after_the_last_record_returns_the_last_day_covered_by_records(client, key):
    household = {"household_id": "h1", "region_code": "370112001001", "size": 3}
    income = {"household_id": "h1", "source": "total", "period_start": "2022-01-01", "months": 12, "amount": 60_000}
    lines = [{"region_code": "37", "effective_from": "2022-01-01", "amount": 8000}]
    tables = {"households": [household], "income": [income], "lines": lines}
    assert post_scores(client, key(), tables).json()["records_end"] == "2022-12-31"
    bill = {"household_id": "h1", "kind": "inpatient", "occurred_on": "2022-12-20", "recorded_on": AS_OF}
    assert post_scores(client, key(), {**tables, "illness": [bill]}).json()["records_end"] is None


def test_a_household_recorded_after_the_date_is_listed_as_unknown(client, key):
    household = {"household_id": "h1", "region_code": "370112001001", "size": 3, "recorded_on": "2023-04-01"}
    answer = post_scores(client, key(), {"households": [household], "income": []}).json()
    assert (answer["scores"], answer["unknown"]) == ([], ["h1"])


def test_two_versions_of_a_record_on_the_same_day_are_rejected_in_either_order(client, key):
    household = {"household_id": "h1", "region_code": "370112001001", "size": 3}
    report = {"household_id": "h1", "period_start": "2023-01-01", "source": "wage", "amount": 900.0, "record_id": "r"}
    other = {**report, "amount": 400.0, "recorded_on": "2023-01-31"}
    for rows in ([report, other], [other, report]):
        answer = post_scores(client, key(), {"households": [household], "income": rows})
        assert answer.status_code == 422
        assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [("tables.income[1]", "twice")]
    twice = post_scores(client, key(), {"households": [household, {**household, "size": 4}], "income": []})
    assert twice.json()["errors"][0]["path"] == "tables.households[1]"
    later = {**household, "size": 4, "recorded_on": "2023-02-01"}
    assert post_scores(client, key(), {"households": [household, later], "income": []}).status_code == 200


def test_the_stored_lines_apply_if_the_table_is_absent_and_the_policy_line_if_it_is_empty(client, key):
    """Without a table ``lines``, the stored lines apply. If the table is empty, the packaged policy's line applies,
    which is below 9,000 yuan per year."""
    household = {"household_id": "h1", "region_code": "370112001001", "size": 1}
    rows = [{"household_id": "h1", "period_start": "2022-04-01", "months": 12, "source": "total", "amount": 9000.0}]
    line = {"region_code": "37", "effective_from": "2020-01-01", "amount": 20000.0}
    kept = client.post("/v1/records", json={"tables": {"lines": [line]}}, headers=key("", "write", "admin"))
    assert kept.status_code == 200, kept.text
    tables = {"households": [household], "income": rows}

    def status(**more):
        return post_scores(client, key(), {**tables, **more}).json()["scores"][0]["status"]

    assert status() == "below_line"
    assert status(lines=[]) == "at_risk"
    assert status(lines=[line]) == "below_line"
    assert status(lines=[{**line, "amount": 100.0}]) == "at_risk"

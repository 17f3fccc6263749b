"""``POST /v1/records`` stores each row once, known from the day of receipt on, and rescores the households."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.serving.posting import HOME, count_rows, make_household, make_wages, post

from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.scoring import judge
from riskml.vocabulary.verdicts import COLOURS, STATUSES

TODAY = dt.date(2023, 6, 30)


def judge_directly(client, tables):
    model = client.app.state.holder.current
    columns = {
        name: {key: [row.get(key) for row in rows] for key in {k for r in rows for k in r}}
        for name, rows in tables.items()
    }
    columns["lines"] = {"region_code": [], "effective_from": [], "amount": []}
    records = Records.from_tables(columns, load_policy().lines)
    return judge(model.bundle, records.panel(to_day(TODAY)), model.policy)


def test_a_new_household_is_registered_and_gets_the_score_that_riskml_computes(client, key):
    answer = post(client, key(), households=[make_household()], income=make_wages())
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert content["accepted"] == {"households": 1, "income": 24}
    assert (content["rescored"], content["changed"], content["job"]) == (1, 1, None)
    score = content["scores"][0]
    assert (score["household_id"], score["before"], score["changed"]) == ("h1", None, True)
    opinion = judge_directly(client, {"households": [make_household()], "income": make_wages()})
    assert score["after"]["probability"] == float(opinion.probability[0])


@pytest.mark.parametrize("value", [True, 7.5, "x"])
def test_an_attribute_may_have_the_name_of_an_identifier_of_other_tables(client, key, value):
    answer = post(client, key(), households=[make_household(record_id=value)])
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("household", "members", "wrong"),
    [
        ("11010519491231002X", ["m1"], ["tables.households[0].household_id", "tables.members[0].household_id"]),
        ("h1", ["11010519491231002X", "110105194912310038"], [f"tables.members[{i}].member_id" for i in (0, 1)]),
        ("h1", ["11010519491231002X", "m2", "m3"], []),  # it may look so by chance
        ("370112202306010028", ["m1"], []),  # region, day and number
    ],
)
def test_codes_that_say_who_somebody_is_are_refused_without_showing_them(client, key, household, members, wrong):
    rows = [{"household_id": household, "member_id": code} for code in members]
    for path in ("/v1/records", "/v1/scores"):
        tables = {"households": [make_household(household)], "members": rows, "income": [], "lines": []}
        if path == "/v1/records":
            del tables["lines"]
        answer = client.post(path, json={"tables": tables}, headers=key())
        assert answer.status_code == (422 if wrong else 200), answer.text
        errors = [error for error in answer.json().get("errors", ()) if error["code"] == "personal_code"]
        assert [error["path"] for error in errors] == wrong
        assert not wrong or "1101051949" not in answer.text


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"户主姓名": "王小明"}, "户主姓名"),
        ({"note": "证11010519491231002X"}, "note"),
        ({"note": "13812340001"}, "note"),
        ({"extra": 13812340001}, "extra"),
    ],
)
def test_attributes_with_personal_data_are_refused_without_showing_them(client, key, attributes, name):
    answer = post(client, key(), households=[make_household(crop="maize", insured=True, land=2.5, **attributes)])
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["path"], error["code"]) == (f"tables.households[0].{name}", "personal_attribute")
    assert str(attributes[name]) not in answer.text


@pytest.mark.parametrize(
    ("code", "rule"), [("9.90101E+14", "spoilt_code"), ('="990101"', "spoilt_code"), ("nan", "no_code")]
)
def test_codes_that_another_program_has_changed_are_refused(client, key, code, rule):
    answer = post(client, key(), households=[make_household()], income=[*make_wages()[:1], *make_wages(code)[1:2]])
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["path"], error["code"]) == ("tables.income[1].household_id", rule)


@pytest.mark.parametrize("blank", ["\u3000", "\ufeff", "\t", "\n", " ", "\u200b"])
def test_blanks_around_codes_are_removed_with_a_warning_as_in_a_folder(client, key, blank):
    income = make_wages()
    income[1] |= {"household_id": f"h1{blank}", "record_id": f"{blank}R-1"}
    income[2] |= {"source": f"wage{blank}"}
    rows = {"households": [make_household(region=f"{HOME}{blank}")], "income": income}
    paths = ["households[0].region_code", "income[1].household_id", "income[1].record_id", "income[2].source"]
    answers = [post(client, key(), **rows), client.post("/v1/scores", json={"tables": rows}, headers=key())]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        warnings = [one for one in answer.json()["warnings"] if one["code"] == "blank_around_code"]
        assert sorted(one["path"] for one in warnings) == [f"tables.{path}" for path in paths]
        assert warnings[0]["detail"] == "编码前后的空格或看不见的字符已去除"
    assert [score["household_id"] for score in answers[1].json()["scores"]] == ["h1"]
    plain = client.post(
        "/v1/scores", json={"tables": {"households": [make_household()], "income": make_wages()}}, headers=key()
    ).json()
    assert answers[1].json()["scores"] == plain["scores"]
    assert count_rows(client, "record_income") == 24


@pytest.mark.parametrize(
    ("code", "wrong"), [("\u3000 ", "string_too_short"), ("\ta\tb", "unusable_code"), (7, "string_type")]
)
def test_a_code_that_is_wrong_without_its_blanks_too_is_refused(client, key, code, wrong):
    answer = post(client, key(), households=[make_household()], income=[*make_wages()[:1], *make_wages(code)[1:2]])
    assert answer.status_code == 422
    assert {(one["path"], one["code"]) for one in answer.json()["errors"]} == {("tables.income[1].household_id", wrong)}


@pytest.mark.parametrize(
    "body", ['{"tables": 1}', '{"tables": {"income": [1, {"household_id": "h1 "}], "x": 2}}', "[1]"]
)
def test_a_body_of_another_shape_is_refused(client, key, body):
    for path in ("/v1/records", "/v1/scores"):
        answer = client.post(path, content=body, headers={**key(), "Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:riskml:problem:invalid-request")


def test_a_hospital_bill_changes_the_score_and_the_response_says_how(client, key):
    headers = key()
    before = post(client, headers, households=[make_household()], income=make_wages()).json()["scores"][0]["after"]
    bill = {"household_id": "h1", "occurred_on": "2023-06-20", "kind": "inpatient", "cost": 180000, "self_paid": 90000}
    change = post(client, headers, illness=[bill]).json()["scores"][0]
    assert change["before"] == before
    assert change["after"]["rule_flags"]
    assert change["changed"]
    opinion = judge_directly(client, {"households": [make_household()], "income": make_wages(), "illness": [bill]})
    assert change["after"]["status"] == STATUSES.codes[opinion.status[0]] == "in_hardship"
    assert change["after"]["probability"] is None
    assert change["after"]["rule_signal"] == COLOURS.codes[opinion.rule_colour[0]]


def test_a_recording_date_before_the_day_of_receipt_is_rejected(client, key):
    row = {"household_id": "h1", "occurred_on": "2023-01-01", "kind": "job_loss", "recorded_on": "2023-06-29"}
    answer = post(client, key(), households=[make_household()], income=[], events=[row])
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:riskml:problem:recorded-too-early"
    assert problem["errors"][0]["path"] == "tables.events[0].recorded_on"
    assert count_rows(client, "households") == 0


def test_a_flood_that_affects_few_households_is_scored_at_once_and_a_larger_one_by_a_job(make_client, key):
    client = make_client(rescore_at_once=2)
    headers = key()
    post(
        client,
        headers,
        households=[make_household("a"), make_household("b")],
        income=[*make_wages("a"), *make_wages("b")],
    )
    post(client, headers, households=[make_household("c", "370112002001")], income=make_wages("c"))
    flood = {"region_code": "370112001", "occurred_on": "2023-06-29", "kind": "flood"}
    few = post(client, headers, disaster=[flood])
    assert few.status_code == 200
    assert [score["household_id"] for score in few.json()["scores"]] == ["a", "b"]
    many = post(client, headers, disaster=[{**flood, "region_code": "370112"}])
    assert many.status_code == 202
    assert many.json()["job"]
    assert (many.json()["rescored"], count_rows(client, "jobs")) == (0, 1)


def test_after_a_move_only_keys_for_the_new_region_can_add_records(client, key):
    headers, old, new = key(), key("370112001"), key("370112002")
    post(client, headers, households=[make_household()], income=make_wages())
    post(client, headers, households=[make_household(region="370112002001")])
    event = {"household_id": "h1", "occurred_on": "2023-06-20", "kind": "job_loss"}
    assert post(client, old, events=[event]).status_code == 404
    assert post(client, new, events=[event]).status_code == 200


def test_a_township_key_cannot_move_a_household_out_of_its_region(client, key):
    post(client, key(), households=[make_household()], income=make_wages())
    assert post(client, key("370112001"), households=[make_household(region="370112002001")]).status_code == 404


@pytest.mark.parametrize("code", ["taken", "free"])
def test_a_township_key_cannot_find_out_whether_a_code_is_taken_elsewhere(client, key, code):
    post(client, key(), households=[make_household("taken", "370112002001")], income=make_wages("taken"))
    township = key("370112001")
    own = post(client, township, households=[make_household(code)], income=[])
    row = post(client, township, events=[{"household_id": code, "occurred_on": "2023-06-20", "kind": "job_loss"}])
    for answer in (own, row):
        assert answer.status_code == 404
        assert {**answer.json(), "request_id": ""} == {
            "type": "urn:riskml:problem:household-not-found",
            "title": "没有找到该农户",
            "title_en": "No such household",
            "status": 404,
            "detail": "没有找到该农户",
            "detail_en": "No such household",
            "request_id": "",
            "errors": answer.json()["errors"],
            "error_count": 1,
        }
        assert code not in answer.text


def test_a_month_with_both_a_total_and_a_source_is_rejected_and_not_stored(client, key):
    headers = key()
    total = {"household_id": "h1", "period_start": "2023-01-01", "months": 3, "source": "total", "amount": 9000}
    both = post(client, headers, households=[make_household()], income=[*make_wages(), total])
    assert both.status_code == 422
    assert both.json()["errors"][-1]["code"] == "total_and_source"
    post(client, headers, households=[make_household()], income=make_wages())
    later = post(client, headers, income=[total])
    assert later.status_code == 422
    assert later.json()["errors"] == [
        {
            "path": "tables.income[0].source",
            "code": "total_and_source",
            "detail": "同一月份既有合计又有分项收入",
            "detail_en": "A month has both a total and a source",
        }
    ]
    assert count_rows(client, "record_income") == 24
    body = {"tables": {"households": [make_household()], "income": [*make_wages(), total]}}
    assert client.post("/v1/scores", json=body, headers=headers).status_code == 422


def test_a_statement_may_accompany_a_total_but_not_occur_twice_on_the_same_day(client, key):
    headers = key()
    year = {"household_id": "h1", "period_start": "2022-10-01", "months": 12, "source": "wage", "amount": 30000}
    stated = {**year, "statement": True}
    total = {**year, "source": "total", "period_start": "2023-01-01", "months": 1, "amount": 2000}
    assert post(client, headers, households=[make_household()], income=[stated, total]).status_code == 200
    twice = post(client, headers, income=[{**stated, "amount": 31000}])
    assert twice.status_code == 422
    assert [(error["path"], error["code"]) for error in twice.json()["errors"]] == [
        ("tables.income[0].statement", "twice")
    ]
    body = {"tables": {"households": [make_household()], "income": [stated, {**stated, "amount": 31000}]}}
    assert client.post("/v1/scores", json=body, headers=headers).status_code == 422
    wage_list = [{**year, "months": 1, "period_start": f"2023-0{m}-01", "member_id": "m1"} for m in (1, 2, 3)]
    assert post(client, headers, income=wage_list).status_code == 200


def make_event(**more):
    return {"household_id": "h1", "occurred_on": "2023-06-01", "kind": "accident", **more}


MEMBER = {"household_id": "h1", "member_id": "m"}
ENTRY = {"household_id": "h1", "category": "borderline", "entered_on": "2023-06-01"}
SPELLED = {"recorded_on": TODAY.isoformat()}


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("events", [make_event(record_id="r"), make_event(record_id="r", **SPELLED)]),
        ("households", [make_household(), make_household(**SPELLED)]),
        ("members", [MEMBER, {**MEMBER, **SPELLED}]),
        ("monitoring", [{**ENTRY, **SPELLED}, ENTRY]),
    ],
)
def test_two_versions_of_a_record_on_the_day_of_receipt_are_rejected(client, key, name, rows):
    headers = key()
    post(client, headers, households=[make_household()], income=[])
    answer = post(client, headers, **{name: rows})
    assert answer.status_code == 422, answer.text
    assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [(f"tables.{name}[1]", "twice")]
    later = {**rows[1], "recorded_on": "2023-07-01"} if name != "households" else None
    if later:
        first = {key: value for key, value in rows[0].items() if key != "recorded_on"}
        assert post(client, headers, **{name: [first, later]}).status_code == 200, "a row recorded later corrects"


def test_a_move_dated_in_the_future_is_rejected(client, key):
    headers = key()
    post(client, headers, households=[make_household()], income=[])
    moved = make_household(region="370112002001", recorded_on="2023-07-01")
    answer = post(client, headers, households=[moved])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "tables.households[0].recorded_on"
    assert answer.json()["errors"][0]["code"] == "in_future"
    assert count_rows(client, "record_households") == 1
    assert post(client, headers, households=[{**moved, **SPELLED}]).status_code == 200
    assert client.get("/v1/households/h1", headers=headers).json()["region_code"] == "370112002001"


def test_a_withdrawn_report_no_longer_counts(client, key):
    headers = key()
    event = {"household_id": "h1", "occurred_on": "2023-06-01", "kind": "accident", "record_id": "r1"}
    flagged = post(client, headers, households=[make_household()], income=make_wages(), events=[event]).json()[
        "scores"
    ][0]
    assert flagged["after"]["rule_flags"] == ["accident"]
    back = post(client, headers, events=[{**event, "withdrawn": True}]).json()["scores"][0]
    assert back["after"]["rule_flags"] == []
    assert count_rows(client, "record_events") == 2


def test_an_income_corrected_on_the_same_day_counts_once(client, key):
    headers, rows = key(), make_wages()
    rows[-1] |= {"record_id": "r1"}
    post(client, headers, households=[make_household()], income=rows)
    corrected = post(client, headers, income=[{**rows[-1], "amount": 2400.0}]).json()["scores"][0]
    opinion = judge_directly(
        client, {"households": [make_household()], "income": [*rows[:-1], {**rows[-1], "amount": 2400.0}]}
    )
    assert corrected["after"]["probability"] == float(opinion.probability[0])

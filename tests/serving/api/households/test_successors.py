"""What is open about a household that closes goes on in those that follow it, and is there once, wherever they meet."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from riskml_serving.base.database import reading, writing
from riskml_serving.casework.visits.service import undo
from riskml_serving.http.cursors import VERIFICATION, encrypt_cursor
from riskml_serving.judging.act import Act
from riskml_serving.people.auth import Caller

HERE = "370112001001"
BILL = {"fact": "bill", "kind": "inpatient", "amount": 9000, "day": "2023-06-05"}


@pytest.fixture
def service(client, key):
    """Register a household h of two members, and the households a and b in which they will live."""
    headers = key("", "score", "read", "write", "health-details")
    homes = [{"household_id": code, "region_code": HERE, "size": 2} for code in ("h", "a", "b", "c")]
    lives = (("h", "h-1"), ("h", "h-2"), ("a", "h-1"), ("b", "h-2"))
    members = [{"household_id": code, "member_id": member, "labour": "full"} for code, member in lives]
    income = {"period_start": "2022-06-01", "months": 12, "source": "total", "amount": 60000}
    tables = {
        "households": homes,
        "members": members,
        "income": [{"household_id": home["household_id"], **income} for home in homes],
        **{name: [] for name in ("illness", "events", "disaster", "help")},
    }
    assert client.post("/v1/records", json={"tables": tables}, headers=headers).status_code == 200

    def send(path, body, status=201):
        answer = client.post(path, json=body, headers=headers)
        assert answer.status_code == status, (path, answer.text)
        return answer.json()

    send.get = lambda path: client.get(path, headers=headers).json()
    send.close = lambda code, *to, because="split": send(
        f"/v1/households/{code}/closure", {"because": because, "followed_by": to}, 200
    )
    send.engine = client.app.state.engine
    return send


def count_bills(service):
    """Count the money of bills in force now, by household."""
    with reading(service.engine) as connection:
        rows = connection.execute(
            text("SELECT household_id, record_id, self_paid, withdrawn FROM record_illness WHERE NOT superseded "
                 "ORDER BY recorded_on, row_id")
        ).all()  # fmt: skip
    last = {row[:2]: row for row in rows}
    return sorted((row.household_id, row.self_paid) for row in last.values() if not row.withdrawn)


def begin_help(service, **changed):
    body = {"measure": "临时救助", "given_by": "民政局", "started_on": "2023-04-01", "amount": 3000, "per": "once"}
    return service("/v1/households/h/help", body | changed)["help"]


def list_due(service):
    return [(row["household_id"], row["due_on"]) for row in service.get("/v1/reassessments")["households"]]


def test_help_and_its_second_look_follow_a_household_that_splits_but_its_money_counts_for_neither(service):
    due_on = begin_help(service)["due_on"]
    service.close("h", "a", "b")
    assert list_due(service) == [("a", due_on), ("b", due_on)]
    for code in ("a", "b"):
        (own,) = service.get(f"/v1/households/{code}")["help"]
        assert (own["amount"], own["given_by"], own["reassessed"]) == (None, "民政局", False)
    (before,) = service.get("/v1/households/h")["help"]
    assert before["amount"] == 3000, "the history of the old household stays as it was"
    service("/v1/households/a/verifications", {"outcome": "pending", "reassessment": "working"})
    assert list_due(service) == [("b", due_on)]
    service.close("a", "c", because="merged")
    service.close("b", "c", because="merged")
    assert list_due(service) == [("c", due_on)], "what nobody has looked at again is due, once"
    assert len(service.get("/v1/households/c")["help"]) == 1


def test_the_money_of_help_follows_to_the_only_successor_and_help_that_fails_is_due_at_once(service):
    begin_help(service)
    service("/v1/households/h/verifications", {"outcome": "pending", "reassessment": "not_working"})
    service.close("h", "a", because="merged")
    (own,) = service.get("/v1/households/a")["help"]
    assert own["amount"] == 3000
    assert list_due(service) == [("a", "2023-06-30")]


def test_help_that_works_stays_in_the_history(service):
    begin_help(service)
    service("/v1/households/h/verifications", {"outcome": "pending", "reassessment": "working"})
    service.close("h", "a", "b")
    assert list_due(service) == [] == service.get("/v1/households/a")["help"]


def test_one_report_that_meets_itself_after_a_split_and_a_merger_is_one_clue_and_its_history_stays(service):
    clue = {"household_id": "h", "what": "job_loss", "channel": "neighbour", "amount": 800}
    service("/v1/clues", clue)
    service.close("h", "a", "b")
    service("/v1/clues", clue | {"household_id": "b"})  # another report, by another neighbour
    service.close("a", "c", because="merged")
    service.close("b", "c", because="merged")
    clues = service.get("/v1/clues")["clues"]
    assert sorted((one["state"], one.get("household_id")) for one in clues) == [
        ("closed", None), ("open", "c"), ("open", "c")
    ]  # fmt: skip
    with reading(service.engine) as connection:
        query = "SELECT count(DISTINCT record_id) FROM record_events WHERE household_id = 'c' AND NOT superseded"
        assert connection.execute(text(query)).scalar_one() == 2
    service("/v1/households/c/verifications", {"outcome": "confirmed"})
    assert {one["state"] for one in service.get("/v1/clues")["clues"]} == {"closed"}


@pytest.mark.parametrize("first", ["split", "department"])
def test_a_department_corrects_a_fact_of_a_visit_after_the_household_has_split_too(service, first):
    saved = service("/v1/households/h/verifications", {"outcome": "confirmed", "facts": [BILL | {"member_id": "h-2"}]})
    row = {"household_id": "b", "member_id": "h-2", "kind": "inpatient", "occurred_on": "2023-06-02"}
    bills = {"tables": {"illness": [row | {"self_paid": 8800, "record_id": "d"}]}}
    if first == "department":
        service("/v1/records", bills, 200)
    service.close("h", "a", "b")
    assert count_bills(service) == ([("b", 8800)] if first == "department" else [("b", 9000)])
    if first == "split":
        service("/v1/records", bills, 200)
    assert count_bills(service) == [("b", 8800)]
    page = service.get("/v1/households/h")["verifications"]
    assert [one["verification_id"] for one in page] == [saved["verification"]["verification_id"]]
    assert page[0]["facts"][0]["amount"] == 9000, "what the visit found stays in its history"


def test_a_fact_about_nobody_in_particular_follows_only_if_one_household_does(service):
    service("/v1/households/h/verifications", {"outcome": "confirmed", "facts": [BILL]})
    service.close("h", "a", "b")
    assert count_bills(service) == [("h", 9000)]


def test_undoing_a_visit_withdraws_its_facts_wherever_they_count_now(service):
    service("/v1/households/h/verifications", {"outcome": "confirmed", "facts": [BILL]})
    service.close("h", "a", because="merged")
    assert count_bills(service) == [("a", 9000)]
    with writing(service.engine) as connection:
        (one,) = connection.execute(text("SELECT verification_id, created_by FROM verifications"))
        number = encrypt_cursor(connection, VERIFICATION, one.verification_id)
        caller = Caller(one.created_by, "", frozenset(("read", "write")))
        undo(Act(connection, caller, dt.date(2023, 6, 30), "undo"), "h", number)
    assert count_bills(service) == []

"""A clue is in exactly one state, is closed on the day of its last step, and becomes a record of what it is about."""

from __future__ import annotations

import datetime as dt

import pytest

from riskml_serving.casework.clues.service import draft, find_closing_day, make_record
from riskml_serving.casework.clues.states import CLUE_STATES, find_state

RECORDED, RESOLVED, VISITED, CALLED_BACK, TODAY = (dt.date(2023, 6, day) for day in (1, 2, 3, 4, 5))


def make_clue(told_on=None, verified_on=None, resolved_on=None, **facts):
    days = {"recorded_on": RECORDED, "resolved_on": resolved_on, "verified_on": verified_on, "told_on": told_on}
    return {"missing": False, "listed": True, "outcome": "", "informed": told_on is not None, **days, **facts}


UNLISTED = {"missing": True, "listed": False}


@pytest.mark.parametrize(
    ("clue", "state", "closed_on"),
    [
        (make_clue(), "open", None),
        (make_clue(verified_on=VISITED, outcome="pending"), "open", None),
        (make_clue(verified_on=VISITED, outcome="not_met"), "open", None),
        (make_clue(verified_on=VISITED, outcome="confirmed"), "closed", VISITED),
        (make_clue(verified_on=VISITED, outcome="rejected"), "to_inform", None),
        (make_clue(verified_on=VISITED, outcome="rejected", told_on=CALLED_BACK), "closed", CALLED_BACK),
        (make_clue(verified_on=VISITED, outcome="confirmed", resolved_on=RESOLVED), "closed", VISITED),
        (make_clue(**UNLISTED), "missing", None),
        (make_clue(listed=False, resolved_on=RESOLVED), "closed", RESOLVED),
        (make_clue(listed=False), "closed", RECORDED),
    ],
)
def test_a_clue_is_in_one_state_and_closed_on_the_day_of_its_last_step(clue, state, closed_on):
    assert (
        [code for code, declared in CLUE_STATES.items() if declared.rule.holds(clue)] == [state] == [find_state(clue)]
    )
    assert find_closing_day(clue) == closed_on


@pytest.mark.parametrize("day", [None, VISITED])
def test_a_clue_about_a_household_is_an_event_and_one_about_a_place_a_disaster(day):
    body = {"what": "disaster", "channel": "hotline", "amount": 300.0, "occurred_on": day}
    own = draft(body, "household", "370112001001", "h1")
    dated = {"occurred_on": day or TODAY, "record_id": own["record_id"]}
    event = {"household_id": "h1", "kind": "report", "channel": "hotline", "amount": 300.0}
    assert make_record(own, TODAY) == {"events": [dated | event]}
    for disaster, kind in (("flood", "flood"), (None, "other")):
        report = draft(body | {"disaster": disaster}, "place", "370112001")
        dated = {"occurred_on": day or TODAY, "record_id": report["record_id"]}
        assert make_record(report, TODAY) == {"disaster": [dated | {"region_code": "370112001", "kind": kind}]}
    assert own["record_id"] != report["record_id"]

"""What clues would mean if they were true counts every event once: told twice, or known from a list already."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from riskml.records.contract.schema import TABLES
from riskml_serving.casework.clues.kinds import suppose
from riskml_serving.store.records.columns import to_columns
from riskml_serving.web.household.supposed import add_rows

TODAY = dt.date(2023, 6, 30)
DAYS = st.integers(0, 90).map(lambda back: TODAY - dt.timedelta(days=back))
EMPTY = dict.fromkeys(TABLES["illness"].names)


def bill(day, **values):
    return {**EMPTY, "household_id": "h1", "occurred_on": day, "recorded_on": day, "kind": "inpatient", **values}


@given(st.lists(DAYS, min_size=1, max_size=3), st.lists(st.tuples(DAYS, st.booleans()), max_size=2))
def test_each_stay_in_hospital_counts_once_however_many_tell_of_it(reported, listed):
    clues = [
        {"household_id": "h1", "what": "illness", "disaster": None, "amount": 9000.0 + i, "occurred_on": day}
        for i, day in enumerate(reported)
    ]
    rows = [suppose(clue, TODAY)["illness"] for clue in clues]
    known = [bill(day, record_id=f"{i}", withdrawn=gone) for i, (day, gone) in enumerate(listed)]
    columns = to_columns(known) if known else {name: [] for name in EMPTY}
    out = add_rows({"illness": columns}, {"illness": rows})["illness"]
    assert out["record_id"][: len(known)] == columns["record_id"], "what is stored stays"
    new = out["occurred_on"][len(known) :]
    if len(reported) == 2:
        assert all(abs(a - b) > dt.timedelta(days=31) for i, a in enumerate(new) for b in new[:i])
    standing = [day for day, gone in listed if not gone]
    if not standing:
        assert new, "what nobody else states is estimated"
    if len(reported) == 1:
        assert bool(new) == all(abs(reported[0] - day) > dt.timedelta(days=31) for day in standing)
    assert set(out["self_paid"][len(known) :]) <= {clue["amount"] for clue in clues}


def test_a_flood_of_the_place_does_not_hide_the_loss_that_a_clue_tells():
    flood = {**dict.fromkeys(TABLES["disaster"].names), "region_code": "370112", "occurred_on": TODAY, "kind": "flood"}
    clue = {"household_id": "h1", "what": "disaster", "disaster": "flood", "amount": 5000.0, "occurred_on": TODAY}
    out = add_rows(
        {"disaster": to_columns([flood])}, suppose(clue, TODAY) and {"disaster": [suppose(clue, TODAY)["disaster"]]}
    )
    assert out["disaster"]["loss"] == [None, 5000.0]

"""The last assignment of a household says who looks after it; earlier ones stay, and other regions see none."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from riskml_serving.base.database import reading, writing
from riskml_serving.base.problems import Problem
from riskml_serving.casework.assignments.repository import read_assignments
from riskml_serving.casework.assignments.service import assign
from riskml_serving.judging.act import Act
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import add_households, close_household

HERE, THERE, TODAY = "370112001001", "370112002001", dt.date(2023, 6, 30)
OFFICER = Caller("officer", HERE[:6], frozenset(("read", "write")))


@pytest.fixture
def stored(engine):
    homes = [
        {"household_id": code, "region_code": region, "known_tables": "", "opened_on": TODAY}
        for code, region in (("h1", HERE), ("h2", HERE), ("t1", THERE))
    ]
    with writing(engine) as connection:
        add_households(connection, homes)
    return engine


def save(engine, caller, household, assignee, **more):
    with writing(engine) as connection:
        assign(Act(connection, caller, TODAY, "request"), household, {"assignee": assignee, **more})


def test_a_handover_adds_an_assignment_and_each_is_in_the_audit_log(stored):
    save(stored, OFFICER, "h1", "王")
    save(stored, OFFICER, "t1", "赵")
    save(stored, OFFICER, "h1", "李", handover="院墙漏雨")
    with reading(stored) as connection:
        rows = read_assignments(connection, "h1", HERE)
        assert [(row["assignee"], row["note"], row["created_by"]) for row in rows] == [
            ("李", "院墙漏雨", "officer"),
            ("王", "", "officer"),
        ]
        assert read_assignments(connection, "h1", THERE) == []
        assert (
            connection.execute(text("SELECT action, actor FROM audit")).all() == [("household.assign", "officer")] * 3
        )


def test_a_household_elsewhere_or_closed_is_not_assigned(stored):
    with writing(stored) as connection:
        close_household(connection, "h2", HERE, TODAY, "died_out", "")
    for caller, household, problem in (
        (Caller("village", THERE, OFFICER.rights), "h1", "household-not-found"),
        (OFFICER, "nobody", "household-not-found"),
        (OFFICER, "h2", "household-closed"),
    ):
        with pytest.raises(Problem, match=problem):
            save(stored, caller, household, "王")
    with reading(stored) as connection:
        assert connection.execute(text("SELECT count(*) FROM assignments")).scalar_one() == 0
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar_one() == 0

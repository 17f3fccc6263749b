"""Which findings of visits are entries into monitoring, and who may undo or read one."""

from __future__ import annotations

import datetime as dt

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskml_serving.base.clock import now
from riskml_serving.casework.verifications.repository import add_verification, change_verification, read_entries
from riskml_serving.casework.verifications.service import may_read_text, may_undo
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import add_households

HERE, THERE, TODAY = "370112001001", "370112002001", dt.date(2023, 6, 30)
HOMES = {"h1": HERE, "h2": HERE, "t1": THERE}
DAYS = st.sampled_from((TODAY, TODAY - dt.timedelta(1)))
VISIT = st.fixed_dictionaries(
    {
        "household_id": st.sampled_from(sorted(HOMES)),
        "outcome": st.sampled_from(("confirmed", "confirmed", "rejected")),
        "category": st.sampled_from(("borderline", "sudden_hardship", None)),
        "verified_on": DAYS,
        "recorded_on": DAYS,
    }
)
TEXTS = {
    "causes": "",
    "measures": "",
    "note": "",
    "created_by": "k",
    "request_id": "r",
    "created_at": dt.datetime(2023, 6, 30),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(VISIT, st.booleans()), max_size=6), st.integers(0, 3))
def test_the_last_confirmed_visit_of_a_day_with_a_category_is_an_entry(engine, visits, skipped):
    with engine.connect() as connection, connection.begin() as transaction:
        homes = [{"household_id": code, "region_code": region} for code, region in HOMES.items()]
        add_households(connection, [{**home, "known_tables": "", "opened_on": TODAY} for home in homes])
        last, numbers = {}, []
        for visit, undone in visits:
            numbers.append(add_verification(connection, visit | TEXTS))
            if undone:
                change_verification(connection, numbers[-1], HOMES[visit["household_id"]], undone_at=now())
            elif visit["outcome"] == "confirmed" and visit["category"]:
                last[visit["household_id"], visit["verified_on"], visit["recorded_on"]] = numbers[-1]
        since = numbers[skipped] if skipped < len(numbers) else 0
        for region in (HERE, THERE, HERE[:6]):
            expected = sorted(n for (home, *_), n in last.items() if HOMES[home].startswith(region) and n > since)
            for most in (1, 10):
                rows = read_entries(connection, region, since, most)
                assert [row["verification_id"] for row in rows] == expected[:most]
        transaction.rollback()


def test_only_its_author_undoes_a_visit_and_only_on_the_day_on_which_it_was_saved():
    row = {"created_by": "k", "recorded_on": TODAY, "verified_on": TODAY - dt.timedelta(3)}
    author, other = (Caller(name, "", frozenset(("write",))) for name in ("k", "other"))
    assert may_undo(row, author, TODAY)
    assert not may_undo(row, author, TODAY + dt.timedelta(1))
    assert not may_undo(row, other, TODAY)
    assert may_read_text(row, author)
    assert not may_read_text(row, other)
    assert may_read_text(row, Caller("other", "", frozenset(("health-details",))))

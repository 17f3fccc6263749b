"""The register finds exactly the households of a region, whatever characters their codes have."""

from __future__ import annotations

import datetime as dt

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from riskml_serving.store.households import repository as register

HERE, THERE, TODAY = "370112001001", "370112002001", dt.date(2023, 6, 30)
CODES = st.text("a1;%_\\3村", min_size=1, max_size=3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(CODES, st.tuples(st.booleans(), st.none() | st.lists(CODES, max_size=2)), max_size=8), CODES)
@example({"a": (True, ["%3B"]), "1": (True, [";"]), "_": (True, None), "a_": (True, None), "aa": (True, None)}, "a")
def test_codes_followers_and_predecessors_are_found_as_they_are(engine, homes, wanted):
    """Each household lives here or there, and is open (None) or closed, with the households that follow it."""
    rows = [
        {"household_id": code, "region_code": HERE if here else THERE, "known_tables": "", "opened_on": TODAY}
        for code, (here, _) in homes.items()
    ]
    with engine.connect() as connection, connection.begin() as transaction:
        register.add_households(connection, rows)
        for code, (_, followers) in homes.items():
            if followers is not None:
                joined = register.join_followers(followers)
                register.close_household(connection, code, "", TODAY, "split", joined)
        for region, lives in ((HERE, {True}), (THERE, {False}), (HERE[:6], {True, False})):
            own = {code: followers for code, (here, followers) in homes.items() if here in lives}
            still = {code for code, followers in own.items() if followers is None}
            assert set(register.find_households(connection, [*homes, "none", "\0"], region)) == set(own)
            assert set(register.list_codes(connection, region)) == still
            assert register.count_households(connection, region) == len(still)
            matching = {wanted} & still or {code for code in still if wanted in code}
            assert set(register.search_codes(connection, region, wanted, 100)) == matching
            predecessors = {code for code, followers in own.items() if wanted in (followers or ())}
            assert set(register.find_predecessors(connection, wanted, region)) == predecessors
        assert register.list_followers(connection, homes) == {code: f or [] for code, (_, f) in homes.items()}
        transaction.rollback()

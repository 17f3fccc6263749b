"""A household whose every member has left is no longer known."""

from __future__ import annotations

from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records


def is_known(as_of: str, *members: dict[str, object], size: int = 2) -> bool:
    names = ("member_id", "left_on", "recorded_on")
    roster = {name: [member.get(name) for member in members] for name in names}
    tables = {
        "households": {"household_id": ["a"], "region_code": ["1305"], "size": [size]},
        "members": roster | {"household_id": ["a"] * len(members)},
        "income": {name: [] for name in ("household_id", "source", "period_start", "amount")},
        "lines": {"region_code": [""], "effective_from": ["2020-01-01"], "amount": [6000.0]},
    }
    panel = Records.from_tables(tables).panel(to_day(as_of))
    assert panel.known[0] != panel.deserted[0]
    return bool(panel.known[0])


def test_a_household_is_no_longer_known_once_every_member_has_left():
    first = {"member_id": "1", "left_on": "2023-02-10"}
    second = {"member_id": "2", "left_on": "2023-04-05", "recorded_on": "2023-05-01"}
    both = (first, {"member_id": "2"}, second)
    days = ("2023-02-28", "2023-04-30", "2023-05-01")
    assert [is_known(day, *both) for day in days] == [True, True, False]
    assert is_known("2023-05-01", *both, second | {"recorded_on": "2023-05-01", "member_id": "3", "left_on": None})
    assert is_known("2023-04-04", first, second | {"recorded_on": "2023-04-01"})  # the day of leaving is still ahead


def test_a_partial_roster_does_not_make_a_household_die_out():
    assert is_known("2023-06-30", {"member_id": "1", "left_on": "2023-02-10"})
    assert not is_known("2023-06-30", {"member_id": "1", "left_on": "2023-02-10"}, size=1)

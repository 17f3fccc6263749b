"""A fact counts once, in whatever order a visit and the departments tell it; its history stays complete."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from riskml_serving.store.facts.corrections import WINDOW, Fact, find_restated, plan_versions

START = dt.date(2024, 1, 1)
TODAY = START + dt.timedelta(150)

days = st.integers(0, 120).map(lambda n: START + dt.timedelta(n))
bills = st.builds(
    lambda day, kind, who: {"occurred_on": day, "kind": kind, "member_id": who},
    days,
    st.sampled_from(("inpatient", "outpatient")),
    st.sampled_from((None, "a", "b")),
)
known = st.integers(0, 3).map(lambda n: TODAY + dt.timedelta(n))


@st.composite
def histories(draw):
    """Draw facts of up to three visits and rows of departments, each with the day on which it became known."""
    received = sorted(draw(st.lists(known, min_size=3, max_size=3)))
    visits = [
        [
            Fact(f"visit-{v}-{i}", str(v), {**bill, "recorded_on": day})
            for i, bill in enumerate(draw(st.lists(bills, max_size=3)))
        ]
        for v, day in enumerate(received)
    ]
    lists = [
        {**bill, "record_id": f"d{i}", "recorded_on": draw(known), "withdrawn": None}
        for i, bill in enumerate(draw(st.lists(bills, max_size=4)))
    ]
    withdrawn = [
        {**row, "withdrawn": True, "recorded_on": TODAY + dt.timedelta(4)} for row in lists if draw(st.booleans())
    ]
    arrivals = [("visit", own) for own in visits] + [("list", row) for row in (*lists, *withdrawn)]
    return visits, arrivals, draw(st.permutations(range(len(arrivals))))


class Store:
    """Rows in the order of receipt; a row replaces one for the same record that was recorded on the same day."""

    def __init__(self):
        self.rows, self.facts, self.received = [], [], []

    def add(self, rows):
        for row in rows:
            same = (row["record_id"], row["recorded_on"])
            self.rows = [own for own in self.rows if (own["record_id"], own["recorded_on"]) != same] + [row]
            self.received.append(row)

    def receive(self, kind, what):
        if kind == "visit":
            self.facts = sorted((*self.facts, *what), key=lambda fact: fact.source)
        self.add(
            [{**fact.row, "record_id": fact.record_id, "withdrawn": None} for fact in what]
            if kind == "visit"
            else [what]
        )
        self.add(plan_versions("illness", self.facts, self.rows))

    def count(self, when):
        """Return the numbers of the records that count on a day."""
        versions = defaultdict(list)
        for row in self.rows:
            if row["recorded_on"] <= when:
                versions[row["record_id"]].append(row)
        last = {code: max(own, key=lambda row: row["recorded_on"]) for code, own in versions.items()}
        return {code for code, row in last.items() if not row["withdrawn"]}


@given(histories())
def test_what_counts_does_not_depend_on_the_order_of_receipt_and_nothing_counts_twice(drawn):
    visits, arrivals, order = drawn
    first, other = Store(), Store()
    for kind, what in arrivals:
        first.receive(kind, what)
    for i in order:
        other.receive(*arrivals[i])
    sources = {fact.record_id: fact for own in visits for fact in own}
    for n in range(6):
        when = TODAY + dt.timedelta(n)
        counted = first.count(when)
        assert counted == other.count(when)
        facts = [fact for code, fact in sources.items() if code in counted]
        lists = list(
            {row["record_id"]: row for row in first.rows if row["record_id"] in counted - sources.keys()}.values()
        )
        stated = [f for f in sources.values() if f.row["recorded_on"] <= when]
        assert counted & sources.keys() == {f.record_id for f in stated} - find_restated("illness", stated, lists)
        for fact in facts if len(stated) == len(lists) == 1 else ():
            same = lists[0]["kind"] == fact.row["kind"] and not {"a", "b"} <= {
                lists[0]["member_id"],
                fact.row["member_id"],
            }
            assert not same or abs(lists[0]["occurred_on"] - fact.row["occurred_on"]) > WINDOW
    assert plan_versions("illness", first.facts, first.rows) == [], "the rule does nothing the second time"
    received = [row["record_id"] for row in first.received]
    assert sources.keys() <= set(received), "every fact was stored as it was stated"


def test_what_was_known_on_a_day_does_not_change_when_a_list_comes_later():
    store, day = Store(), TODAY
    bill = {"occurred_on": START, "kind": "inpatient", "member_id": None}
    store.receive("visit", [Fact("visit-1", "1", {**bill, "recorded_on": day})])
    store.receive("list", {**bill, "record_id": "d", "recorded_on": day + dt.timedelta(5), "withdrawn": None})
    assert store.count(day) == {"visit-1"}
    assert store.count(day + dt.timedelta(5)) == {"d"}

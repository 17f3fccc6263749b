"""Whatever a check finds in rows in memory was suspected before, so that no query is left out that finds something."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.records.checking import in_memory
from riskml.records.checking.registry import CHECKS
from riskml.records.checking.suspicion import list_suspected
from riskml.records.contract.faults import Severity
from riskml.records.contract.schema import TABLES

TODAY, USUAL = dt.date(2024, 6, 30), [("", dt.date(2020, 1, 1), 6000.0), ("13", dt.date(2022, 1, 1), 7300.0)]
HOMES = [f"h{i}" for i in range(8)]
REGION = "130529101001"
FILLED = ("households", "members", "income", "illness", "events", "help", "monitoring", "lines")

few = settings(max_examples=40, deadline=None, derandomize=True)


def make_county(months):
    """Return a county in which nothing is wrong, as rows."""
    own = [{"household_id": home} for home in HOMES]
    day = dt.date(2022, 3, 4)
    return {
        "households": [{**one, "region_code": REGION, "size": 3, "recorded_on": dt.date(2022, 1, 1)} for one in own],
        "members": [{**one, "member_id": str(i), "birth_year": 1980} for one in own for i in range(3)],
        "income": [
            {
                **one,
                "period_start": dt.date(2022 + month // 12, month % 12 + 1, 1),
                "source": source,
                "amount": 700.0 + 31 * i + month,
                "recorded_on": dt.date(2022 + (month + 1) // 12, (month + 1) % 12 + 1, 5),
                "record_id": f"{source}{month}",
            }
            for i, one in enumerate(own)
            for month in range(months)
            for source in ("wage", "business")
        ],
        "illness": [{**one, "member_id": "1", "occurred_on": day, "kind": "inpatient", "cost": 900.0} for one in own],
        "events": [{**one, "occurred_on": day, "kind": "accident", "amount": 300.0} for one in own],
        "help": [{**one, "started_on": day, "measure": "低保", "amount": 300.0, "per": "month"} for one in own],
        "monitoring": [{**one, "category": "borderline", "entered_on": day} for one in own],
        "lines": [{"region_code": "13", "effective_from": dt.date(2021, 6, 1), "amount": 7000.0}],
    }


def scale(rows, choose, factor):
    for row in filter(choose, rows):
        name = next(name for name in ("amount", "cost", "size") if name in row)
        row[name] = max(1, round(row[name] * factor)) if name == "size" else row[name] * factor


def repeat(rows, choose, shift):
    rows += [{**row, **shift} for row in filter(choose, rows)]


def set_cell(rows, choose, cells):
    for row in filter(choose, rows):
        row.update(cells)


DAYS = [None, dt.date(2021, 1, 1), dt.date(2023, 6, 5), dt.date(2024, 6, 30), dt.date(2026, 1, 1), dt.date(1960, 1, 1)]
CELLS = [
    *({name: day} for name in ("recorded_on", "cleared_on", "left_on", "ended_on") for day in DAYS),
    *({"amount": amount} for amount in (0.0, -8.0, 99_999.0, 1e9, 0.5)),
    *({"months": n} for n in (2, 12, 60)),
    *({"size": n} for n in (1, 4, 60)),
    *({"record_id": record} for record in (None, "1", "37011200100130000000")),
    {"member_id": "7"},
    {"member_id": "13052910100100101"},
    {"member_id": "370112001001000000"},
    {"statement": True},
    {"withdrawn": True},
    {"visits": 999},
    {"cost": 1.0, "self_paid": 5000.0},
    {"region_code": "130530101001"},
    {"birth_year": 1890},
    {"measure": "张三13912345678"},
    {"entered_on": dt.date(2023, 1, 1)},
    {"effective_from": dt.date(2023, 1, 1)},
    {"effective_from": dt.date(2019, 1, 1), "amount": 3000.0},
    {"source": "total"},
    {"land": -8.0},
]


@st.composite
def counties(draw):
    """Return a county with a few kinds of mistakes in some of its rows, and the tables of a request."""
    tables = make_county(draw(st.sampled_from([2, 14])))
    for _ in range(draw(st.integers(2, 5))):
        name = draw(st.sampled_from(FILLED))
        own, seed = tables[name], draw(st.integers(0, 10_000))
        share, homes = draw(st.sampled_from([0.05, 0.5, 1.0])), draw(st.sampled_from([1, 3, 8]))
        chance = random.Random(seed)
        known = set(HOMES[:homes])

        def choose(row, chance=chance, share=share, known=known):
            return row.get("household_id", HOMES[0]) in known and chance.random() < share

        declared = {*TABLES[name].names, *(["land"] if name == "households" else [])}
        allowed = [cells for cells in CELLS if cells.keys() <= declared]
        allowed = [cells for cells in allowed if name != "lines" or cells.get("amount", 1) > 0]  # as types require
        cells = draw(st.sampled_from(allowed))
        kind = draw(st.sampled_from(["scale", "repeat", "set"]))
        if kind == "scale" and {"amount", "cost", "size"} & own[0].keys():
            scale(own, choose, draw(st.sampled_from([1e-4, 0.01, 0.1, 12, 100, 1e4])))
        elif kind == "repeat":
            repeat(own, choose, cells)
        else:
            set_cell(own, choose, cells)
    names = draw(st.sampled_from([(name,) for name in FILLED] + [FILLED]))
    return tables, names


def to_columns(rows):
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


@few
@given(counties())
def test_what_is_found_was_suspected(county):
    rows, names = county
    tables = {name: to_columns(own) for name, own in rows.items()}
    sent, stored = {name: tables[name] for name in names}, {name: tables[name] for name in FILLED if name not in names}
    assert find_all(sent, stored) <= list_suspected(tables, names, Severity.WARNING, TODAY, USUAL)


def find_all(sent, stored):
    every = {rule.code for rule in CHECKS if rule.severity is Severity.WARNING and not rule.folder_only}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_memory, "list_suspected", lambda *_: every)
        search = in_memory.plan_search(sent, stored, Severity.WARNING, TODAY, USUAL)
        return {code for *_, code in search()}


def test_nothing_is_suspected_in_a_county_without_mistakes():
    tables = {name: to_columns(own) for name, own in make_county(14).items()}
    assert list_suspected(tables, FILLED, Severity.WARNING, TODAY, USUAL) == set()
    assert find_all(tables, {}) == set()


def test_record_numbers_of_other_households_are_other_records():
    rows = make_county(14)["income"]
    tables = {"income": to_columns(rows), "households": to_columns(make_county(1)["households"])}
    assert {row["record_id"] for row in rows if row["household_id"] == "h1"} == {row["record_id"] for row in rows}
    assert "record_numbers_reused" not in find_all(tables, {})


def test_what_is_wrong_with_stored_rows_alone_is_not_reported():
    tables = {name: to_columns(own) for name, own in make_county(14).items()}
    wrong = tables["income"] | {"amount": [1e9, *tables["income"]["amount"][1:]]}
    later = {"household_id": ["h7"], "period_start": [dt.date(2023, 3, 1)], "source": ["wage"], "amount": [930.0]}
    search = in_memory.plan_search({"income": later}, tables | {"income": wrong}, Severity.WARNING, TODAY, USUAL)
    assert search is not None
    assert search() == []


LATER = {"recorded_on": dt.date(2024, 3, 5)}
PARTNERS = {
    "a year beside its stored months": (
        {"income": [{**make_county(1)["income"][0], **LATER, "months": 12, "amount": 9000.0, "record_id": "y"}]},
        {},
        ("income", 0, "months", "sum_beside_parts"),
    ),
    "months beside their stored year": (
        {"income": [{**row, **LATER} for row in make_county(12)["income"] if row["household_id"] == "h1"]},
        {"income": [{**make_county(1)["income"][2], "months": 12, "amount": 9000.0, "record_id": "y"}]},
        ("income", 0, "months", "sum_beside_parts"),
    ),
    "a year that is stated for its last month": (
        {"income": [{**make_county(12)["income"][22], **LATER, "amount": 8466.0, "record_id": "y"}]},
        {"income": [row for row in make_county(14)["income"] if row["household_id"] == "h0"]},
        ("income", 0, "amount", "sum_beside_parts"),
    ),
    "months beside a stored month that has their sum": (
        {"income": [{**row, **LATER} for row in make_county(12)["income"][:24]]},
        {"income": [{**make_county(12)["income"][22], "amount": 8466.0, "record_id": "y"}]},
        ("income", 0, "amount", "sum_beside_parts"),
    ),
    "numbers that stand for stored months": (
        {"income": [{**row, **LATER, "period_start": dt.date(2024, 2, 1)} for row in make_county(2)["income"][:2]]},
        {"income": make_county(2)["income"]},
        ("income", 0, "record_id", "record_numbers_reused"),
    ),
    "a member beside a stored household": (
        {"members": [{"household_id": "h2", "member_id": str(i)} for i in range(3, 7)]},
        {},
        ("members", 0, "household_id", "size_against_members"),
    ),
    "income of a stored household": (
        {"income": [{**make_county(1)["income"][0], **LATER, "period_start": dt.date(2024, 2, 1), "amount": 9e6}]},
        {},
        ("income", 0, "amount", "much_income"),
    ),
}


@pytest.mark.parametrize("kind", PARTNERS)
def test_a_row_that_makes_stored_rows_wrong_is_reported(kind):
    sent, stored, finding = PARTNERS[kind]
    tables = {name: to_columns(own) for name, own in {**make_county(14), **stored}.items()}
    search = in_memory.plan_search(
        {name: to_columns(own) for name, own in sent.items()}, tables, Severity.WARNING, TODAY, USUAL
    )
    assert search is not None
    assert finding in search()

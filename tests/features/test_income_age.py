"""Which twelve months of income count if the latest are not reported, and what effect yearly statements and the wages
of individual persons have."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskml.features import build
from riskml.policy import apply_rule_line, load_policy
from riskml.records.contract.calendar import to_date, to_day, to_month
from riskml.records.contract.schema import list_codes
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.basis import IncomeBasis
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records

few = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
seeds = st.integers(0, 2**32 - 1)
SOURCES = list_codes("income", "source")
REGISTER = IncomeBasis(age=18)


def read_bits(panel: Panel) -> list[bytes]:
    """Return the exact bits of a panel's incomes, household sizes, lines, features and verdicts."""
    ended, verdicts = panel.at_income_end, apply_rule_line(panel, load_policy())
    arrays = (ended.sources, ended.total, ended.reported, ended.size, ended.line, panel.income, panel.income_until)
    return [array.tobytes() for array in (*arrays, build(panel).values, verdicts.observed, verdicts.colour)]


@few
@given(seed=seeds, statements=st.booleans())
def test_without_an_income_age_the_panel_is_unchanged(seed, statements, random_records):
    drawn = random_records(seed, 8, statements=statements)
    records = Records.from_tables(drawn.frames())
    for day in map(to_day, drawn.as_ofs):
        panel = records.panel(day, basis=IncomeBasis())
        assert panel.at_income_end is panel
        assert not panel.income_lag.any()
        assert panel.income.tobytes() == panel.income_per_head(12).tobytes()


@few
@given(seed=seeds)
def test_an_up_to_date_income_is_the_same_for_any_allowed_age(seed, random_records):
    drawn = random_records(seed, 8)
    records = Records.from_tables(drawn.frames())
    for day in map(to_day, drawn.as_ofs):
        plain, old = records.panel(day), records.panel(day, basis=REGISTER)
        current = ~np.isnan(plain.income)
        assert not old.income_lag[current].any()
        assert build(plain).values[current].tobytes() == build(old).values[current].tobytes()
        for i in np.flatnonzero(current):
            assert read_bits(plain.select(i)) == read_bits(old.select(i))


@few
@given(seed=seeds, statements=st.booleans(), age=st.sampled_from([1, 6, 18, 24]))
def test_income_is_known_up_to_the_last_reported_month_of_the_window_used(seed, statements, age, random_records):
    drawn = random_records(seed, 8, statements=statements)
    records = Records.from_tables(drawn.frames())
    for day in map(to_day, drawn.as_ofs):
        panel = records.panel(day, basis=IncomeBasis(age=age))
        everything = records.panel(day, months=12 + age)
        stated = records.income.statements.mark_known(day, 0, len(records))
        for i in range(panel.n):
            reported, last = everything.reported[:, i].tolist(), panel.month
            windows = [lag for lag in range(age + 1) if sum(reported[lag : lag + 12]) >= 6]
            earlier = [lag for lag in windows if lag > 0 and reported[lag]]
            current = 0 in windows and (reported[0] or not stated[i])
            lag = 0 if current or not earlier else earlier[0]
            assert panel.income_lag[i] == lag
            if lag not in windows:
                assert panel.income_until[i] == NO_DAY
                assert np.isnan(panel.income[i])
                continue
            until = last - lag - reported[lag : lag + 12].index(True)
            assert to_month(int(panel.income_until[i])) == until
            assert to_date(int(panel.income_until[i]) + 1).day == 1
            assert panel.income[i] == everything.income_per_head(12, lag)[i]


@few
@given(seed=seeds, statements=st.booleans(), age=st.sampled_from([6, 18, 24]))
def test_months_since_report_counts_from_the_last_reported_month(seed, statements, age, random_records):
    drawn = random_records(seed, 8, statements=statements)
    records = Records.from_tables(drawn.frames())
    for day in map(to_day, drawn.as_ofs):
        panel = records.panel(day, basis=IncomeBasis(age=age))
        since = build(panel).column("months_since_report")
        for i in np.flatnonzero(panel.known & ~np.isnan(panel.income)):
            old = panel.month - to_month(int(panel.income_until[i]))
            assert since[i] == (panel.reported[:old, i].argmax() if panel.reported[:old, i].any() else old)


@few
@given(seed=seeds, source=st.sampled_from(SOURCES[:4]), late=st.integers(0, 400), age=st.sampled_from([0, 18]))
def test_a_statement_replaces_the_rows_it_covers_only_from_its_recording_date(seed, source, late, age, random_records):
    drawn = random_records(seed, 5)
    day = dt.date(2022, 9, 30) + dt.timedelta(days=late)
    row = {"household_id": "h001", "period_start": dt.date(2021, 10, 1), "months": 12, "source": source}
    row |= {"amount": 18_000.0, "statement": True, "recorded_on": day}
    drawn.tables["income"] = [
        r for r in drawn.tables["income"] if r["household_id"] != "h001" or r["source"] != "total"
    ]
    before = Records.from_tables(drawn.frames())
    after = Records.from_tables(drawn.changed(income=[*drawn.tables["income"], row]).frames())
    basis = IncomeBasis(age=age)
    for as_of in (day - dt.timedelta(days=1), day, day + dt.timedelta(days=200)):
        one, other = (records.panel(to_day(as_of), basis=basis) for records in (before, after))
        for i in range(5):
            changed = before.household_id[i] == "h001" and as_of >= day
            assert changed or read_bits(one.select(i)) == read_bits(other.select(i))
        if as_of >= day:
            first = other.month - to_month(to_day("2022-09-30"))
            covered = slice(max(first, 0), first + 12)
            assert (other.sources[SOURCES.index(source), covered, 1] == 1500).all()
            rest = [i for i, name in enumerate(SOURCES) if name != source]
            assert other.sources[rest, covered, 1].tobytes() == one.sources[rest, covered, 1].tobytes()


def build_county(*income: dict[str, object]) -> Records:
    """Build records of a household of three with these income rows, and of another that reports a wage every month."""
    starts = np.arange(np.datetime64("2020-01", "M"), np.datetime64("2024-07", "M"))
    rows = [*income]
    rows += [{"household_id": "b", "period_start": f"{start}-01", "source": "wage", "amount": 900} for start in starts]
    names = {name for row in rows for name in row}
    tables = {
        "households": {"household_id": ["a", "b"], "region_code": ["130529101201"] * 2, "size": [3, 1]},
        "income": {name: [row.get(name) for row in rows] for name in names},
        "lines": {"region_code": [""], "effective_from": [dt.date(2016, 1, 1)], "amount": [6000.0]},
    }
    return Records.from_tables(tables | {name: {"household_id": [], **columns} for name, columns in EMPTY.items()})


EMPTY = {
    "illness": {"occurred_on": [], "kind": []},
    "events": {"occurred_on": [], "kind": []},
}


def make_statement(source: str, amount: float, year: int) -> dict[str, object]:
    """Make the statement of income for the year that ends in September of ``year``."""
    row = {"household_id": "a", "period_start": f"{year - 1}-10-01", "months": 12, "source": source}
    return {**row, "amount": amount, "statement": True}


STATED = {
    "beside a statement": (
        [make_statement("wage", 40_000, 2023), make_statement("business", 12_000, 2023)],
        "2024-05-31",
    ),
    "beside an old statement": ([make_statement("total", 52_000, 2022)], "2023-11-30"),
    "before the first statement": ([make_statement("total", 52_000, 2023)], "2024-01-31"),
    "as the only source": ([], "2024-05-31"),
    "as the only source that is stated": (
        [make_statement("wage", 40_000, 2022), make_statement("wage", 40_000, 2023)],
        "2024-06-30",
    ),
}


@pytest.mark.parametrize("case", STATED)
@few
@given(
    amount=st.floats(300, 9000),
    first=st.integers(0, 40),
    months=st.integers(1, 40),
    members=st.sampled_from([("m1",), ("m1", "m2")]),
    as_statement=st.booleans(),
    age=st.sampled_from([0, 18]),
)
def test_an_unchanged_wage_of_one_person_changes_no_feature_and_raises_no_flag(
    case, amount, first, months, members, as_statement, age
):
    stated, as_of = STATED[case]
    starts = np.datetime64("2020-12", "M") + np.arange(first, first + months)
    wages = [
        {"household_id": "a", "period_start": f"{start}-01", "source": "wage", "amount": amount, "member_id": member}
        | ({"statement": True} if as_statement else {})
        for member in members
        for start in starts
    ]
    basis = IncomeBasis(age=age)
    for day in (as_of, f"{as_of[:8]}15"):
        quiet, listed = (build_county(*rows).panel(to_day(day), basis=basis) for rows in (stated, [*stated, *wages]))
        assert read_bits(quiet) == read_bits(listed)
        assert not apply_rule_line(listed.select(0), load_policy()).any_flag.any()

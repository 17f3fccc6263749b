"""A feature stays the same to the last bit, whatever becomes known later, whatever the order of the rows, and whatever
other households there are."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskml.features import FeatureMatrix, build, build_all
from riskml.policy import apply_rule_line, load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import TABLES
from riskml.records.panel.basis import IncomeBasis
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records

pytestmark = pytest.mark.integration  # reads records folders in every form

few = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
seeds = st.integers(0, 2**32 - 1)


def read_bits(matrix: FeatureMatrix) -> dict[str, list[object]]:
    """Return the exact bits of every feature; use categories' names, because codes depend on the levels present."""
    out: dict[str, list[object]] = {"household_id": matrix.household_id.tolist()}
    for column in matrix.columns:
        values = matrix.column(column.name)
        if column.categorical:
            levels = matrix.levels[column.name]
            out[column.name] = [None if np.isnan(code) else levels[int(code)] for code in values]
        else:
            out[column.name] = np.ascontiguousarray(values).view(np.int64).tolist()
    return out


def judge(panel: Panel) -> dict[str, list[object]]:
    """Return the bits of a panel's features and, for known households, of their income and the rule line's verdict."""
    verdicts = apply_rule_line(panel, load_policy())
    out = read_bits(build(panel))
    for name, values in (
        ("income", panel.income),
        ("income_until", panel.income_until.astype(np.float64)),
        ("spending", verdicts.spending),
        ("observed", verdicts.observed.T),
        ("fired", verdicts.fired.T.astype(np.float64)),
    ):
        rows = np.ascontiguousarray(values).view(np.int64).tolist()
        out[name] = [row if known else None for row, known in zip(rows, panel.known, strict=True)]
    return out


def judge_at(records: Records, as_of: dt.date, ids: list[str] | None = None, age: int = 0) -> dict[str, list[object]]:
    judged = judge(records.panel(to_day(as_of), basis=IncomeBasis(age=age)))
    kept = [i for i, code in enumerate(judged["household_id"]) if ids is None or code in ids]
    return {name: [values[i] for i in kept] for name, values in judged.items()}


def require_same(first: dict[str, list[object]], second: dict[str, list[object]]) -> None:
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


shapes = pytest.mark.parametrize(("statements", "age"), [(False, 0), (True, 18)])


@shapes
@few
@given(seed=seeds, parts=st.integers(1, 4))
def test_row_order_file_parts_and_reader_do_not_matter(seed, parts, statements, age, random_records, tmp_path_factory):
    drawn = random_records(seed, 6, statements=statements)
    order = np.random.default_rng(seed)
    shuffled = drawn.changed(
        **{name: [rows[i] for i in order.permutation(len(rows))] for name, rows in drawn.tables.items()}
    )
    read = Records.load(shuffled.write(tmp_path_factory.mktemp("parts"), parts))
    held = Records.from_tables(drawn.frames())
    for as_of in drawn.as_ofs:
        require_same(judge_at(read, as_of, age=age), judge_at(held, as_of, age=age))


@shapes
@few
@given(seed=seeds)
def test_rows_recorded_later_do_not_matter(seed, statements, age, random_records):
    drawn = random_records(seed, 6, statements=statements)
    other = random_records(seed + 1, 8, statements=statements)
    later = Later(drawn.tables, other.tables, np.random.default_rng(seed))
    before = Records.from_tables(drawn.frames())
    for as_of in drawn.as_ofs:
        after = Records.from_tables(drawn.changed(**later.added(as_of)).frames())
        require_same(judge_at(before, as_of, age=age), judge_at(after, as_of, before.household_id.tolist(), age))


class Later:
    """Turns rows from other records into rows recorded after a date: new rows, corrections, withdrawals, versions."""

    def __init__(self, own, other, rng: np.random.Generator) -> None:
        self.own, self.other, self.rng = own, other, rng

    def added(self, as_of: dt.date):
        return {name: rows + list(self.rows(name, as_of)) for name, rows in self.own.items()}

    def rows(self, name: str, as_of: dt.date):
        if name == "lines":
            taken = {(row["region_code"] or "", row["effective_from"]) for row in self.own[name]}
            for row in self.other[name]:
                if row["effective_from"] > as_of and (row["region_code"] or "", row["effective_from"]) not in taken:
                    yield row
            return
        key, known = TABLES[name].key, {row.get("record_id") for row in self.own[name]} - {None}
        numbers = sorted(known)
        for i, row in enumerate(self.other[name]):
            recorded = as_of + dt.timedelta(days=1 + i)  # all days differ, so no key has two versions on one day
            new = {**row, "recorded_on": recorded}
            if not key:
                # About a third correct an existing record; the others are new, and some have no day of recording.
                corrects = numbers and self.rng.random() < 0.3
                new["record_id"] = numbers[int(self.rng.integers(len(numbers)))] if corrects else None
                day = row[str(TABLES[name].day)]
                if not corrects and name != "income" and day > as_of:
                    new["recorded_on"] = None
            yield new


@shapes
@few
@given(seed=seeds)
def test_a_household_has_the_same_bits_alone_as_among_many(seed, statements, age, random_records):
    drawn = random_records(seed, 9, statements=statements)
    drawn = drawn.changed(**{name: drop_moved(rows) for name, rows in drawn.tables.items()})
    records = Records.from_tables(drawn.frames())
    as_of = drawn.as_ofs[seed % len(drawn.as_ofs)]
    many, basis = judge_at(records, as_of, age=age), IncomeBasis(age=age)
    for i, code in enumerate(records.household_id):
        own = {name: [row[i]] for name, row in many.items()}
        require_same(judge(records.panel(to_day(as_of), i, i + 1, basis=basis)), own)
        require_same(judge(records.panel(to_day(as_of), basis=basis).select(i)), own)
        kept = {
            name: [row for row in rows if name == "lines" or row.get("household_id") in (code, None)]
            for name, rows in drawn.tables.items()
        }
        alone = Records.from_tables(drawn.changed(**kept).frames())
        if "attribute_house_change" in judge_at(alone, as_of):
            continue  # an attribute with only nulls has no type
        require_same(judge_at(alone, as_of, age=age), own)


def drop_moved(rows):
    """Drop the records that a correction moved from one household to another."""
    owners: dict[object, set[object]] = {}
    for row in rows:
        owners.setdefault(row.get("record_id"), set()).add(row.get("household_id"))
    return [row for row in rows if row.get("record_id") is None or len(owners[row["record_id"]]) == 1]


@pytest.mark.parametrize("threads", [1, 2])
def test_chunks_and_threads_do_not_matter(threads, random_records):
    drawn = random_records(11, 10)
    records = Records.from_tables(drawn.frames())
    days = [to_day(as_of) for as_of in drawn.as_ofs]
    done: list[int] = []
    matrix = build_all(records, days, threads=threads, progress=done.append, chunk=3)
    assert sum(done) == len(matrix) == len(days) * len(records)
    for i, day in enumerate(days):
        rows = slice(i * len(records), (i + 1) * len(records))
        assert (matrix.as_of[rows] == day).all()
        require_same(read_bits(matrix.take(np.arange(len(matrix))[rows])), read_bits(build(records.panel(day))))


MONEY = ("amount", "cost", "self_paid", "loss")


@few
@given(seed=seeds, factor=st.sampled_from([2.0**-3, 2.0, 2.0**7, 10.0]))
def test_features_use_money_only_as_ratios(seed, factor, random_records):
    drawn = random_records(seed, 6)
    scaled = drawn.changed(
        **{
            name: [{k: v * factor if k in MONEY and v is not None else v for k, v in row.items()} for row in rows]
            for name, rows in drawn.tables.items()
        }
    )
    one, other = (Records.from_tables(records.frames()) for records in (drawn, scaled))
    for as_of in drawn.as_ofs:
        first, second = (build(records.panel(to_day(as_of))) for records in (one, other))
        if factor == 10:
            np.testing.assert_allclose(first.values, second.values, rtol=1e-9, atol=1e-9)
        else:
            require_same(read_bits(first), read_bits(second))


def test_equal_rows_without_a_record_id_are_summed(random_records):
    drawn = random_records(21, 8)
    plain = {
        name: [row for row in drawn.tables[name] if row["record_id"] is None] for name in ("illness", "events", "help")
    }
    once = Records.from_tables(drawn.changed(**plain).frames())
    twice = Records.from_tables(drawn.changed(**{name: rows * 2 for name, rows in plain.items()}).frames())
    first, second = (build(records.panel(to_day(drawn.as_ofs[-1]))) for records in (once, twice))
    for name in ("care_visits_12m", "self_paid_to_line_24m", "leads_12m", "help_begun_12m", "help_amount_to_line_12m"):
        assert np.nanmax(first.column(name)) > 0
        np.testing.assert_allclose(second.column(name), 2 * first.column(name), rtol=1e-12)

"""Rows of which only a part of the horizon is known: which rows they are, what they say, and that the parts of the
model learn from them without taking their falls for all falls."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from scipy.special import logit

from riskml.outcomes import REASONS, label
from riskml.policy import load_policy
from riskml.progress import Silent
from riskml.records.contract.calendar import to_date, to_month, to_month_end
from riskml.records.panel.store import Records
from riskml.simulation import simulate
from riskml.splits import Settings, build_grid, cut_origins, find_span_end, list_recent
from riskml.training.cohort_rows import collect_cohort
from riskml.training.holdout import label_training
from riskml.training.recent import add_recent

pytestmark = pytest.mark.integration

training = import_module("riskml.training.train")
"""The module, which the function of the same name hides in its package."""

POLICY = load_policy()
KINDS = {"register": Settings(income_age=18), "mixed": Settings(income_age=18), "monthly": Settings()}


class Case:
    """The training rows of a small county, and what is added to them."""

    def __init__(self, records, settings):
        self.records, self.settings, self.grid = records, settings, build_grid(records, settings)
        [self.origin] = cut_origins(self.grid, settings)
        by = self.by = self.origin.test_from
        self.cohort = collect_cohort(records, self.grid.as_ofs, settings, POLICY, Silent())
        self.whole = label_training(records, self.cohort, self.origin.train, settings, POLICY, by)
        self.rows = self.add(settings)

    def add(self, settings):
        earlier = [day for day in self.grid.as_ofs if day < self.by]
        return add_recent(self.records, self.cohort, self.whole, earlier, settings, POLICY, self.by, self.by)


@pytest.fixture(scope="module", params=KINDS)
def case(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recent") / request.param
    simulate(folder, 400, 60, 11, truth="none", income=request.param)
    return Case(Records.load(folder), KINDS[request.param])


def list_labels_by_part(case):
    """List, for every row at risk before the test, the longest sufficient part of the horizon with a label, and it."""
    expected = {}
    for day in (day for day in case.grid.as_ofs if day < case.by):
        for months in (12, 9, 6):
            if find_span_end(day, months) > case.by:
                continue
            labels = label(case.records, [day], replace(case.settings, horizon=months), POLICY, case.by)
            for row in range(len(labels)):
                key = int(labels.household[row]), day
                excluded = months == 12 and labels.reason[row] in (
                    REASONS["emergency_help"],
                    REASONS["entered_recorded_late"],
                )
                if (labels.y[row] >= 0 or excluded) and key not in expected:
                    expected[key] = months, int(labels.y[row])
    return expected


def test_each_row_has_the_label_of_the_longest_known_part_of_its_horizon(case):
    rows, new = case.rows, slice(len(case.whole.y), None)
    assert rows.recent
    expected = list_labels_by_part(case)
    lead, y = case.whole.labels.lead, case.whole.y
    keys = list(zip(rows.household[new].tolist(), rows.features.as_of[new].tolist(), strict=True))
    assert len(set(keys)) == len(keys)
    for key, fell, offset in zip(keys, rows.y[new], rows.offset[new], strict=True):
        months, label_of_part = expected[key]
        assert (months < 12, fell) == (True, label_of_part)
        share = np.mean((y == 1) & (lead <= months))
        assert offset == pytest.approx(logit(share) - logit(y.mean()))
        assert offset < 0


def test_all_open_rows_of_a_date_are_added_unless_they_are_few(case):
    added = dict.fromkeys(case.grid.as_ofs, 0)
    for (_, day), (months, y) in list_labels_by_part(case).items():
        added[day] += months < 12 and y >= 0
    for day, number in added.items():
        at_risk = np.count_nonzero(case.cohort.as_of == day)
        recorded = case.rows.recent.get(str(to_date(day)), 0)
        assert recorded == number or (recorded == 0 and number < 0.2 * at_risk)


def test_the_first_rows_are_those_with_a_whole_horizon(case):
    n = len(case.whole.y)
    assert (case.rows.y[:n] == case.whole.y).all()
    assert (case.rows.offset[:n] == 0).all()
    assert sum(case.rows.recent.values()) == len(case.rows.y) - n


def test_a_date_before_those_with_a_whole_horizon_is_not_recent(case):
    later = case.whole.take(np.flatnonzero(case.whole.labels.as_of > case.whole.labels.as_of.min()))
    if len(later.y):
        arguments = [day for day in case.grid.as_ofs if day < case.by], case.settings, POLICY, case.by, case.by
        rows = add_recent(case.records, case.cohort, later, *arguments)
        assert rows.features.as_of.min() == later.labels.as_of.min()


def test_nothing_is_added_if_only_the_end_of_the_horizon_counts(case):
    rows = case.add(replace(case.settings, outcome="end"))
    assert (len(rows.y), rows.offset, rows.recent) == (len(case.whole.y), None, {})


def test_nothing_is_added_if_no_step_is_shorter_than_the_horizon(case):
    rows = case.add(replace(case.settings, step=12))
    assert (len(rows.y), rows.offset, rows.recent) == (len(case.whole.y), None, {})


def test_dates_after_the_grid_have_passed_half_of_the_horizon(case):
    days = list_recent(case.grid, case.settings)
    last = to_month_end(case.grid.last_month)
    assert [to_month(day) - to_month(case.grid.as_ofs[-1]) for day in days] == [3, 6]
    assert all(find_span_end(day, 6) <= last for day in days)


def test_a_released_model_learns_from_dates_that_the_tested_one_could_not_know(county, county_records, monkeypatch):
    added = []

    def record(*arguments):
        added.append(add_recent(*arguments))
        return added[-1]

    monkeypatch.setattr(training, "add_recent", record)
    bundle = training.train(county_records, Settings(), POLICY, refit=True)
    tested, released = added
    split = bundle.evaluation["split"]
    assert split["recent_rows"] == tested.recent
    assert split["train_to"] < min(tested.recent) < max(tested.recent) < split["test_from"]
    after = list_recent(build_grid(county_records, Settings()), Settings())
    assert list(released.recent) == [str(to_date(day)) for day in after]
    assert bundle.blend.schema.names == bundle.blend.schema.from_matrix(released.features.drop_repeated()).names

"""Labelled rows, which of them are trained on, and what is said if there are none."""

import numpy as np
import pytest

from riskml.errors import SplitError
from riskml.policy import load_policy
from riskml.progress import Silent
from riskml.records.contract.calendar import to_month_end
from riskml.records.panel.store import Records
from riskml.simulation import simulate
from riskml.splits import Settings, build_grid, cut_origins, find_first_covered
from riskml.training import holdout
from riskml.training.cohort_rows import collect_cohort
from riskml.training.holdout import label_rows, label_training


def test_without_any_outcome_the_error_counts_the_reasons_in_words(county_records):
    settings, policy, last = Settings(), load_policy(), to_month_end(county_records.last_month)
    cohort = collect_cohort(county_records, [last], settings, policy, Silent())
    with pytest.raises(SplitError, match=r"No row is left to test on") as error:
        label_rows(county_records, cohort, [last], settings, policy, None, "test on")
    hint = error.value.hint
    assert "{" not in hint
    assert "date not followed up" in hint or "no follow-up" in hint
    assert " 0 " not in hint
    assert "无后续收入记录" in hint.read("zh") or "该日期后续收入尚不可知" in hint.read("zh")


def test_dates_before_events_were_recorded_are_left_out_if_enough_falls_remain(tmp_path, monkeypatch):
    simulate(tmp_path / "register", 400, 60, 11, truth="none", income="register")
    records, settings, policy = Records.load(tmp_path / "register"), Settings(income_age=18), load_policy()
    [origin] = cut_origins(build_grid(records, settings), settings)
    cohort = collect_cohort(records, origin.train, settings, policy, Silent())
    everything = label_rows(records, cohort, origin.train, settings, policy, origin.test_from, "train on")
    covered = everything.labels.as_of >= find_first_covered(records, settings)
    falls = int(everything.y[covered].sum())
    assert 0 < falls < everything.y.sum()
    for fewest, expected in ((falls, covered), (falls + 1, np.ones(len(covered), bool))):
        monkeypatch.setattr(holdout, "FEWEST_FALLS", fewest)
        rows = label_training(records, cohort, origin.train, settings, policy, origin.test_from)
        assert (rows.labels.as_of == everything.labels.as_of[expected]).all()
        assert (rows.labels.household == everything.labels.household[expected]).all()
        assert (rows.cohort.household == rows.labels.household).all()
        assert (rows.cohort.features.as_of == rows.labels.as_of).all()

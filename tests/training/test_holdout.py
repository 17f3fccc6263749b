"""Labelled rows, and what is said if there are none."""

import pytest

from riskml.errors import SplitError
from riskml.policy import load_policy
from riskml.progress import Silent
from riskml.records.contract.calendar import to_month_end
from riskml.splits import Settings
from riskml.training.cohort_rows import collect_cohort
from riskml.training.holdout import label_rows


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

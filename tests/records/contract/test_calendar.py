"""Months and days of arrays are those of single values, however far apart they are."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from riskml.records.contract.calendar import to_month, to_month_end

MONTHS = st.integers(-1200, 2400)


@given(st.lists(MONTHS, max_size=40) | st.lists(st.integers(600, 620), min_size=30, max_size=60))
@example([])
@example([649, 649])
def test_the_ends_of_many_months_are_those_of_each(months):
    ends = to_month_end(np.array(months, np.int32))
    assert ends.dtype == np.int32
    assert ends.tolist() == [to_month_end(month) for month in months]
    assert to_month(ends).tolist() == months

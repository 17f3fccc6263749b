"""The grid of poverty lines by day and region holds the same values as a separate look-up for each cell."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.records.panel.lines import LineRow, LineTable

PREFIXES = st.sampled_from(["", "1", "2", "11", "12", "1111", "1122"])
ROWS = st.lists(st.builds(LineRow, PREFIXES, st.integers(0, 30), st.integers(1, 99).map(float)), max_size=6)


def find_amount(tables, region, day):
    for rows in tables:
        for prefix in (region[:length] for length in range(len(region), -1, -1)):
            known = [row for row in rows if row.region_prefix == prefix and row.since <= day]
            if known:
                return max(known, key=lambda row: (row.effective_from, row.recorded_on)).amount
    return np.nan


@settings(deadline=None)
@given(ROWS, ROWS, st.lists(st.integers(-2, 33), min_size=1, max_size=8))
def test_a_grid_matches_the_line_looked_up_for_each_region_and_day(rows, fallback, days):
    regions = ["111111", "112233", "222222", ""]
    wanted = np.array([[find_amount([rows, fallback], region, day) for region in regions] for day in days])
    np.testing.assert_array_equal(LineTable(rows, fallback).build_grid(regions, np.array(days, np.int32)), wanted)

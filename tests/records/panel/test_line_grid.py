"""The grid of poverty lines by day and region holds the same values as a separate look-up for each cell."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from riskml.records.panel.lines import LineRow, LineTable

PREFIXES = st.sampled_from(["", "1", "2", "11", "12", "1111", "1122"])
ROWS = st.lists(st.builds(LineRow, PREFIXES, st.integers(0, 30), st.integers(1, 99).map(float)), max_size=6)


@given(ROWS, ROWS, st.lists(st.integers(-2, 33), min_size=1, max_size=8))
def test_a_grid_matches_the_line_looked_up_for_each_region_and_day(rows, fallback, days):
    table, regions = LineTable(rows, fallback), ["111111", "112233", "222222", ""]
    wanted = np.array([[table.find_amount(region, day) for region in regions] for day in days])
    np.testing.assert_array_equal(table.build_grid(regions, np.array(days, np.int32)), wanted)

"""Comparisons of the lines with the policy table's."""

import datetime as dt

import pytest

DAY = dt.date
USUAL = [("", DAY(2020, 1, 1), 4000.0), ("", DAY(2022, 1, 1), 6000.0), ("44", DAY(2022, 1, 1), 9000.0)]


def make_line(year, amount, prefix="1305"):
    return {"region_code": prefix, "effective_from": DAY(year, 1, 1), "amount": amount}


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        ([make_line(2016, 2952.0)], (1,)),
        ([make_line(2016, 2952.0), make_line(2023, 6000.0)], None),
        ([make_line(2016, 2952.0, "13"), make_line(2023, 6000.0)], (1,)),
        ([make_line(2016, 5000.0)], None),
        ([make_line(2022, 4000.0)], None),
    ],
)
def test_an_old_line_below_the_policy_tables(find, lines, rows):
    fault = find("old_line", lines=lines, usual_lines=USUAL)
    assert (fault and fault.rows) == rows
    assert find("old_line", lines=lines) is None

"""A total beside a source of the same month."""

from __future__ import annotations

from riskml.records.clashes import total_clashes


def clashes(*rows):
    names = ("household_id", "period_start", "months", "source", "amount", "recorded_on", "record_id")
    return total_clashes(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


TOTAL = ("a", "2024-01-01", 3, "total", 900.0, None, "t")
WAGE = ("a", "2024-03-01", None, "wage", 300.0, None, None)


def test_any_month_of_a_period_clashes():
    assert clashes(WAGE, TOTAL) == [1]
    assert clashes(("a", "2024-04-01", None, "wage", 300.0, None, None), TOTAL) == []


def test_another_household_does_not():
    assert clashes(("b", *WAGE[1:]), TOTAL) == []


def test_only_the_record_that_was_recorded_latest_counts_in_whatever_order():
    moved = ("a", "2024-06-01", 1, "total", 300.0, "2024-07-01", "t")
    early = (*TOTAL[:5], "2024-05-01", "t")
    assert clashes(WAGE, early, moved) == clashes(moved, early, WAGE) == []
    late = (*TOTAL[:5], "2024-08-01", "t")
    assert clashes(late, moved, WAGE) == [0]


def test_a_record_without_a_day_is_known_at_the_end_of_its_period():
    withdrawn = (*TOTAL[:4], None, "2024-03-30", "t")
    assert clashes(WAGE, TOTAL, withdrawn) == [1]
    assert clashes(WAGE, TOTAL, (*TOTAL[:4], None, "2024-04-01", "t")) == []

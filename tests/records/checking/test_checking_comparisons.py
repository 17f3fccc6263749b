"""Checks that compare rows with one another: each reports one kind of mistake, but not sound rows that resemble it."""

from __future__ import annotations

import datetime as dt

import pytest

DAY = dt.date
START = DAY(2022, 1, 1)
HOMES = ("0012", "0013", "0014", "0015")


def add_date(rows, day):
    return [row | {"recorded_on": day} for row in rows]


# -- delivered_twice --------------------------------------------------------------------------------------------------


def test_rows_delivered_twice_are_counted_with_what_they_add(find):
    first, second = add_date(find.income(12), DAY(2023, 1, 5)), add_date(find.income(24), DAY(2024, 1, 8))
    fault = find("delivered_twice", income=first + second)
    assert (fault.severity, fault.where, fault.count, fault.rows[0]) == ("warning", "income.recorded_on", 48, 49)
    extra = sum(row["amount"] for row in first)
    assert f"they add {extra:,.0f} to the sum of amount: '2024-01-08' (48×)" in fault.message
    assert find("equal_rows", income=first + second) is None


def test_a_second_delivery_without_recorded_on_before_it_is_found_too(find):
    assert find("delivered_twice", income=find.income(12) + add_date(find.income(12), DAY(2024, 1, 8))).count == 48


def test_tables_without_amounts_are_compared_too(find):
    visits = [{"household_id": home, "occurred_on": DAY(2023, 1, 5), "kind": "visit"} for home in HOMES]
    fault = find("delivered_twice", events=add_date(visits, DAY(2023, 1, 9)) + add_date(visits, DAY(2023, 2, 9)))
    assert (fault.table, fault.count) == ("events", 4)
    assert "they add" not in fault.message


def add_numbers(rows, first=0):
    return [row | {"record_id": f"r{first + i}"} for i, row in enumerate(rows)]


def test_rows_delivered_again_under_new_record_numbers_are_counted(find):
    first = add_date(add_numbers(find.income(12)), DAY(2023, 1, 5))
    again = add_date(add_numbers(find.income(12), 1000), DAY(2024, 1, 8))
    fault = find("delivered_twice", income=first + again)
    assert (fault.where, fault.count, fault.rows[0]) == ("income.recorded_on", 48, 49)
    assert "but not its record_id, so both count; they add" in fault.message
    assert find("delivered_twice", income=add_date(find.income(12), DAY(2023, 1, 5)) + again).count == 48
    corrected = [row | {"recorded_on": DAY(2024, 2, 1), "amount": 1.0} for row in again]
    assert find("delivered_twice", income=first + again + corrected) is None
    assert find("equal_rows", income=add_numbers(find.income(12)) + add_numbers(find.income(12), 1000)) is None


@pytest.mark.parametrize("cells", [{"record_id": "r"}, {"statement": True}])
def test_rows_that_replace_one_another_are_not_delivered_twice(find, cells):
    rows = [row | (cells if "statement" in cells else {"record_id": f"r{i}"}) for i, row in enumerate(find.income(12))]
    again = add_date(rows, DAY(2023, 1, 5)) + add_date(rows, DAY(2024, 1, 8))
    assert find("delivered_twice", income=again) is None


def test_a_few_equal_rows_among_many_are_a_coincidence(find):
    first, second = add_date(find.income(12), DAY(2023, 1, 5)), find.income(24)[48:] + find.income(1)
    assert find("delivered_twice", income=first + add_date(second, DAY(2024, 1, 8))) is None


def test_rows_sent_again_with_a_cell_that_was_empty_are_found(find):
    help_ = [{"household_id": home, "started_on": START, "measure": "低保", "amount": 300.0} for home in HOMES]
    ended = [row | {"ended_on": dt.date(2023, 6, 30)} for row in help_]
    fault = find("delivered_twice", help=add_date(help_, dt.date(2022, 1, 9)) + add_date(ended, dt.date(2023, 7, 9)))
    assert (fault.where, fault.count) == ("help.recorded_on", 4)
    leads = [{"household_id": home, "occurred_on": START, "kind": "report"} for home in HOMES]
    named = [row | {"channel": "hotline"} for row in leads]
    fault = find("delivered_twice", events=add_date(leads, dt.date(2022, 1, 9)) + add_date(named, dt.date(2022, 2, 9)))
    assert (fault.where, fault.count) == ("events.recorded_on", 4)


def make_entry(month, home="0012", **cells):
    return {
        "household_id": home,
        "category": "borderline",
        "entered_on": dt.date(2023, month, 1),
        "causes": "illness",
    } | cells


def test_a_monthly_list_of_the_monitored_is_no_list_of_new_entries(find):
    fault = find("entered_twice", monitoring=[make_entry(month) for month in range(1, 6)])
    assert (fault.severity, fault.where, fault.rows) == ("warning", "monitoring.entered_on", (2, 3, 4, 5))
    assert find("entered_twice", monitoring=[make_entry(month) for month in range(1, 4)]) is None
    cleared = [make_entry(month, cleared_on=dt.date(2023, month + 1, 1)) for month in range(1, 7)]
    assert find("entered_twice", monitoring=cleared) is None
    later = [row | {"cleared_on": None, "recorded_on": row["entered_on"]} for row in cleared]
    again = [row | {"recorded_on": row["cleared_on"]} for row in cleared]
    assert find("entered_twice", monitoring=later + again) is None


def test_deliveries_that_each_repeat_the_months_before_count_every_copy(find):
    rows = find.income(12)
    rolling = [
        row | {"recorded_on": DAY(2022 + month // 12, month % 12 + 1, 5)}
        for delay in range(3)
        for row in rows
        for month in [row["period_start"].month + delay]
    ]
    fault = find("delivered_twice", income=rolling)
    assert fault.count == 2 * len(rows)
    assert f"they add {2 * sum(row['amount'] for row in rows):,.0f} to the sum" in fault.message


def test_all_rows_of_a_household_that_is_delivered_again_are_counted(find):
    rows = [row | {"recorded_on": row["period_start"].replace(day=28)} for row in find.income(24)]
    again = [row for row in rows if row["household_id"] == "0013"]
    fault = find("delivered_twice", income=rows + add_date(again, DAY(2024, 3, 1)))
    assert fault.count == 24
    assert f"they add {sum(row['amount'] for row in again):,.0f} to the sum" in fault.message


def test_a_delivery_that_states_nearly_the_same_amounts_again_is_found(find):
    first = add_date(find.income(12), DAY(2023, 1, 5))
    again = [row | {"amount": row["amount"] * 1.03} for row in add_date(find.income(12), DAY(2024, 1, 8))]
    fault = find("delivered_twice", income=first + again)
    assert (fault.where, fault.count, fault.rows[0]) == ("income.recorded_on", 48, 49)
    other = [row | {"amount": 300.0 + 47 * (i % 40)} for i, row in enumerate(again)]
    assert find("delivered_twice", income=first + other) is None


# -- member_of_two_households -----------------------------------------------------------------------------------------


def test_a_member_of_two_households_is_reported_for_both(find):
    rows = [{"household_id": home, "member_id": f"{home}-{i}"} for home in HOMES for i in range(3)]
    double = {"household_id": "0013", "member_id": "0012-1"}
    fault = find("member_of_two_households", members=[*rows, double])
    assert (fault.severity, fault.where, fault.count, fault.rows) == ("warning", "members.member_id", 2, (2, 13))
    left = rows[1] | {"recorded_on": DAY(2023, 5, 1), "left_on": DAY(2023, 4, 20)}
    assert find("member_of_two_households", members=[*rows, double, left]) is None
    numbered = [row | {"member_id": row["member_id"][-1]} for row in rows]
    assert find("member_of_two_households", members=numbered) is None


# -- record_numbers_reused --------------------------------------------------------------------------------------------


def test_record_numbers_that_start_again_are_reported(find):
    rows = [
        row | {"record_id": str(i % 4), "recorded_on": row["period_start"].replace(day=28)}
        for i, row in enumerate(find.income(12))
    ]
    fault = find("record_numbers_reused", income=rows)
    assert (fault.severity, fault.where, fault.count, fault.rows[:2]) == ("warning", "income.record_id", 44, (1, 2))
    assert "another household, time or kind has the same record_id: '0' (11×)" in fault.message


def test_corrections_are_not_reused_numbers(find):
    rows = [row | {"record_id": str(i), "recorded_on": DAY(2024, 1, 5)} for i, row in enumerate(find.income(12))]
    changed = [row | {"amount": 1.0, "recorded_on": DAY(2024, 2, 5)} for row in rows[:6]]
    moved = [rows[7] | {"household_id": "0012", "recorded_on": DAY(2024, 2, 5)}]
    assert find("record_numbers_reused", income=rows + changed + moved) is None


# -- sum_beside_parts -------------------------------------------------------------------------------------------------


def make_year(amount, source="wage", start=START, **cells):
    row = {"household_id": "0013", "period_start": start, "months": 12, "source": source, "amount": amount}
    return [row | cells]


def test_a_yearly_sum_beside_its_months(find):
    months = sum(row["amount"] for row in find.income(12) if row["household_id"] == "0013")
    rows = [row | {"months": 1} for row in find.income(12)]
    fault = find("sum_beside_parts", income=rows + make_year(months * 1.02))
    assert (fault.severity, fault.where, fault.count, fault.rows) == ("warning", "income.months", 1, (49,))
    assert f"so that {months * 1.02:,.0f} yuan count twice" in fault.message
    assert find("sum_beside_parts", income=rows + make_year(months, statement=True)) is None
    assert find("sum_beside_parts", income=rows + make_year(months, "transfer")) is None
    assert find("sum_beside_parts", income=rows + make_year(months, start=DAY(2025, 1, 1))) is None


def test_another_payment_for_the_year_is_no_sum(find):
    rows = [row | {"months": 1} for row in find.income(12)]
    assert find("sum_beside_parts", income=rows + make_year(2600.0)) is None


def test_a_yearly_sum_beside_most_of_its_months(find):
    rows = [row | {"months": 1} for row in find.income(9)]
    months = sum(row["amount"] for row in rows if row["household_id"] == "0013")
    fault = find("sum_beside_parts", income=rows + make_year(months * 4 / 3))
    assert fault.rows == (37,)
    assert f"so that {months:,.0f} yuan count twice" in fault.message
    assert find("sum_beside_parts", income=rows[:20] + make_year(months * 4 / 3)) is None
    assert find("sum_beside_parts", income=rows[:20] + make_year(months * 4 / 3, start=DAY(2021, 12, 1))) is None


def test_periods_of_which_one_starts_within_the_other(find):
    rows = make_year(12000.0) + make_year(24000.0, start=DAY(2022, 10, 1))
    fault = find("sum_beside_parts", income=rows)
    assert fault.rows == (2,)
    assert "so that 6,000 yuan count twice" in fault.message
    assert find("sum_beside_parts", income=make_year(12000.0) + make_year(12000.0, start=DAY(2023, 1, 1))) is None
    assert find("sum_beside_parts", income=make_year(12000.0) + make_year(9000.0)) is None
    assert (
        find("sum_beside_parts", income=rows[:1] + make_year(24000.0, start=DAY(2022, 10, 1), statement=True)) is None
    )


def test_a_yearly_total_beside_monthly_totals_is_reported_whatever_its_amount(find):
    rows = [row | {"months": 1, "source": "total"} for row in find.income(6)]
    assert find("sum_beside_parts", income=rows + make_year(30000.0, "total")).count == 1


def test_a_sum_that_was_withdrawn_does_not_count(find):
    rows = [row | {"months": 1, "record_id": None, "recorded_on": None} for row in find.income(12)]
    total = make_year(11000.0, record_id="y", recorded_on=DAY(2023, 1, 5))
    assert find("sum_beside_parts", income=rows + total).count == 1
    withdrawn = make_year(None, record_id="y", recorded_on=DAY(2023, 2, 5))
    assert find("sum_beside_parts", income=rows + total + withdrawn) is None


def make_sum(rows, shift=0, factor=1.0):
    """Return a row for one month after 2022 began that has the sum of the household's months of 2022."""
    amount = sum(r["amount"] for r in rows if r["household_id"] == "0013" and r["period_start"].year == 2022)
    row = {"household_id": "0013", "period_start": DAY(2022, 1 + shift, 1), "source": rows[0]["source"]}
    return row | {"amount": amount * factor}


@pytest.mark.parametrize("shift", [0, 11])
def test_the_sum_of_a_year_that_is_stated_for_its_first_or_last_month(find, shift):
    rows = find.income(24)
    fault = find("sum_beside_parts", income=[*rows, make_sum(rows, shift)])
    assert (fault.severity, fault.where, fault.count, fault.rows) == ("warning", "income.amount", 1, (97,))
    assert "are for one month and have the amount of a year: '10998.0'" in fault.message
    own = [r for r in rows if (r["household_id"], r["period_start"]) != ("0013", DAY(2022, 1 + shift, 1))]
    assert find("sum_beside_parts", income=[*own, make_sum(rows, shift)]).rows == (96,)
    assert find("sum_beside_parts", income=[*own, make_sum(own, shift)]).rows == (96,)
    assert find("sum_beside_parts", income=[*rows, make_sum(rows, shift) | {"months": 12}]).where == "income.months"
    assert find("sum_beside_parts", income=[*rows, make_sum(rows, shift, 0.9)]) is None


def test_sums_that_are_stated_for_every_january(find):
    rows = find.income(60)
    sums = [make_sum(rows) | {"period_start": DAY(year, 1, 1)} for year in range(2022, 2027)]
    assert find("sum_beside_parts", income=rows + sums).count == 5


def test_income_that_may_come_at_once_or_rise_is_no_sum(find):
    for source in ("business", "total"):
        rows = find.income(24, source=source)
        assert find("sum_beside_parts", income=[*rows, make_sum(rows, 9)]) is None
    rows = find.income(24)
    risen = [r | {"amount": r["amount"] * 11.9} if r["period_start"] >= DAY(2022, 12, 1) else r for r in rows]
    assert find("sum_beside_parts", income=risen) is None
    piecework = [r | {"amount": r["amount"] * (1 + r["period_start"].month % 3)} for r in rows]
    assert find("sum_beside_parts", income=[*piecework, make_sum(piecework, 11)]) is None


# -- size_against_members ---------------------------------------------------------------------------------------------


def make_roster(sizes, **cells):
    return [
        {"household_id": home, "member_id": str(i), "recorded_on": None, "left_on": None} | cells
        for home, size in zip(HOMES, sizes, strict=True)
        for i in range(size)
    ]


def test_size_that_differs_from_the_members(find):
    fault = find("size_against_members", households=find.homes(size=1), members=make_roster((2, 5, 1, 5)))
    assert (fault.severity, fault.where, fault.count, fault.rows) == ("warning", "households.size", 3, (1, 2, 4))
    assert "by up to 4: '1 ≠ 5' (2×), '1 ≠ 2'" in fault.message
    assert find("size_against_members", members=make_roster((3, 3, 3, 3))) is None


def test_too_few_members_are_reported_only_if_most_households_have_all_of_theirs(find):
    assert find("size_against_members", members=make_roster((1, 2, 1, 1))) is None
    assert find("size_against_members", members=make_roster((3, 3, 1, 3))).rows == (3,)


def test_only_the_latest_versions_are_compared(find):
    members = make_roster((3, 3, 3, 3))
    members += [
        {"household_id": "0013", "member_id": member, "recorded_on": DAY(2023, 5, 1), "left_on": DAY(2023, 4, 1)}
        for member in "01"
    ]
    homes = [row | {"recorded_on": None} for row in find.homes()]
    smaller = homes[1] | {"size": 1, "recorded_on": DAY(2023, 6, 1)}
    assert find("size_against_members", households=homes, members=members).rows == (2,)
    assert find("size_against_members", households=[*homes, smaller], members=members) is None


def test_a_single_difference_of_one_person_is_not_reported(find):
    homes = [f"{i:04}" for i in range(100)]
    members = [{"household_id": home, "member_id": str(i)} for home in homes for i in range(3)]
    late = [{"household_id": "0007", "member_id": "3"}]
    rows = {"households": find.homes(homes), "income": find.income(1, homes)}
    assert find("size_against_members", members=members + late, **rows) is None
    assert find("size_against_members", members=members + late + [late[0] | {"member_id": "4"}], **rows).count == 1


# -- region_without_line ----------------------------------------------------------------------------------------------


def make_line(prefix, amount=7000.0, start=START):
    return {"region_code": prefix, "effective_from": start, "amount": amount}


def recode_homes(find, *homes, code="130581101001"):
    changed = [row | {"region_code": code, "recorded_on": DAY(2023, 7, 1)} for row in find.homes(homes)]
    names = {"code": "x", "before": "x", "own": "x", "county": "x", "stated": "x", "prefix": "x", "old": "x"}
    return [row | {"recorded_on": None} | names for row in find.homes()] + changed


def test_a_changed_code_that_loses_its_line(find):
    fault = find("region_without_line", households=recode_homes(find, *HOMES), lines=[make_line("130529")])
    assert (fault.severity, fault.where, fault.count) == ("warning", "households.region_code", 4)
    assert fault.rows[0] == 5
    assert "'130529 → 130581' (4×)" in fault.message
    assert find("region_without_line", households=recode_homes(find, "0012"), lines=[make_line("130529")]).count == 1
    both = [make_line("130529"), make_line("130581")]
    assert find("region_without_line", households=recode_homes(find, *HOMES), lines=both) is None
    assert find("region_without_line", households=recode_homes(find, *HOMES), lines=[make_line("13")]) is None


def test_the_line_of_a_larger_region_is_enough_for_one_moved_household_but_not_for_a_whole_county(find):
    lines = [make_line("130529"), make_line("13", 6000.0)]
    assert find("region_without_line", households=recode_homes(find, "0012"), lines=lines) is None
    assert find("region_without_line", households=recode_homes(find, *HOMES), lines=lines).count == 4


def test_households_that_keep_their_villages_below_another_county_have_not_moved(find):
    """Of thirteen households, three are in a town that was given to another county: no line of their own is left."""
    lines, base = [make_line("130529"), make_line("13", 6000.0)], find.homes()[0]
    more = [base | {"household_id": f"9{i:03d}", "recorded_on": None} for i in range(9)]
    for code, count in (("130581101001", 3), ("130581207005", None)):
        fault = find("region_without_line", households=recode_homes(find, *HOMES[:3], code=code) + more, lines=lines)
        assert (fault and fault.count) == count


def test_the_code_of_a_town_that_has_a_line_of_its_own(find):
    lines = [make_line("130529101"), make_line("130529", 6000.0)]
    fault = find("region_without_line", households=recode_homes(find, *HOMES, code="130529102001"), lines=lines)
    assert (fault.count, "'130529101 → 130529102' (4×)" in fault.message) == (4, True)
    moved = recode_homes(find, "0012", code="130529102001")
    assert find("region_without_line", households=moved, lines=lines) is None
    within = recode_homes(find, *HOMES, code="130529101002")
    assert find("region_without_line", households=within, lines=lines) is None


# -- smaller_delivery -------------------------------------------------------------------------------------------------


def test_a_delivery_with_far_fewer_households(find):
    rows = [row | {"recorded_on": row["period_start"].replace(day=28)} for row in find.income(12)]
    assert find("smaller_delivery", income=rows) is None
    fault = find("smaller_delivery", income=rows[:-3])
    assert (fault.severity, fault.where, fault.count, fault.rows) == ("warning", "income.recorded_on", 1, (45,))
    assert "with 1 household(s); the delivery of 2022-11-28 had 4: '2022-12-28'" in fault.message


def test_corrections_and_single_reports_are_no_deliveries(find):
    rows = [
        row | {"recorded_on": row["period_start"].replace(day=28), "record_id": str(i)}
        for i, row in enumerate(find.income(12))
    ]
    correction = rows[0] | {"recorded_on": DAY(2023, 1, 9), "amount": 1.0}
    assert find("smaller_delivery", income=[*rows, correction]) is None
    one_by_one = [row | {"recorded_on": DAY(2023, 1, 1) + dt.timedelta(days=i)} for i, row in enumerate(rows)]
    assert find("smaller_delivery", income=one_by_one) is None


# -- one_recording_day ------------------------------------------------------------------------------------------------


def test_one_day_of_recording_for_years_of_income(find):
    fault = find("one_recording_day", income=add_date(find.income(24), DAY(2024, 1, 31)))
    assert (fault.severity, fault.where, fault.count, fault.rows[0]) == ("warning", "income.recorded_on", 96, 1)
    assert "'2024-01-31' (96×)" in fault.message
    assert find("one_recording_day", income=add_date(find.income(24), None)) is None
    assert find("one_recording_day", income=add_date(find.income(24), DAY(2022, 6, 1))) is None
    assert find("one_recording_day", households=[row | {"recorded_on": DAY(2024, 1, 31)} for row in find.homes()])
    several = add_date(find.income(24)[:50], DAY(2023, 1, 31)) + add_date(find.income(24)[50:], DAY(2024, 1, 31))
    assert find("one_recording_day", income=several) is None

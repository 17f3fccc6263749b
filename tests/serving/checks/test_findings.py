"""What is found in the rows of a request is what ``riskml check`` finds in a folder with the same rows."""

from __future__ import annotations

import csv
import datetime as dt

import pytest

from riskml.records.checking.check import check
from riskml.records.checking.registry import CHECKS
from riskml.records.contract.faults import Severity
from riskml_serving.checks.comparisons import plan_warnings
from riskml_serving.store.records.columns import to_columns

TODAY = dt.date(2024, 6, 30)
TOWN = "370112001"
USUAL = (("", dt.date(2020, 1, 1), 6000.0),)
LINE = {"region_code": "", "effective_from": dt.date(2020, 1, 1), "amount": 6000.0}
HOMES, MANY = ([f"h{i}" for i in range(number)] for number in (6, 12))


def make_homes(homes=HOMES, size=3, region=f"{TOWN}001", **cells):
    return [{"household_id": home, "region_code": region, "size": size, **cells} for home in homes]


def make_members(homes, number):
    return [{"household_id": home, "member_id": str(i), "birth_year": 1980} for home in homes for i in range(number)]


def make_income(months=12, homes=HOMES, factor=1.0, **cells):
    return [
        {
            "household_id": home,
            "period_start": dt.date(2022 + month // 12, month % 12 + 1, 1),
            "source": "wage",
            "amount": (900.0 + 10 * i + month) * factor,
            **cells,
        }
        for month in range(months)
        for i, home in enumerate(homes)
    ]


def make_entry(month, **cells):
    return {"household_id": "h1", "category": "borderline", "entered_on": dt.date(2023, month, 1), **cells}


def make_bills(homes=HOMES, **cells):
    bill = {"occurred_on": dt.date(2023, 5, 4), "kind": "other", "cost": 90.0, "self_paid": 30.0}
    return [{"household_id": home, **bill, **cells} for home in homes]


def replace(rows, position, **cells):
    return [row | cells if i == position else row for i, row in enumerate(rows)]


TWO_SOURCES = make_income(18) + make_income(18, source="transfer")
SLIP = replace(make_income(), 20, amount=91_200.0)
RECODED = make_homes(recorded_on=dt.date(2022, 1, 1)) + make_homes(
    HOMES[:4], region="370112002001", recorded_on=dt.date(2023, 7, 1)
)
DELIVERED = make_income(recorded_on=dt.date(2023, 1, 5))
LATER = make_income(18, recorded_on=dt.date(2024, 1, 5))[72:]
TABLES = {
    "born in 1893": ({"members": [{"household_id": "h1", "member_id": "1", "birth_year": 1893}]}, {"early_day"}),
    "a left_on of Unix": ({"members": [{**make_members(["h1"], 1)[0], "left_on": dt.date(1970, 1, 1)}]}, {"early_day"}),
    "a line from the beginning": ({"lines": [LINE | {"effective_from": dt.date(1900, 1, 1)}]}, set()),
    "a slipped amount": ({"income": SLIP}, {"slipped_amount"}),
    "a year in a month": ({"income": replace(make_income(), 68, amount=11_000.0)}, {"sum_beside_parts"}),
    "a harvest": ({"income": [row | {"source": "business"} for row in replace(SLIP, 21, amount=88_000.0)]}, set()),
    "zeros to the end of the year": (
        {"income": [row | {"amount": row["amount"] * (row["period_start"].month < 9)} for row in make_income()]},
        {"zero_ahead", "little_income"},
    ),
    "a household without income": ({"income": [*make_income()[:-1], make_income()[-1] | {"amount": 0.0}]}, set()),
    "rosters of which one is short": (
        {"members": make_members(HOMES[:5], 3) + make_members(HOMES[5:], 1)},
        {"size_against_members"},
    ),
    "short rosters": ({"members": make_members(HOMES, 2)}, set()),
    "long rosters": ({"members": make_members(HOMES, 4)}, {"size_against_members"}),
    "two households in ten thousands": (
        {"income": make_income(homes=HOMES[:4]) + make_income(homes=HOMES[4:], factor=1e-4)},
        {"amount_in_ten_thousands"},
    ),
    "one delivery in ten thousands": (
        {"income": DELIVERED + [row | {"amount": row["amount"] / 1e4} for row in LATER]},
        {"amount_in_ten_thousands", "little_income"},
    ),
    "one small amount": ({"income": replace(make_income(), 7, amount=0.09)}, set()),
    "delivered twice": (
        {"income": DELIVERED + [row | {"recorded_on": dt.date(2023, 3, 5)} for row in DELIVERED]},
        {"delivered_twice"},
    ),
    "delivered twice, and much else since": (
        {"income": DELIVERED + LATER + [row | {"recorded_on": dt.date(2023, 3, 5)} for row in DELIVERED]},
        {"delivered_twice"},
    ),
    "delivered again with corrected amounts": (
        {
            "income": DELIVERED
            + [row | {"recorded_on": dt.date(2023, 3, 5), "amount": row["amount"] * 0.97} for row in DELIVERED]
        },
        {"delivered_twice"},
    ),
    "wages of two employers": (
        {
            "income": DELIVERED
            + [
                row | {"recorded_on": dt.date(2023, 3, 5), "amount": 500.0 + 60 * (i % 23)}
                for i, row in enumerate(DELIVERED)
            ]
        },
        set(),
    ),
    "a month in fen": (
        {"income": [row | {"amount": row["amount"] * 100 ** (row["period_start"].month == 9)} for row in TWO_SOURCES]},
        {"amount_in_fen"},
    ),
    "a household in ten thousands": (
        {"income": [row | {"amount": row["amount"] / 10_000 ** (row["household_id"] == "h1")} for row in TWO_SOURCES]},
        {"amount_in_ten_thousands"},
    ),
    "nines": (
        {"income": [row | {"amount": 99_999.0 if i % 30 == 3 else row["amount"]} for i, row in enumerate(TWO_SOURCES)]},
        {"survey_code"},
    ),
    "a person in two households": (
        {
            "members": [
                row | {"member_id": f"{row['household_id']}-{row['member_id']}"} for row in make_members(HOMES, 2)
            ]
            + [{"household_id": "h1", "member_id": "h0-1"}]
        },
        {"member_of_two_households"},
    ),
    "care of somebody unknown": (
        {
            "members": make_members(HOMES, 3),
            "illness": [
                {"household_id": "h1", "member_id": code, "occurred_on": dt.date(2023, 5, 4), "kind": "other"}
                for code in ("0", "7")
            ],
        },
        {"unknown_member"},
    ),
    "visits of 99": (
        {
            "illness": [
                {"household_id": home, "occurred_on": dt.date(2023, 5, 4), "kind": "other", "visits": visits}
                for home, visits in zip(HOMES, (1, 99, 2, 99, 99, 3), strict=True)
            ]
        },
        {"survey_code"},
    ),
    "visits of dialysis": (
        {
            "illness": [
                {"household_id": home, "occurred_on": dt.date(2023, 5, 4), "kind": "other", "visits": visits}
                for home, visits in zip(HOMES, (1, 99, 150, 99, 99, 3), strict=True)
            ]
        },
        set(),
    ),
    "sums since January": (
        {
            "income": [
                row | {"amount": row["amount"] * row["period_start"].month if months > 6 else row["amount"]}
                for months in (12, 5)
                for row in make_income(months, source="wage" if months > 6 else "transfer")
            ]
        },
        {"sums_since_january"},
    ),
    "one code for several households": (
        {"households": make_homes(MANY), "income": make_income(homes=MANY[1:]) + make_income(homes=MANY[:1] * 8)},
        {"several_households"},
    ),
    "wages of persons": ({"income": make_income(member_id="1", source="wage")}, {"only_parts"}),
    "wages of persons beside those of households": ({"income": make_income() + make_income(member_id="1")}, set()),
    "a monthly list of the monitored": (
        {"monitoring": [make_entry(month) for month in (1, 2, 3, 4)]},
        {"entered_twice"},
    ),
    "the end of monitoring": (
        {
            "monitoring": [
                make_entry(1),
                make_entry(1, recorded_on=TODAY, cleared_on=dt.date(2023, 2, 1)),
                make_entry(3),
            ]
        },
        set(),
    ),
    "help that ended": (
        {
            "help": [
                {"household_id": home, "started_on": dt.date(2022, 3, 1), "measure": "低保", "amount": 300.0, **cells}
                for cells in (
                    {"recorded_on": dt.date(2022, 3, 9)},
                    {"recorded_on": dt.date(2023, 3, 9), "ended_on": dt.date(2023, 3, 1)},
                )
                for home in HOMES
            ]
        },
        {"delivered_twice"},
    ),
    "help of a month in fen": (
        {
            "help": [
                {"household_id": home, "started_on": dt.date(2022, 3, 1), "measure": "低保", "amount": 42_000.0}
                | {"per": "month"}
                for home in HOMES
            ]
        },
        {"amount_in_fen"},
    ),
    "a line in thirty years": ({"lines": [LINE, LINE | {"effective_from": dt.date(2054, 1, 1)}]}, {"future_day"}),
    "persons who are all in two households": (
        {"members": [{"household_id": home, "member_id": f"370112001-{i % 3}"} for i, home in enumerate(HOMES)]},
        {"member_of_two_households"},
    ),
    "members numbered in each household": ({"members": make_members(HOMES, 3)}, set()),
    "identity card numbers": (
        {
            "illness": [
                {"household_id": "h1", "occurred_on": dt.date(2023, 5, 4), "kind": "other", "record_id": number}
                for number in ("11010519491231002X", "110105194912310038")
            ]
        },
        {"personal_number"},
    ),
    "a few rows alike": ({"income": DELIVERED + LATER + [DELIVERED[3] | {"recorded_on": TODAY}]}, set()),
    "a town with another code": (
        {"households": RECODED, "lines": [LINE, LINE | {"region_code": TOWN, "amount": 7000.0}]},
        {"region_without_line"},
    ),
    "a town with another code and a line": (
        {
            "households": RECODED,
            "lines": [LINE] + [LINE | {"region_code": code, "amount": 7000.0} for code in (TOWN, "370112002")],
        },
        set(),
    ),
    "some villages below another county": (
        {
            "households": make_homes(recorded_on=dt.date(2022, 1, 1))
            + make_homes([f"o{i}" for i in range(9)], recorded_on=dt.date(2022, 1, 1))
            + make_homes(HOMES[:3], region="370113001001", recorded_on=dt.date(2023, 7, 1)),
            "lines": [LINE | {"region_code": code} for code in ("37", "370112")],
        },
        {"region_without_line"},
    ),
    "a family of 400": ({"households": make_homes(HOMES[:5]) + make_homes(HOMES[5:], 400)}, {"above_plausible"}),
    "bills sent twice in one list": ({"illness": make_bills() + make_bills(HOMES[:1])}, {"equal_rows"}),
    "bills of May in April": ({"illness": make_bills(recorded_on=dt.date(2023, 4, 1))}, {"recorded_before_day"}),
    "bills of long ago": (
        {
            "illness": make_bills(HOMES[:1], occurred_on=dt.date(2015, 5, 4), recorded_on=TODAY)
            + make_bills(HOMES[1:], recorded_on=dt.date(2023, 6, 1))
        },
        {"recorded_very_late"},
    ),
    "more paid than it cost": ({"illness": make_bills(self_paid=99.0)}, {"self_paid_above_cost"}),
    "a withdrawal of nothing": (
        {"illness": make_bills() + make_bills(HOMES[:1], kind="chronic", withdrawn=True)},
        {"withdrawn_without_record"},
    ),
    "numbers that start again": (
        {
            "illness": make_bills(HOMES[:2], record_id="1", recorded_on=dt.date(2023, 6, 1))[:1]
            + make_bills(HOMES[:1], record_id="2", kind="chronic", recorded_on=dt.date(2023, 6, 1))
            + make_bills(HOMES[:1], record_id="1", kind="inpatient", recorded_on=dt.date(2023, 7, 1))
            + make_bills(HOMES[:1], record_id="2", kind="outpatient", recorded_on=dt.date(2023, 7, 1))
        },
        {"record_numbers_reused"},
    ),
    "a year beside its months": (
        {"income": [*make_income(), {**make_income()[0], "months": 12, "amount": 11_000.0}]},
        {"sum_beside_parts"},
    ),
    "income of a village": (
        {"income": replace(make_income(), 3, amount=9_000_000.0)},
        {"much_income", "slipped_amount"},
    ),
    "an old line": ({"lines": [LINE | {"amount": 4000.0, "effective_from": dt.date(2019, 1, 1)}]}, {"old_line"}),
    "a monthly line": ({"lines": [LINE | {"amount": 500.0}]}, {"implausible_line", "old_line"}),
    "no line for the first year": ({"lines": [LINE | {"effective_from": dt.date(2022, 6, 1)}]}, {"no_line"}),
    "codes cut by a spreadsheet": (
        {"members": [{"household_id": home, "member_id": f"37011200100{i}0130000"} for i, home in enumerate(HOMES)]},
        {"lost_digits"},
    ),
    "no line for the new county": (
        {
            "households": make_homes(recorded_on=dt.date(2022, 1, 1))
            + make_homes(["h1"], region="370113001001", recorded_on=dt.date(2023, 7, 1)),
            "lines": [LINE | {"region_code": "370112"}],
        },
        {"region_without_line"},
    ),
}


FOLDER_ONLY = {rule.code for rule in CHECKS if rule.folder_only}


def check_folder(folder, tables):
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(column for row in rows for column in row)))
            writer.writeheader()
            writer.writerows(rows)
    report = check(folder, usual_lines=USUAL)
    assert report.ok, report.faults
    return {fault.code for fault in report.warnings}


@pytest.mark.parametrize("kind", TABLES)
def test_a_request_and_a_folder_agree(kind, tmp_path):
    tables, codes = TABLES[kind]
    tables = {"households": make_homes(), "income": make_income(), "lines": [LINE]} | tables
    search = plan_warnings({name: to_columns(rows) for name, rows in tables.items()}, {}, TODAY, USUAL)
    assert {warning.code for warning in (search() if search else ())} == codes
    assert check_folder(tmp_path, tables) - FOLDER_ONLY == codes


def test_every_warning_is_given_for_requests_or_says_why_not():
    reached = set().union(*(codes for _, codes in TABLES.values()))
    warnings = {rule.code for rule in CHECKS if rule.severity is Severity.WARNING}
    assert warnings - reached == FOLDER_ONLY
    assert not reached & FOLDER_ONLY

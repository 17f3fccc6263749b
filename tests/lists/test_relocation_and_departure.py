"""Lists of resettled households with what was paid to them, and of departures with reasons or unclear persons."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.deliveries import read_deliveries
from riskml.lists.taking import take

PAID = {"help.measure": "公益性岗位补贴", "help.amount": "800元", "help.started_on": "2024年6月3日"}
GONE = {"members.left_on": "20240603", "events.kind": "购房入户"}


def test_money_for_a_resettled_household_is_help_paid_once(list_records):
    known = {"started_on": date(2024, 6, 3), "measure": "公益性岗位", "amount": 800}
    assert list_records("relocation", PAID) == [("help", known)]
    assert list_records("relocation", PAID | {"help.measure": None})[0][1]["measure"] == "易地搬迁"
    assert list_records("relocation", PAID | {"help.amount": 0}) == []


@pytest.mark.parametrize(
    ("kind", "day", "changes", "left"),
    [
        ("迁移原因", "迁出日期", {}, True),
        ("迁移类型", "迁出日期", {}, False),
        ("迁移原因", "迁移日期", {}, False),
        ("迁移原因", "迁出日期", {"members.left_on": None}, False),
    ],
)
def test_why_somebody_left_does_not_say_that_he_came(list_records, kind, day, changes, left):
    records = list_records("departure", GONE | changes, headers={"events.kind": kind, "members.left_on": day})
    assert records == ([("members", {"left_on": date(2024, 6, 3)})] if left else [])


def test_a_departure_of_an_unknown_member_of_a_known_household_is_a_question(tmp_path, make_register, person, number):
    numbers = [number("19850312", 234), number("19870405", 235)]
    register = make_register(person("H0101", "王小兰", numbers[0]), person("H0102", "赵明", numbers[1]))
    path = tmp_path / "迁出.csv"
    path.write_text(
        f"姓名,身份证号,住址,迁出日期\n王小兰,{numbers[0]},青石镇新民村,2024-06-03\n赵明,{numbers[0]},青石镇新民村,2024-06-03\n",
        "utf-8",
    )
    deliveries = read_deliveries([path], [], register, {"迁出.csv": date(2024, 7, 5)}, date.max, None, lambda _: None)
    rows = take(deliveries, register, {}).rows
    assert [(row.outcome, row.reason) for row in rows[1:]] == [("taken", ""), ("ask", "number_of_other")]
    assert rows[2].candidates == ("H0102",)

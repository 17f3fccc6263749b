"""Amounts under headers that nobody knows: the other amounts decide what they are, or the list becomes a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.lists.reading.amounts import complete_bill
from riskml.lists.reading.cells import Body

KNOWN = {"C": "illness.cost", "P": "illness.self_paid", "-": "other"}
cents = st.integers(0, 10**6).map(lambda number: number / 100)


@pytest.mark.parametrize(
    ("header", "first", "second", "fields"),
    [
        (["总费用", "统筹支付", "甲"], (100, 60, 40), (80, 50, 30), "C-P"),
        (["甲", "统筹支付", "个人自付"], (100, 60, 40), (80, 50, 30), "C-P"),
        (["甲", "统筹支付", "乙"], (100, 60, 40), (80, 50, 30), "C-P"),
        (["总费用", "医保出", "民政出", "自己出的"], (100, 50, 10, 40), (80, 50, 0, 30), "C--P"),
        (["总费用", "医保出", "民政出", "剩下的"], (100, 50, 10, 40), (80, 50, 0, 30), "C---"),
        (["总费用", "甲"], (100, 40), (80, 30), "C-"),
        (["总费用", "甲", "乙"], (100, 60, 40), (80, 50, 30), "C--"),
        (["看病一共", "农合给的", "剩下的"], (100, 60, 40), (80, 50, 30), "C-P"),
        (["报了多少", "一共花了", "自己一共花了"], (60, 100, 40), (50, 80, 30), "-CP"),
        (["总费用", "统筹支付", "个人在内", "个人在外"], (100, 60, 30, 10), (80, 50, 30, 0), "C-PP"),
        (["总费用", "统筹支付", "个人在内", "个人在外"], (100, 60, 30, 5), (80, 50, 20, 0), "C---"),
        (["总费用", "统筹支付", "甲"], (100, 0, 100), (80, 0, 80), "C--"),
        (["总费用", "统筹支付", "甲", "乙"], (100, 60, 40, 40), (80, 50, 30, 30), "C---"),
    ],
)
def test_what_a_bill_cost_and_what_was_paid_follow_from_the_other_amounts(
    read, list_fields, header, first, second, fields
):
    sheet = read([["住院费用明细"], ["姓名", *header], ["某某", *first], ["某甲", *second]])
    assert list_fields(sheet) == ["name", *(KNOWN[letter] for letter in fields)]
    assert sheet.unclear == ("" if "P" in fields else "illness.self_paid")


def test_a_bill_of_which_only_the_total_is_known_is_no_question(read, list_fields):
    sheet = read([["住院费用明细"], ["姓名", "看病一共"], ["某某", 100], ["某甲", 80]])
    assert (list_fields(sheet), sheet.unclear) == (["name", "illness.cost"], "")


def test_a_column_beside_a_known_fund_is_a_fund(read, list_fields):
    header = [["姓名", "总费用", "三重保障", None, "掌柜的"], [None, None, "基本", "大病支付", None]]
    rows = [["某某", 100, 50, 10, 40], ["某甲", 80, 50, 0, 30]]
    sheet = read([["住院费用明细"], *header, *rows], merge=["C2:D2"])
    assert list_fields(sheet) == ["name", "illness.cost", "other", "other", "illness.self_paid"]


@given(st.lists(st.tuples(cents, cents, cents), min_size=2, max_size=6), st.integers(0, 2))
def test_no_other_column_is_taken_for_what_was_paid(bills, known):
    rows = [[paid + fund, fund, paid, noise] for paid, fund, noise in bills]
    fields = [{0: "illness.cost"}, {2: "illness.self_paid"}, {}][known]
    amounts = [j for j in (0, 2, 3) if j not in fields]
    shown = complete_bill(fields, [1], amounts, "个人", Body([["甲"]] * 4, rows))
    near = [2 + 0.02 * row[0] for row in rows]  # sums agree up to 1 yuan and 1%
    strange = [min(abs(x - b), abs(x - p), f) <= d for (b, f, p, x), d in zip(rows, near, strict=True)]
    right = {j: name for j, name in {0: "illness.cost", 2: "illness.self_paid"}.items() if j not in fields}
    assert any(strange) or shown in ({}, right)


@pytest.mark.parametrize(("left", "field"), [((4000, 900), "events.amount"), ((5000, 1900), "other")])
def test_what_is_left_of_a_fee_after_the_aid_counts_instead_of_its_parts(read, list_fields, left, field):
    rows = [["某某", 4000, 1000, 1000, left[0]], ["某甲", 1500, 400, 1000, left[1]]]
    fields = list_fields(read([["学生学费"], ["姓名", "学费", "住宿费", "资助金额", "掏出来的"], *rows]))
    parts = "other" if field != "other" else "events.amount"
    assert fields == ["name", parts, parts, "help.amount", field]


@pytest.mark.parametrize(
    ("title", "header", "cells", "field"),
    [
        ("低保", ["保障类别", "幸福数"], [("农村低保", 400), ("农村低保", 1200), ("农村低保", 655)], "help.amount"),
        ("临时救助", ["救助原因", "暖心券（元）"], [("因病", 81), ("因病", 99.5), ("因学", 77)], "help.amount"),
        ("临时救助", ["救助原因", "暖心券"], [("因病", 81), ("因病", 99), ("因学", 77)], "other"),
        ("临时救助", ["救助原因", "暖心券"], [("因病", 800), ("因病", 900)], "other"),
        ("临时救助", ["救助原因", "家中开支"], [("因病", 800), ("因病", 900), ("因学", 700)], "other"),
        ("临时救助", ["救助原因", "月工资"], [("因病", 800), ("因病", 900), ("因学", 700)], "other"),
        ("临时救助", ["救助原因", "水电费"], [("因病", 800), ("因病", 900), ("因学", 700)], "other"),
        (
            "灾情",
            ["受灾时间", "救灾款（元）"],
            [("2024-06-04", 500), ("2024-06-04", 600), ("2024-06-05", 300)],
            "other",
        ),
        ("临时救助", ["旧券", "暖心券"], [(500, 800), (600, 900), (700, 700)], "other"),
        (
            "灾情",
            ["受灾时间", "折算"],
            [("2024-06-04", 5000), ("2024-06-04", 12000), ("2024-06-05", 300)],
            "disaster.loss",
        ),
        ("灾情", ["受灾时间", "折算"], [("2024-06-04", 0.5), ("2024-06-04", 1.2), ("2024-06-05", 3)], "other"),
    ],
)
def test_the_only_large_and_round_numbers_are_the_amount(read, list_fields, title, header, cells, field):
    sheet = read([[title], ["姓名", *header], *[["某某", *row] for row in cells]])
    assert list_fields(sheet)[-1] == field
    assert sheet.unclear == ("" if field != "other" else "disaster.loss" if title == "灾情" else "help.amount")


def test_points_are_no_money(read, list_fields):
    sheet = read(
        [["低保"], ["姓名", "保障类别", "评议积分"], *[["某某", "低保", number] for number in (200, 150, 300)]]
    )
    assert (list_fields(sheet)[-1], sheet.unclear) == ("other", "")

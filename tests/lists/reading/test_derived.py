"""Columns that can be computed from others are found by their headers and values, and checked row by row."""

from __future__ import annotations

import pytest

from riskml.lists.reading.derived import find_derived, list_disagreements

WHO = ["姓名", "身份证号"]


def check(sheet):
    """Return the parts of each derived column by its header, and the disagreements by row."""
    names = {column.index: column.header for column in sheet.columns}
    derived = find_derived(sheet)
    made_of = {names[one.column]: sorted(names[part] for part in one.parts) for one in derived}
    rows = {row.number: list_disagreements(derived, row) for row in sheet.rows if row.kind == "data"}
    return made_of, {number: wrong for number, wrong in rows.items() if wrong}


def make_rows(*values):
    return [[f"甲某{i}", f"99012319850312{i:03}X", *own] for i, own in enumerate(values)]


@pytest.mark.parametrize(
    ("header", "rows", "made_of", "wrong"),
    [
        (
            ["学费", "住宿费", "合计"],
            [(1000, 200, 1200), (900, 300, 1200), (800, None, 900)],
            {"合计": ["住宿费", "学费"]},
            {5: [(5, 900.0, 800.0)]},
        ),
        (
            ["学费", "住宿费", "资助金额", "自付合计（元）"],
            [("1,000元", 200, 500, 700), (900, 300, 0, 1200), (800, 100, 100, 950)],
            {"自付合计（元）": ["住宿费", "学费", "资助金额"]},
            {5: [(6, 950.0, 800.0)]},
        ),
        (["损失合计（万元）", "房屋损失（元）"], [(0.5, 5000), (0.6, 6000)], {}, {}),
        (["学费", "住宿费", "合计"], [(1000, 200, 77), (900, 300, 88), (800, 100, 900)], {}, {}),
        (["学费", "住宿费", "合计"], [(0, 0, 0), (None, None, 5), (1, 2, 3)], {}, {}),
    ],
)
def test_a_sum_is_what_at_least_half_of_the_rows_make_it(read, header, rows, made_of, wrong):
    assert check(read([["学费缴纳情况"], [*WHO, *header], *make_rows(*rows)])) == (made_of, wrong)


def test_income_of_the_register_is_compared_with_its_sources_and_per_head(read):
    header = ["户编号", *WHO, "家庭人口数", "工资性收入", "生产经营性收入", "财产性收入", "转移性收入"]
    header += ["生产经营性支出", "纯收入（元）", "人均纯收入（元）"]
    rows = [
        ("h1", 3, 20000, 5000, 0, 1000, 2000, 24000, 8000),
        ("h2", 4, 30000, 0, 100, 900, 0, 31000, 7750),
        ("h3", 2, 10000, 0, 0, 0, 0, 12000, 6000),
        ("h4", 3, 10000, 0, 0, 0, 0, 10000, 3333),
    ]
    content = [[own[0], *who, *own[1:]] for own, who in zip(rows, make_rows(*[()] * 4), strict=True)]
    made_of, wrong = check(read([["防止返贫监测信息系统导出"], header, *content]))
    assert made_of["纯收入（元）"] == sorted(header[4:9])
    assert made_of["人均纯收入（元）"] == ["纯收入（元）"]
    assert wrong == {5: [(10, 12000.0, 10000.0)]}

"""Whom rows are about, and what is stated only in titles, sections and names, or once for several rows."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from riskml.lists.reading.periods import find_period
from riskml.lists.reading.read import identify, read_list

ID = "990123198503122348"
OTHER = "990123199001011230"


def list_data(sheet):
    return [row for row in sheet.rows if row.kind == "data"]


def test_sections_give_town_and_village_of_the_rows_below_them(read):
    sheet = read(
        [
            ["危房户", None, None, None],
            ["户主", "身份证号", "鉴定等级", "鉴定时间"],
            ["一、东沟镇（3户）"],
            ["下河村"],
            ["甲某某", ID, "C", "2024-03-05"],
            ["小计", "", "", 1],
            ["老庄村"],
            ["乙某某", "", "D", "2024-03-06"],
            ["二、西山乡"],
            ["丙某某", "", "D", "2024-03-07"],
        ]
    )
    towns = [(row.context.town, row.context.village) for row in list_data(sheet)]
    assert towns == [("东沟镇", "下河村"), ("东沟镇", "老庄村"), ("西山乡", None)]
    assert identify(sheet, list_data(sheet)[0]).village == "下河村"


def test_sections_may_name_kinds_and_months_instead(read):
    header = ["姓名", "身份证号", "结算金额", "总费用"]
    rows = [["住院"], ["某某", ID, 1, 2], ["门诊"], ["某某", ID, 1, 2], ["4月份"], ["某某", ID, 1, 2]]
    sheet = read([["东沟镇2024年医疗费用"], header, *rows])
    assert [row.context.texts[0] for row in list_data(sheet)] == ["住院", "门诊", "4月份"]
    assert [row.context.town for row in list_data(sheet)] == ["东沟镇"] * 3
    assert [row.context.start for row in list_data(sheet)] == [date(2024, 1, 1), date(2024, 1, 1), date(2024, 4, 1)]


@pytest.mark.parametrize("known", [True, False])
def test_sheets_by_town_and_month(read, villages, known):
    header = ["姓名", "身份证号", "务工地", "月工资"]
    sheets = read(
        {
            "东沟镇": [["某县2024年5月务工台账"], header, ["甲某某", ID, "外省", 3000]],
            "6月": [["某县西山乡2024年上半年务工台账"], header, ["乙某某", OTHER, "外省", 3000]],
        },
        known=villages if known else None,
    )
    assert [(sheet.context.town, sheet.context.start, sheet.context.end) for sheet in sheets] == [
        ("东沟镇", date(2024, 5, 1), date(2024, 5, 31)),
        ("西山乡", date(2024, 6, 1), date(2024, 6, 30)),
    ]


@pytest.mark.parametrize(
    ("texts", "start", "end"),
    [
        (["2024年5月"], "2024-05-01", "2024-05-31"),
        (["1-4月", "2024年"], "2024-01-01", "2024-04-30"),
        (["2023年11月至2024年2月"], "2023-11-01", "2024-02-29"),
        (["收入周期202210-202309"], "2022-10-01", "2023-09-30"),
        (["(2023年度,收入计算周期2022年10月1日至2023年9月30日)"], "2022-10-01", "2023-09-30"),
        (["2024年上半年"], "2024-01-01", "2024-06-30"),
        (["2024年春季学期"], "2024-02-01", "2024-07-31"),
        (["台账202405"], "2024-05-01", "2024-05-31"),
        (["十二月份", "二〇二三年"], "2023-12-01", "2023-12-31"),
        (["2024年6月4日洪涝灾害"], "2024-06-04", "2024-06-04"),
        (["2024年度"], "2024-01-01", "2024-12-31"),
        (["导出20240630"], None, None),
        (["制表时间：2024年6月4日"], None, None),
        (["“8·20”暴雨洪涝灾害", "2024年"], "2024-08-20", "2024-08-20"),
        (["2024年7·14洪灾损失"], "2024-07-14", "2024-07-14"),
        (["发放时间：2024年9月2日"], "2024-09-02", "2024-09-02"),
        (["2024年水稻3.5亩以上"], "2024-01-01", "2024-12-31"),
        (["5月"], None, None),
        (["13月", "台账"], None, None),
    ],
)
def test_periods_in_titles_and_names(texts, start, end):
    period = find_period(texts)
    assert [str(day) for day in period or ()] == ([start, end] if start else [])


def test_merged_cells_of_a_household_are_filled_and_noted(read):
    sheet = read(
        [
            ["低保花名册"],
            ["序号", "村", "户主", "月保障金额", "姓名", "身份证号"],
            [1, "下河村", "甲某某", 900, "甲某某", ID],
            [None, None, None, None, "乙某某", OTHER],
            ["小计", None, None, 900],
        ],
        merge=["A3:A4", "B3:B4", "C3:C4", "D3:D4"],
    )
    first, second = list_data(sheet)
    assert second.cells == (1, "下河村", "甲某某", 900, "乙某某", OTHER)
    assert (first.filled, second.filled) == (frozenset(), frozenset({1, 2, 3, 4}))


@pytest.mark.parametrize(
    ("stated", "filled"),
    [
        (["下河村", None, None, "上河村", None], ["下河村", "下河村", "下河村", "上河村", "上河村"]),
        (["下河村", "下河村", None, "上河村", None], ["下河村", "下河村", None, "上河村", None]),
    ],
)
def test_a_village_is_filled_downwards_only_if_the_list_does_not_repeat_it(read, stated, filled):
    rows = [["2024-05-06", village, f"甲某{i}", "水质浑浊"] for i, village in enumerate(stated)]
    sheet = read([["反映日期", "行政村", "农户", "供水问题"], *rows])
    assert [row.cells[1] for row in list_data(sheet)] == filled


def test_cells_of_a_household_are_filled_without_merged_cells_too(read):
    header = ["序号", "村", "户主", "姓名", "与户主关系", "身份证号", "月保障金额"]
    rows = [[1, "下河村", "甲某某", "甲某某", "户主", ID, 900], [None, None, None, "乙某某", "配偶", OTHER, None]]
    _, member = list_data(read([["低保花名册"], header, *rows]))
    assert member.cells[:3] == (1, "下河村", "甲某某")
    assert member.filled == {1, 2, 3, 7}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (["姓名", "户主", "身份证号", "救助金额"], ["乙某某", None, OTHER, 500]),
        (["序号", "姓名", "身份证号", "救助金额"], [None, "乙某某", OTHER, None]),
        (["序号", "户主", "姓名", "与户主关系", "救助金额"], [2, None, "乙某某", "户主", None]),
        (["序号", "村", "户主", "姓名", "救助金额"], [None, "老庄村", None, "乙某某", None]),
    ],
)
def test_a_missing_cell_of_another_household_is_not_filled(read, header, row):
    first = [1 if name == "序号" else 300 if name == "救助金额" else "甲某某" for name in header]
    _, second = list_data(read([["临时救助"], header, first, row]))
    assert (list(second.cells), second.filled) == (row, frozenset())


def test_ditto_marks_and_towns_that_are_stated_once(read):
    header = ["乡镇", "村", "姓名", "身份证号", "死亡日期"]
    rows = [["东沟镇", "下河村"], [None, "老庄村"], [None, "〃"], ["西山乡", "下河村"], [None, None]]
    sheet = read([header, *([*row, "某某某", ID, "2024-03-05"] for row in rows)])
    assert [identify(sheet, row).village for row in list_data(sheet)] == ["下河村", "老庄村", "老庄村", "下河村", None]
    assert [row.cells[0] for row in list_data(sheet)] == ["东沟镇"] * 3 + ["西山乡"] * 2


def test_identity_holds_cells_as_written(read):
    header = [
        "姓名",
        "身份证号",
        "户主",
        "户主身份证号",
        "与户主关系",
        "乡镇",
        "村",
        "村民小组",
        "联系电话",
        "性别",
        "出生日期",
        "死亡日期",
    ]
    row = [
        " 甲某 ",
        9.90123198503122e17,
        "乙某",
        OTHER,
        "之子",
        "东沟镇",
        "下河村",
        "3组",
        10012345678,
        "男",
        19850312,
        "",
    ]
    sheet = read([header, row])
    identity = identify(sheet, list_data(sheet)[0])
    assert (identity.name, identity.id_number, identity.id_is_number) == (" 甲某 ", "990123198503122000", True)
    assert (identity.head_name, identity.head_id, identity.relation) == ("乙某", OTHER, "之子")
    assert (identity.town, identity.village, identity.group) == ("东沟镇", "下河村", "3组")
    assert (identity.phone, identity.sex, identity.birth) == ("10012345678", "男", date(1985, 3, 12))


@pytest.mark.parametrize(
    ("header", "cell", "birth", "month", "age"),
    [
        ("出生年月", "1981.7", None, date(1981, 7, 1), None),
        ("出生年月", 1981.7, None, date(1981, 7, 1), None),
        ("出生年月", 1981.1, None, None, None),  # January, or October without its zero
        ("出生年月", 198110, None, date(1981, 10, 1), None),
        ("出生年月", datetime(1981, 7, 1), None, date(1981, 7, 1), None),
        ("出生年月", datetime(1981, 7, 8), date(1981, 7, 8), None, None),
        ("出生年月日", datetime(1981, 7, 1), date(1981, 7, 1), None, None),
        ("年龄", 43, None, None, 43),
        ("周岁", "43岁", None, None, 43),
        ("年龄", "1981", None, None, None),
        ("入职年龄", 43, None, None, None),
    ],
)
def test_births_without_a_day_and_ages_are_read(read, header, cell, birth, month, age):
    sheet = read([["姓名", "村", header, "月工资"], ["甲某某", "下河村", cell, 3000]])
    identity = identify(sheet, list_data(sheet)[0])
    assert (identity.birth, identity.birth_month, identity.age) == (birth, month, age)


def test_the_year_of_a_month_is_that_before_receipt_if_no_text_names_one(save, headers):
    path = save([["姓名", "身份证号", "月工资"], ["甲某某", ID, 3000]], sheet="12月")
    days = (None, date(2024, 1, 8), date(2024, 12, 20))
    starts = [read_list(path, headers, received=day)[0].context.start for day in days]
    assert starts == [None, date(2023, 12, 1), date(2024, 12, 1)]


@pytest.mark.parametrize(("cell", "number"), [("234X", "后234X"), (348, "后0348"), (ID, ID), (None, None)])
def test_the_last_four_digits_are_marked_as_such(read, cell, number):
    sheet = read([["危房"], ["户主", "身份证后四位", "鉴定等级"], ["甲某某", cell, "C级"]])
    assert identify(sheet, list_data(sheet)[0]).head_id == number


def test_rows_of_a_csv_file_are_numbered_as_records(save_csv, headers, list_kinds):
    rows = [["临时救助"], ["申请人", "住址", "救助金额"], ["甲某某", "1组,2号\n东边", "500元"], [], ["合计", "", "500"]]
    (sheet,) = read_list(save_csv(rows, name="救助2024年5月.csv"), headers)
    assert [row.number for row in sheet.rows] == [1, 2, 3, 4, 5]
    assert list_kinds(sheet) == ["title", "header", "data", "blank", "total"]
    assert (sheet.file, sheet.name, sheet.context.start) == ("救助2024年5月.csv", "", date(2024, 5, 1))

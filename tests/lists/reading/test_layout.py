"""Which rows of a sheet are data, wherever the header is and whatever surrounds the rows."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.reading.header_rows import find_blocks

HEAD = ["序号", "姓名", "身份证号", "村", "救助金额"]
ONE = [1, "甲某某", "990123198503122348", "下河村", 500]
TWO = [2, "乙某某", "", "老庄村", 700]


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([HEAD, ONE, TWO], "header data data"),
        ([["临时救助表"], [], ["填报单位：民政局", "", "单位：元"], HEAD, ONE], "title blank title header data"),
        ([HEAD, [1, 2, 3, 4, 5], ONE], "header header data"),
        ([HEAD, ["甲", "乙", 1, 2, 3], ONE], "header header data"),
        ([HEAD, ["", "", "", "", "元"], ONE], "header header data"),
        ([HEAD, ["", "必填", "18位", "必填", "填写数字"], ONE], "header note data"),
        ([HEAD, ["示例", "张三", "990000000000000000", "某村", 100], ONE], "header note data"),
        ([["XH", "XM", "SFZH", "CUN", "JE"], HEAD, ONE], "header header data"),
        ([HEAD, ONE, HEAD, TWO], "header data header_again data"),
        ([["临时救助表"], HEAD, ONE, ["临时救助表"], HEAD, TWO], "title header data title header_again data"),
        ([HEAD, ONE, [], TWO], "header data blank data"),
        ([HEAD, ONE, [2, None, None, None, None], [3]], "header data blank blank"),
        ([HEAD, ["一、东沟镇"], ONE, ["二、西山乡（1人）"], TWO], "header section data section data"),
        ([HEAD, ["一", "东沟镇"], ONE, ["二", "西山乡", "", "1户"], TWO], "header section data total data"),
        ([HEAD, ONE, ["", "", "", "下河村", 500], TWO], "header data total data"),
        ([HEAD, ["合计", "", "", "", 1200], ONE, TWO], "header total data data"),
        (
            [HEAD, ONE, ["小  计", "", "", "", 500], TWO, ["", "合计：2人", "", "", 1200]],
            "header data total data total",
        ),
        ([HEAD, ONE, TWO, ["东沟镇小计", "", "", "", 1200]], "header data data total"),
        ([HEAD, ONE, TWO, ["", "", "", "", 1200]], "header data data total"),
        ([HEAD, ONE, TWO, ["", "", "", "", 900]], "header data data data"),
        ([HEAD, ONE, ["备注：本表一式两份"]], "header data note"),
        ([HEAD, ONE, ["1.救助金直接打入本人账户，不得代领"]], "header data note"),
        ([HEAD, ONE, ["以下空白"]], "header data note"),
        ([HEAD, ["", "本月无"]], "header note"),
        ([HEAD, ONE, ["填表人：某某", "", "审核人：", "", "2024年6月3日"]], "header data signature"),
        ([HEAD, ONE, ["村委会：", "", "", "驻村工作队："]], "header data signature"),
        (
            [HEAD, ["", "", "", "", "元"], ONE, ["过次页", "", "", "", 9], HEAD, ["", "", "", "", "元"], TWO],
            "header header data total header_again header_again data",
        ),
        ([HEAD, ONE, ["县民政局（盖章）", "", "2024年6月3日"]], "header data signature"),
        ([HEAD, ONE, ["", "", "", "", "未发"], TWO], "header data data data"),
        ([HEAD[1:], ONE[1:], ["李某"], ["门诊"], TWO[1:]], "header data data section data"),
        ([HEAD, ONE, ["", "丙某"], TWO], "header data data data"),
        ([HEAD, ONE, [3, "丙某", "", "", ""]], "header data data"),
        ([HEAD, ONE, [3, "", "", "下河村", 100]], "header data data"),
    ],
)
def test_kinds_of_rows(read, list_kinds, rows, kinds):
    assert list_kinds(read(rows)) == kinds.split()


def test_a_header_of_three_rows_is_joined_from_top_to_bottom(read, list_fields):
    sheet = read(
        [
            ["大额医疗费用（单位：万元）"],
            ["序号", "人员", None, None, "费用", None, None, None, None],
            [None, "姓名", "户籍地", None, "总额", "基金支付", None, "个人负担", None],
            [None, None, "乡镇", "村", None, "统筹", "大病", "目录外", "合计"],
            [1, "甲某某", "东沟镇", "下河村", 3, 1, 0.5, 0.5, 1.5],
        ],
        merge=["A1:I1", "A2:A4", "B2:D2", "E2:I2", "B3:B4", "C3:D3", "E3:E4", "F3:G3", "H3:I3"],
    )
    assert [column.header for column in sheet.columns][2:6] == [
        "人员/户籍地/乡镇",
        "人员/户籍地/村",
        "费用/总额",
        "费用/基金支付/统筹",
    ]
    assert list_fields(sheet)[1:5] == ["name", "town", "village", "illness.cost"]
    assert list_fields(sheet)[8] == "illness.self_paid"
    assert sheet.rows[-1].context.unit == 10_000


def test_a_header_of_two_rows_without_merged_cells_is_joined_as_well(read, list_kinds):
    sheet = read(
        [
            ["姓名", "身份证号", "报销情况", "", "", "个人自付", "入院日期"],
            ["", "", "统筹支付", "大病支付", "医疗救助", "", ""],
            ["甲某某", "990123198503122348", 1, 2, 3, 4, "2024-03-05"],
        ]
    )
    assert list_kinds(sheet) == ["header", "header", "data"]
    assert [column.header for column in sheet.columns][1:4] == ["身份证号", "报销情况/统筹支付", "报销情况/大病支付"]


def test_tables_below_one_another_are_read_apart(read, list_kinds):
    death, departure = read(
        [
            ["2024年5月死亡人员"],
            ["姓名", "身份证号", "户籍地址", "死亡日期"],
            ["甲某某", "990123198503122348", "下河村", "2024-05-02"],
            ["2024年5月迁出人员"],
            ["姓名", "身份证号", "户籍地址", "迁出日期"],
            ["乙某某", "990123199001011230", "老庄村", "2024-05-03"],
        ]
    )
    assert (death.topic, departure.topic) == ("death", "departure")
    assert [row.number for row in (*death.rows, *departure.rows)] == [1, 2, 3, 4, 5, 6]
    assert list_kinds(death) == list_kinds(departure) == ["title", "header", "data"]


def test_titles_of_the_first_table_hold_for_tables_below_it_unless_they_say_otherwise(read):
    households, villages, aid = read(
        [
            ["2024年7月14日洪涝灾情"],
            ["户主", "身份证号", "村", "损失（元）"],
            ["甲某某", "990123198503122348", "下河村", 100],
            ["附：各村损失（单位：万元）"],
            ["序号", "乡镇", "村", "受灾人口", "直接经济损失"],
            [1, "东沟镇", "老庄村", 20, 5.5],
            ["2024年8月临时救助"],
            ["姓名", "身份证号", "救助原因", "救助金额"],
            ["乙某某", "990123199001011230", "因灾", 500],
        ]
    )
    days = [sheet.rows[-1].context.start for sheet in (households, villages, aid)]
    assert days == [date(2024, 7, 14), date(2024, 7, 14), date(2024, 8, 1)]
    assert [sheet.topic for sheet in (households, villages, aid)] == ["disaster", "disaster", "relief"]
    assert villages.rows[-1].context.texts[:2] == ("附:各村损失(单位:万元)", "2024年7月14日洪涝灾情")
    assert villages.rows[-1].context.unit == 10_000


@pytest.mark.parametrize("gap", [[], [None]])
def test_tables_side_by_side_are_read_apart_and_share_their_rows(read, list_kinds, list_fields, gap):
    left, right = read(
        [
            ["2024年8月低保金（单位：元）"],
            [*HEAD[1:], *gap, *HEAD[1:]],
            ["一、东沟镇"],
            [*ONE[1:], *gap, *TWO[1:]],
            [None, None, None, None, *gap, "丙某某", None, "老庄村", 300],
            ["合计", None, None, 500, *gap, None, None, None, 1000],
        ]
    )
    assert list_kinds(left) == ["title", "header", "section", "data", "total"]
    assert [(row.number, row.kind) for row in right.rows] == [(4, "data"), (5, "data")]
    start = 4 + len(gap)
    assert list_fields(left) == ["name", "id_number", "village", "help.amount"] + ["other"] * start
    assert list_fields(right) == ["other"] * start + ["name", "id_number", "village", "help.amount"]
    assert [row.cells[start] for row in right.rows] == ["乙某某", "丙某某"]
    assert {row.context.town for row in (left.rows[3], *right.rows)} == {"东沟镇"}
    assert left.topic == right.topic == "allowance"


@pytest.mark.parametrize(
    ("header", "blocks"),
    [
        ("序号,姓名,金额,序号,姓名,金额", [{0, 1, 2}, {3, 4, 5}]),
        ("村,姓名,金额,姓名,金额,姓名,金额,备注", [{0, 1, 2, 7}, {0, 3, 4, 7}, {0, 5, 6, 7}]),
        ("姓名,身份证号,与户主关系,姓名,身份证号,金额", []),
        ("姓名,身份证号,姓名,身份证号,金额", []),
        ("姓名,工资性收入,生产经营性收入,工资性收入,生产经营性收入", []),
    ],
)
def test_equal_headers_of_persons_and_amounts_are_tables_side_by_side(headers, header, blocks):
    assert find_blocks([[text] for text in header.split(",")], headers) == blocks


def test_a_sheet_of_explanations_has_no_data(read, list_kinds):
    sheet = read([["填表说明"], ["1.姓名应与身份证一致"], ["代码", "名称"], ["01", "住院"], ["02", "门诊"]])
    assert set(list_kinds(sheet)) == {"note"}


def test_a_sheet_without_header_has_data_if_a_column_holds_id_numbers(read, list_kinds, list_fields):
    sheet = read([["王某某", "990123198503122348", "下河村"], ["李某某", "990123199001011230", "老庄村"]])
    assert list_kinds(sheet) == ["data", "data"]
    assert list_fields(sheet) == ["name", "id_number", "village"]
    assert sheet.topic == ""


def test_counts_by_town_are_not_data_unless_a_disaster_hit_the_region(read, list_kinds):
    counts = read([["各乡镇住院情况"], ["乡镇", "住院人次", "总费用"], ["东沟镇", 3, 900], ["西山乡", 1, 100]])
    assert list_kinds(counts)[2:] == ["total", "total"]
    losses = read([["受灾汇总"], ["乡镇", "受灾户数", "直接经济损失"], ["东沟镇", 3, 900]])
    assert list_kinds(losses)[2:] == ["total"]
    disaster = read(
        [["分村灾情"], ["乡镇", "村", "灾种", "受灾时间", "受灾人数"], ["东沟镇", "下河村", "洪涝", "2024-06-04", 30]]
    )
    assert list_kinds(disaster)[2:] == ["data"]


def test_rows_of_hidden_sheets_and_hidden_rows_are_hidden(read, list_kinds):
    def hide(page):
        page.row_dimensions[3].hidden = True
        page.sheet_state = "hidden" if page.title == "上期" else "visible"

    now, before = read({"本期": [HEAD, ONE, TWO], "上期": [HEAD, ONE, TWO]}, change=hide)
    assert list_kinds(now) == ["header", "data", "hidden"]
    assert list_kinds(before) == ["header", "hidden", "hidden"]

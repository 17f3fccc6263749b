"""Lists of which the reader knows some headers only in part, or not at all: cells, titles and neighbours decide."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.persons.id_numbers import parse_id_number
from riskml.lists.persons.villages import Village, Villages
from riskml.lists.reading.read import identify, read_list
from riskml.lists.row_reader import RowReader, index_columns
from riskml.lists.words import UnusableValueError

ID = "990123198503122348"
RECEIVED = date(2025, 2, 10)


@pytest.mark.parametrize(
    ("topic", "header", "field"),
    [
        ("illness", ["某次医疗总费用"], "illness.cost"),
        ("register", ["成员健康状况"], "members.health"),
        ("register", ["2024年度家庭收入（元）", "年财产性收入"], "income.property"),
        ("register", ["上年度收入（元）", "工资性收入"], "income.wage"),
        ("register", ["风险消除后收入", "工资性收入"], "other"),
        ("wages", ["转移就业信息", "当月务工工资收入"], "income.wage"),
        ("allowance", ["初次审批年月"], "help.started_on"),
        ("relief", ["审批救助额（元）"], "help.amount"),
        ("housing", ["申请人（户主）"], "head_name"),
        ("housing", ["申请人（户主）公民身份号码"], "head_id"),
        ("death", ["申报人姓名"], "other"),
        ("death", ["申报人身份证号"], "other"),
        ("relief", ["申报人姓名"], "name"),
    ],
)
def test_a_header_is_known_at_the_end_of_a_longer_one(headers, topic, header, field):
    assert headers.find(topic, header).field == field


def test_a_header_at_the_end_of_one_that_denies_it_is_unknown(headers):
    assert headers.find("illness", ["累次看病花费"]).field == "illness.cost"
    assert headers.find("illness", ["非看病花费"]) is None


def test_a_shorter_header_takes_precedence_over_one_that_ends_with_another(read, list_fields):
    sheet = read([["住院"], ["姓名", "转院前医疗总费用", "医疗总费用", "个人自付"], *[["某某", 9, 8, 7]] * 2])
    assert list_fields(sheet) == ["name", "other", "illness.cost", "illness.self_paid"]


@pytest.mark.parametrize(
    ("title", "header", "cells", "field"),
    [
        ("住院就诊", ["总费用", "个人自付"], ["普通住院", "门诊慢特病"], "illness.kind"),
        ("灾情", ["受灾时间", "直接经济损失"], ["暴雨山洪", "冰雹"], "disaster.kind"),
        ("农村房屋鉴定", ["鉴定时间"], ["A级", "D级（整体危险）"], "events.kind"),
        ("户口注销", ["死亡时间"], ["死亡注销", "迁入"], "events.kind"),
        ("人口变动", ["变动日期"], ["死亡", "户口迁出"], "events.kind"),
        ("残疾人证", ["发证日期"], ["首次办理", "换证"], "events.kind"),
        ("农村饮水排查", ["排查时间"], ["是", "否"], "other"),
    ],
)
def test_words_in_cells_show_which_column_holds_the_kind(read, list_fields, title, header, cells, field):
    rows = [["某某", cell, *["2025-01-05"] * len(header)] for cell in cells * 2]
    assert list_fields(read([[title], ["姓名", "甲乙", *header], *rows]))[1] == field


@pytest.mark.parametrize(("paid", "field"), [((60, 70.5), "illness.self_paid"), ((61, 90), "other")])
def test_what_a_person_paid_is_the_cost_less_what_the_funds_paid(read, list_fields, paid, field):
    header = ["姓名", "总费用", "统筹支付", "医疗救助", "掏腰包"]
    rows = [["某某", 100, 30, 10, paid[0]], ["某甲", 200.5, 100, 30, paid[1]]]
    sheet = read([["住院费用"], header, *rows])
    assert (list_fields(sheet)[-1], sheet.unclear) == (field, "" if field != "other" else "illness.self_paid")


def test_a_village_may_stand_in_the_column_of_the_group(read, list_fields):
    villages, groups = ([["某某", f"{name}3组", "缺水"]] * 2 for name in ("下河村", "第"))
    fields = [list_fields(read([["饮水排查"], ["户主", "村组", "存在问题"], *rows])) for rows in (villages, groups)]
    assert [own[1] for own in fields] == ["village", "group"]


def test_a_number_belongs_to_the_name_before_it_whatever_that_is_called(read, list_fields):
    rows = [["王某某", ID, "2025-01-05", "李某"]] * 2
    header = ["故去者", "公民身份号码", "死亡日期", "证明人员姓名"]
    assert list_fields(read([["死亡名单"], header, *rows])) == ["name", "id_number", "events.occurred_on", "other"]


def test_of_two_numbers_that_after_the_name_counts(read, list_fields):
    header = ["死亡公民姓名", "死亡公民身份证号", "死亡日期", "证明人姓名", "证明人身份证号"]
    rows = [["某某", ID, "2025-01-05", "某甲", "990123197001011237"]] * 2
    for columns in (header, [*header[:1], "居民身份证件编号", *header[2:]]):
        fields = list_fields(read([["死亡名单"], columns, *rows]))
        assert fields == ["name", "id_number", "events.occurred_on", "other", "other"]


def test_clear_titles_say_what_a_list_without_known_headers_is_about(read, list_fields):
    header, row = ["姓名", "身份证号", "哪天到手"], ["某某", ID, "2月3日"]
    sheet = read([["临时救助资金发放表"], header, row, row], name="民政局临时救助台账.xlsx")
    assert (sheet.topic, list_fields(sheet)[-1]) == ("relief", "help.started_on")


@pytest.mark.parametrize(
    "days", [("2025-01-05", "2025-01-09"), ("2025-01-05", "2025-01-05"), ("2025-01-09", "2024-01-05")]
)
def test_of_two_days_in_hospital_the_first_counts(read, list_fields, days):
    rows = [["某某", *days, 900, 300], ["某甲", "2025-01-07", "2025-01-08", 800, 200]]
    fields = list_fields(read([["住院"], ["姓名", "来", "走", "总费用", "个人自付"], *rows]))
    assert fields[1:3] == ["illness.occurred_on" if days[1] > "2025" else "other", "other"]


@pytest.mark.parametrize(
    ("header", "field"), [("学期", "other"), ("享受时间", "other"), ("补助时间", "help.started_on")]
)
def test_a_column_for_days_that_has_none_leaves_them_to_another(read, list_fields, header, field):
    day = "2025春" if field == "other" else "2025-01-02"
    row = ["某某", ID, day, "2025-01-05", 1500]
    fields = list_fields(read([["雨露计划"], ["姓名", "身份证号", header, "哪天到手", "补助金额"], row, row]))
    assert fields[2:4] == [field, "help.started_on" if field == "other" else "other"]


def test_words_for_bills_confirm_a_title_about_bills(read, list_fields):
    header = ["姓名", "身份证号", "怎么看的", "票面", "统筹", "剩余的"]
    rows = [["某某", ID, "住院", 100, 60, 40], ["某甲", ID, "门诊慢特病", 80, 50, 30]]
    sheets = [read([[title], header, *rows]) for title in ("医疗费明细", "明细")]
    assert [sheet.topic for sheet in sheets] == ["illness", ""]
    assert list_fields(sheets[0])[2:] == ["illness.kind", "illness.cost", "other", "illness.self_paid"]


def test_the_parts_of_a_date_are_joined(read, list_fields):
    header = [["姓名", "发证日期", None, None], [None, "年", "月", "日"]]
    rows = [["某某", 2025, 1.0, 5], ["某甲", "2024年", "12", None], ["某乙", 2024, None, 5], ["某丙", None, None, None]]
    sheet = read([["残疾人名单"], *header, *rows], merge=["B2:D2"])
    assert list_fields(sheet) == ["name", "events.occurred_on", "other", "other"]
    assert [row.cells[1] for row in sheet.rows[3:]] == ["2025-1-5", "2024-12", "2024--5", None]


@pytest.mark.parametrize("cell", [f"王某某 {ID}", f"王某某（{ID}）", f"身份证号：{ID}"])
def test_name_and_number_may_share_a_cell(read, cell):
    sheet = read([["临时救助"], ["对象及身份证号", "救助金额"], [cell, 900], [cell, 800]])
    who = identify(sheet, sheet.rows[-1])
    assert (who.name, parse_id_number(who.id_number).text) == (None if "证" in cell else "王某某", ID)


@pytest.mark.parametrize(("back", "topic"), [([None, None, "2025-01-09"], "wages"), (["2025-01-09"] * 3, "job_loss")])
def test_a_ledger_of_workers_may_include_those_who_came_home(read, back, topic):
    rows = [["某某", ID, None if day and topic == "wages" else 3000, day, "在岗"] for day in back]
    sheet = read([["劳动力返乡失业台账"], ["姓名", "身份证号", "月工资", "返乡时间", "就业状态"], *rows])
    assert sheet.topic == topic


@pytest.mark.parametrize(
    ("cells", "unclear"), [(["无", "缺水"], "events.kind"), (["缺水", "浑浊"], ""), (["甲", ""], "")]
)
def test_a_title_does_not_say_that_all_are_unsafe_if_cells_say_otherwise(read, cells, unclear):
    rows = [["某某", "2025-01-05", cell] for cell in cells]
    assert read([["农村饮水安全问题台账"], ["户主", "排查时间", "反映"], *rows]).unclear == unclear


@pytest.mark.parametrize("town", ["三岔乡", "九龙镇", "十里铺镇"])
def test_a_town_may_be_named_after_a_number(read, town):
    known = Villages([Village("990123105201", town, "河西村"), Village("990123106201", "黄岭镇", "河西村")])
    rows = [["黄岭镇"], ["王某某", ID, 1], [town], ["李某某", ID, 2], [f"三、{town}"], ["赵某某", ID, 3]]
    sheets = [read([["姓名", "身份证号", "月工资"], *rows], known=one) for one in (known, None)]
    towns = [[row.context.town for row in sheet.rows if row.kind == "data"] for sheet in sheets]
    assert towns == [["黄岭镇", town, town]] * 2


def test_a_line_of_labels_above_the_header_is_a_title(read, list_kinds):
    line = ["填报村：下河村", None, None, "填报人：文书"]
    sheet = read([line, ["姓名", "身份证号", "务工地", "月工资"], ["某某", ID, "本县", 3000]])
    assert (list_kinds(sheet), sheet.columns[0].header) == (["title", "header", "data"], "姓名")


@pytest.mark.parametrize(
    ("title", "cell", "day"),
    [
        ("死亡名单", "2月3日", date(2025, 2, 3)),
        ("死亡名单", "12.30", date(2024, 12, 30)),
        ("2024年10月至2025年1月死亡名单", "11月5日", date(2024, 11, 5)),
        ("2024年10月至2025年1月死亡名单", "1月5日", date(2025, 1, 5)),
        ("2024年死亡名单", "2月3日", date(2024, 2, 3)),
    ],
)
def test_a_day_without_a_year_is_in_the_period_of_the_title_or_the_last_before_receipt(save, headers, title, cell, day):
    path = save([[title], ["姓名", "身份证号", "死亡日期"], ["某某", ID, cell]])
    (sheet,) = read_list(path, headers, received=RECEIVED)
    reader = RowReader(index_columns(sheet), sheet.rows[-1], RECEIVED, RECEIVED)
    assert reader.read_day("events.occurred_on").day == day
    undated = RowReader(index_columns(sheet), sheet.rows[-1], RECEIVED, RECEIVED, dated=False)
    if "年" in title:
        assert undated.read_day("events.occurred_on").day == day
    else:
        with pytest.raises(UnusableValueError, match="bad_date"):
            undated.read_day("events.occurred_on")


@pytest.mark.parametrize(
    ("title", "header", "cells", "fields"),
    [
        ("死亡亡故名单", ["生", "卒", "销户日期"], [("1985-03-12", "2025-01-05", "2025-01-09")], "birth day other"),
        ("死亡亡故名单", ["生", "卒"], [("1985年3月12日", "2025-01-05")], "birth day"),
        ("死亡亡故名单", ["生"], [("19850312",)], "birth"),
        ("死亡亡故名单", ["卒", "销户日期"], [("2025-01-10", "2025-01-09")], "other day"),
        ("死亡亡故名单", ["住院日期", "销户日期"], [("2025-01-05", "2025-01-09")], "other day"),
        ("D级危房名单", ["报名", "入户日期"], [("2025-01-05", "2025-01-09")], "other day"),
        ("死亡亡故名单", ["卒", "死亡日期"], [("2025-01-05", "2025-01-09")], "other day"),
        ("2025年1月死亡亡故名单", ["甲", "乙"], [("2025-01-05", "2025-01-09")], "other other"),
        ("住院就诊", ["在院"], [("1.5—1.9",), ("2025.1.5至1.9",)], "day"),
        ("住院就诊", ["床"], [("3-2",), ("12-1",)], "other"),
        ("住院就诊", ["花", "钱"], [(45000, 2024.5), (20001, 2031)], "other other"),
    ],
)
def test_which_column_holds_the_day(read, list_fields, title, header, cells, fields):
    rows = [["某某", ID, *own] for own in (cells * 2)[:2]]
    sheet = read([[title], ["姓名", "身份证号", *header], *rows])
    day = f"{'illness' if title == '住院就诊' else 'events'}.occurred_on"
    names = [{"birth": "birth_date", "day": day}.get(name, name) for name in fields.split()]
    assert list_fields(sheet)[2:] == names
    assert sheet.unclear == (day if header == ["甲", "乙"] else "illness.self_paid" if "钱" in header else "")


@pytest.mark.parametrize("title", ["临时救助", "学生助学金"])
@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (["审批日期", "到账"], "other day"),
        (["审批日期", "钱到手那天"], "other day"),
        (["审批日期", "打款日期"], "other day"),
        (["审批日期", "公示日期"], "day other"),
        (["审批日期", "甲", "乙"], "day other other"),
    ],
)
def test_help_counts_from_the_day_of_payment_if_it_follows_that_of_approval(read, list_fields, title, header, fields):
    days = [["2024-06-20", "2024-07-03", "2024-07-09"], ["2024-06-28", "2024-07-03", "2024-07-09"]]
    rows = [["某某", 2000, *own[: len(header)]] for own in days]
    sheet = read([[title], ["姓名", "金额", *header], *rows])
    assert list_fields(sheet)[2:] == [{"day": "help.started_on"}.get(name, name) for name in fields.split()]


def test_a_worker_who_began_one_day_has_not_lost_his_job(read, list_fields):
    rows = [["某某", ID, "2025-01-05", 3000]] * 2
    assert list_fields(read([["务工工资"], ["姓名", "身份证号", "哪天进厂", "月工资"], *rows]))[2] == "other"


def test_numbers_after_two_names_belong_to_head_and_member(read, list_fields):
    header = ["户主", "甲", "成员", "乙", "救助金额"]
    rows = [["某某", ID, "某甲", "990123197001011237", 900]] * 2
    assert list_fields(read([["临时救助"], header, *rows]))[:4] == ["head_name", "head_id", "name", "id_number"]

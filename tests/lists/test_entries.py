"""What a row of each kind of list gives: records, nothing, or the reason why it is refused."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.entries import make_disaster, make_entries
from riskml.lists.events import is_reversal
from riskml.lists.reading.sheets import Column, Context, Row, Sheet
from riskml.lists.row_reader import PUBLIC_WORK, RowReader, index_columns
from riskml.lists.words import UnusableValueError

RECEIVED = date(2024, 7, 5)
JUNE = Context(("某局2024年6月名单",), date(2024, 6, 1), date(2024, 6, 30))


@pytest.fixture
def refuse(read_row):
    def find_reason(topic, cells, **rest):
        with pytest.raises(UnusableValueError) as caught:
            make_entries(topic, read_row(cells, **rest))
        return caught.value.reason

    return find_reason


BILL = {"illness.kind": "住院", "illness.occurred_on": "2024.6.3", "illness.cost": 900, "illness.self_paid": 300}


def test_a_bill(list_records):
    assert list_records("illness", BILL | {"illness.visits": "2次"}) == [
        ("illness", {"occurred_on": date(2024, 6, 3), "kind": "inpatient", "visits": 2, "cost": 900, "self_paid": 300})
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"illness.occurred_on": "2024-07-06"}, "future_date"),
        ({"illness.occurred_on": None}, "no_date"),
        ({"illness.self_paid": 3000}, "inconsistent"),
        ({"illness.cost": None, "illness.self_paid": "—"}, "no_amount"),
        ({"illness.cost": "见附件"}, "bad_amount"),
        ({"illness.cost": 9e8}, "implausible_unit"),
    ],
)
def test_a_bill_that_cannot_be_used(refuse, changes, reason):
    assert refuse("illness", BILL | changes) == reason


def test_a_very_small_bill_becomes_a_question_unless_its_unit_is_given(list_records, refuse):
    small = BILL | {"illness.cost": 1.5, "illness.self_paid": 0.6}
    assert refuse("illness", small) == refuse("illness", {**small, "illness.kind": "门诊"}) == "doubtful_unit"
    assert list_records("illness", small, factors={"illness.cost": 1})[0][1]["cost"] == 1.5
    assert list_records("illness", small, context=Context(unit=10_000))[0][1]["cost"] == 15_000
    assert list_records("illness", small | {"illness.kind": "门诊", "illness.cost": 20})[0][1]["cost"] == 20


def test_parts_of_a_payment_are_added_and_small_gaps_are_tolerated(list_records):
    [(_, values)] = list_records("illness", BILL | {"illness.self_paid": [700, 250]})
    assert values["self_paid"] == 950


def test_a_second_best_day_counts_where_the_best_is_empty():
    columns = [
        Column(1, "入院日期", "illness.occurred_on"),
        Column(2, "出院日期", spare="illness.occurred_on"),
        Column(3, "总费用", "illness.cost"),
    ]
    indexed = index_columns(Sheet("a.xlsx", "s", columns=columns))
    for first, expected in (("2024-06-01", 1), ("—", 9)):
        reader = RowReader(indexed, Row(5, "data", (first, "2024-06-09", 900)), RECEIVED, RECEIVED)
        assert make_entries("illness", reader)[0].values["occurred_on"] == date(2024, 6, expected)
        assert reader.conversions["illness.occurred_on", "second_best"] == (expected == 9)


def test_a_bill_marked_as_reversed_is_negative(list_records):
    [(_, values)] = list_records("illness", BILL | {"other": ["", "冲正"]})
    assert (values["cost"], values["self_paid"]) == (-900, -300)


@pytest.mark.parametrize(
    ("topic", "day", "amount", "remark", "sign"),
    [
        ("illness", "illness.occurred_on", "illness.self_paid", "退款", "reverses"),
        ("illness", "illness.occurred_on", "illness.self_paid", "已退回", "reverses"),
        ("relief", "help.started_on", "help.amount", "", "reverses"),
        ("relief", "help.started_on", "help.amount", "账号错误退回", "reverses"),
        ("student_aid", "help.started_on", "help.amount", "退回", "reverses"),
        ("relief", "help.started_on", "help.amount", "退回", "void"),
    ],
)
def test_a_negative_row_takes_back_what_was_paid_whatever_its_remark_says(read_row, topic, day, amount, remark, sign):
    paid = 1000 if sign == "void" else -1000
    reader = read_row({day: "2024-06-03", amount: paid, "other": remark}, headers={"other": "备注"})
    (entry,) = make_entries(topic, reader)
    assert (entry.sign or ("reverses" if is_reversal(entry) else "")) == sign


@pytest.mark.parametrize(("header", "sign"), [("更正后个人自付", "corrects"), ("报销后个人自付", "")])
def test_a_list_of_amounts_before_and_after_a_correction_corrects(read_row, header, sign):
    reader = read_row(BILL, headers={"illness.self_paid": header})
    assert make_entries("illness", reader)[0].sign == sign


@pytest.mark.parametrize(("state", "records"), [("未就业", 1), ("待业", 1), ("已就业", 0), ("本地务工", 0), ("", 1)])
def test_somebody_who_came_home_and_works_again_has_lost_no_job(read_row, state, records):
    reader = read_row({"events.occurred_on": "2024-06-03", "other": state}, headers={"other": "目前就业状态"})
    assert len(make_entries("job_loss", reader)) == records


def test_kind_and_day_may_be_in_the_titles(list_records):
    cells = {"illness.cost": 900, "illness.self_paid": 300}
    context = Context(("普通门诊", "某局2024年6月住院和门诊名单"), JUNE.start, JUNE.end)
    [(_, values)] = list_records("illness", cells, context=context)
    assert (values["kind"], values["occurred_on"]) == ("outpatient", JUNE.start)
    both = Context(("某局2024年6月住院和门诊名单",), JUNE.start, JUNE.end)
    assert list_records("illness", cells, context=both)[0][1]["kind"] == "other"


@pytest.mark.parametrize(
    ("header", "kind"), [("入院日期", "inpatient"), ("住院起止时间", "inpatient"), ("就诊日期", "other")]
)
def test_a_list_without_kinds_but_with_days_of_admission_is_about_hospital_stays(list_records, header, kind):
    cells = {name: cell for name, cell in BILL.items() if name != "illness.kind"}
    [(_, values)] = list_records("illness", cells, headers={"illness.occurred_on": header})
    assert values["kind"] == kind


def test_an_allowance_counts_once_for_the_household(list_records):
    cells = {"relation": "户主", "help.measure": "农村低保", "help.started_on": "2024年3月", "help.amount": 660}
    expected = {"started_on": date(2024, 3, 1), "measure": "低保", "amount": 660, "per": "month"}
    assert list_records("allowance", cells) == [("help", expected)]
    assert list_records("allowance", cells, filled={"help.measure", "help.started_on", "help.amount"}) == []
    assert (
        list_records(
            "allowance", {"relation": "之子", "help.measure": None, "help.started_on": None, "help.amount": None}
        )
        == []
    )


def test_help_whose_stated_amount_is_missing_is_refused(list_records, refuse):
    cells = {"help.measure": "低保", "help.started_on": "2024年3月", "help.amount": "-"}
    assert refuse("allowance", cells) == refuse("allowance", cells | {"relation": "户主"}) == "no_amount"
    assert list_records("allowance", cells | {"relation": "之子"}) == []


@pytest.mark.parametrize(
    ("topic", "title", "measure"),
    [
        ("student_aid", "雨露计划补助", "雨露计划"),
        ("student_aid", "秋季学期补助", "资助"),
        ("relief", "孤儿基本生活费发放", "孤儿保障"),
        ("relief", "慰问金发放", "临时救助"),
    ],
)
def test_titles_name_help_before_the_topic_does(list_records, topic, title, measure):
    [(_, values)] = list_records(topic, {"help.amount": 1500}, context=Context((title,), JUNE.start, JUNE.end))
    assert values["measure"] == measure
    assert values.get("emergency", False) == (measure == "临时救助")


def test_help_may_end_later_and_an_end_that_cannot_be_read_is_left_out(list_records):
    cells = {"help.started_on": "2024-03-01", "help.amount": 660, "help.measure": "特困", "help.ended_on": "2025-02-28"}
    assert list_records("allowance", cells)[0][1]["ended_on"] == date(2025, 2, 28)
    assert "ended_on" not in list_records("allowance", cells | {"help.ended_on": "长期"})[0][1]


def test_months_of_payment_continue_help(read_row):
    cells = {"help.amount": 660, "help.measure": "低保", "help.started_on": "2024-06"}
    entries = [
        make_entries("allowance", read_row(cells, headers={"help.started_on": name}))[0]
        for name in ("发放月份", "起始月")
    ]
    assert [entry.continuing for entry in entries] == [True, False]


def test_relief_is_emergency_help(list_records, refuse):
    [(_, values)] = list_records("relief", {"help.started_on": "2024/5/6", "help.amount": "3000.00元"})
    assert values == {"started_on": date(2024, 5, 6), "measure": "临时救助", "emergency": True, "amount": 3000}
    assert refuse("relief", {"help.started_on": "2024/5/6", "help.amount": None}) == "no_amount"
    assert refuse("allowance", {"help.started_on": "2024/5/6", "help.amount": -50}) == "negative"


def test_a_school_fee_and_the_aid_in_the_same_row(list_records, read_row):
    cells = {"events.occurred_on": "2024-03-01", "events.amount": 6000, "help.amount": 1500}
    assert [table for table, _ in list_records("school_fee", cells)] == ["events", "help"]
    assert [table for table, _ in list_records("school_fee", cells | {"help.amount": "无"})] == ["events"]
    assert list_records("school_fee", cells | {"events.amount": 0, "help.amount": 0}) == []
    reader = read_row(cells | {"events.occurred_on": "2024.3.1", "events.amount": "6000元"})
    make_entries("school_fee", reader)
    assert set(reader.conversions.values()) == {1}


@pytest.mark.parametrize(("grade", "count"), [("C级", 1), ("D", 1), ("A级", 0), ("B级（基本安全）", 0)])
def test_only_unsafe_houses_count(list_records, grade, count):
    cells = {"events.kind": grade, "events.occurred_on": "2024-05-06"}
    assert [v["kind"] for _, v in list_records("housing", cells)] == ["housing_unsafe"] * count


@pytest.mark.parametrize(
    ("header", "state", "count"),
    [
        ("存在问题", "季节性缺水", 1),
        ("存在问题", "水压太小", 1),
        ("存在问题", "无", 0),
        ("存在问题", None, 0),
        ("是否缺水", "是", 1),
        ("是否缺水", "否", 0),
        ("是否解决安全饮水", "是", 0),
        ("是否解决安全饮水", "否", 1),
    ],
)
def test_only_faults_of_the_water_count(list_records, header, state, count):
    cells = {"events.kind": state, "events.occurred_on": "2024-05"}
    assert len(list_records("water", cells, headers={"events.kind": header})) == count


@pytest.mark.parametrize(
    ("states", "count"), [(["达标", "方便", "不达标"], 1), (["达标", "基本达标"], 0), (["95%", "不足"], 1)]
)
def test_any_indicator_of_the_water_may_fail(list_records, states, count):
    assert len(list_records("water", {"events.kind": states, "events.occurred_on": "2024-05"})) == count


def test_an_indicator_of_the_water_that_is_not_understood(refuse):
    assert refuse("water", {"events.kind": ["达标", "95%"], "events.occurred_on": "2024-05"}) == "unknown_word"


@pytest.mark.parametrize(("cell", "kind"), [("房屋倒塌", "flood"), ("火灾", "fire"), (None, "flood")])
def test_a_disaster_is_that_of_the_title_if_the_list_only_says_what_it_destroyed(list_records, cell, kind):
    context = Context(("“6·18”特大暴雨受灾农户",), date(2024, 6, 18), date(2024, 6, 18))
    [(_, values)] = list_records("disaster", {"disaster.kind": cell, "disaster.loss": 9000}, context=context)
    assert values["kind"] == kind


def test_losses_in_ten_thousands_and_of_villages(list_records, read_row, refuse):
    cells = {"disaster.kind": "风雹", "disaster.occurred_on": "2024年5月1日", "disaster.loss": 0.83}
    [(_, values)] = list_records("disaster", cells, factors={"disaster.loss": 10_000})
    assert values == {"occurred_on": date(2024, 5, 1), "kind": "hail", "loss": 8300}
    in_yuan = cells | {"disaster.loss": 8300}
    assert refuse("disaster", in_yuan, factors={"disaster.loss": 10_000}) == "implausible_unit"
    assert refuse("disaster", cells) == "implausible_unit"
    [entry] = make_disaster(read_row(cells | {"disaster.loss": 500}, factors={"disaster.loss": 10_000}), "region")
    assert (entry.level, entry.values["loss"]) == ("region", 5_000_000)


def test_wages_of_the_month_in_the_title_and_of_months_in_headers(list_records, read_row, refuse):
    [(_, wage), (_, member)] = list_records(
        "wages", {"income.wage": "4500元", "members.working": "浙江省"}, context=JUNE
    )
    assert (wage["period_start"], wage["amount"], wage["source"], wage["months"]) == (date(2024, 6, 1), 4500, "wage", 1)
    assert member == {"working": "migrant"}
    reader = read_row({"income.wage": [4000, 4100]}, context=JUNE)
    named = [Column(i, f"{i}月工资", "income.wage") for i in (1, 2)]
    reader.columns = {"income.wage": named}
    assert [e.values["period_start"] for e in make_entries("wages", reader)] == [date(2024, 1, 1), date(2024, 2, 1)]
    assert refuse("wages", {"income.wage": 4500}) == "no_month"
    assert refuse("wages", {"income.wage": None}, context=JUNE) == "no_amount"


def test_a_death_ends_the_membership(list_records):
    records = list_records("death", {"events.occurred_on": "2024-05-06"}, headers={"events.occurred_on": "死亡时间"})
    day = date(2024, 5, 6)
    assert records == [("events", {"occurred_on": day, "kind": "death"}), ("members", {"left_on": day})]


def test_nobody_has_died_if_neither_a_cell_nor_a_header_nor_a_title_says_so(list_records):
    cells = {"events.occurred_on": "2024-05-06"}
    with pytest.raises(UnusableValueError, match="unknown_word"):
        list_records("death", cells, context=Context(("人口变动月报",)))
    assert list_records("death", cells, context=Context(("死亡人口月报",)))[0][0] == "events"


def test_a_list_of_departures_may_report_deaths_and_arrivals(list_records):
    cells = {"events.kind": "死亡注销", "members.left_on": "2024-05-06"}
    assert [table for table, _ in list_records("departure", cells)] == ["events", "members"]
    assert list_records("departure", cells | {"events.kind": "迁出"}) == [("members", {"left_on": date(2024, 5, 6)})]
    for word in ("迁入", "户主变更", "出生登记"):
        assert list_records("departure", cells | {"events.kind": word}) == []
    arrivals = Context(("某镇2024年5月迁入人员",))
    assert list_records("departure", {"members.left_on": "2024-05-06"}, context=arrivals) == []


@pytest.mark.parametrize(("topic", "day"), [("death", "events.occurred_on"), ("departure", "members.left_on")])
def test_an_unknown_change_of_the_population_is_not_a_death_or_departure(list_records, refuse, topic, day):
    cells = {"events.kind": "其它情形", day: "2024-05-06"}
    assert refuse(topic, cells, headers={day: "办理日期"}) == "unknown_word"
    stated = {"death": "死亡日期", "departure": "迁出日期"}[topic]
    assert list_records(topic, cells, headers={day: stated})[-1] == ("members", {"left_on": date(2024, 5, 6)})


@pytest.mark.parametrize(("kind", "count"), [("新办", 1), (None, 1), ("注销", 0), ("到期换证", 0), ("迁入", 0)])
def test_only_new_certificates_are_disabilities(list_records, kind, count):
    cells = {"events.kind": kind, "events.occurred_on": "2024-05-06"}
    assert len(list_records("disability", cells)) == count


@pytest.mark.parametrize(
    ("problem", "started", "tables"),
    [
        ("房屋渗水", None, ["events"]),
        ("无房产证", None, ["events"]),
        ("无", None, []),
        ("未发现问题", None, []),
        ("无", "2020-03-04", ["help"]),
        ("房屋渗水", "2020-03-04", ["help", "events"]),
    ],
)
def test_a_problem_of_people_who_moved_is_reported(list_records, problem, started, tables):
    cells = {"events.kind": problem, "events.occurred_on": "2024-05-06", "help.started_on": started}
    records = list_records("relocation", cells)
    assert [table for table, _ in records] == tables
    if "events" in tables:
        assert records[-1][1] == {"occurred_on": date(2024, 5, 6), "kind": "report", "channel": "department"}


GRANT = {"help.started_on": "2024-05-06", "help.amount": 1000}


@pytest.mark.parametrize(
    ("header", "remark", "void"),
    [
        ("备注", "作废", True),
        ("备注", "已退回", True),
        ("备注", "重复，作废", True),
        ("备注", "重复", True),
        ("审批结果", "不符合条件", True),
        ("审批结果", "同意", False),
        ("备注", "与上月不重复", False),
        ("备注", "15天内重复住院", False),
        ("救助原因", "作废票据报销", False),
    ],
)
def test_a_remark_may_say_that_the_row_does_not_count(read_row, header, remark, void):
    reader = read_row(GRANT | {"other": remark}, headers={"other": header})
    assert [entry.sign for entry in make_entries("relief", reader)] == ["void" if void else ""]


def test_a_row_that_does_not_count_needs_no_amount(refuse):
    assert refuse("relief", GRANT | {"help.amount": "待定", "other": "不同意"}, headers={"other": "审批结果"}) == "void"


@pytest.mark.parametrize(
    ("header", "days", "per"),
    [
        ("月保障金额", 29, "month"),
        ("金额", 29, "month"),
        ("金额", 91, None),
        ("月救助金额", 91, "month"),
        ("年补助", 29, "year"),
    ],
)
def test_an_allowance_is_paid_by_the_month_unless_the_list_says_otherwise(list_records, header, days, per):
    period = Context((), date(2024, 4, 1), date.fromordinal(date(2024, 4, 1).toordinal() + days))
    cells = {"help.amount": 300, "help.measure": "低保"}
    [(_, values)] = list_records("allowance", cells, headers={"help.amount": header}, context=period)
    assert values.get("per") == per


def test_a_state_in_a_list_of_wages_may_show_that_the_job_is_lost(list_records):
    for header, state in (("稳岗情况", "失业"), ("状态", "6月15日离岗")):
        lost = list_records("wages", {"income.wage": 0, "other": state}, headers={"other": header}, context=JUNE)
        assert lost == [
            ("events", {"occurred_on": JUNE.start, "kind": "job_loss"}),
            ("members", {"working": "none"}),
        ]
    paid = list_records("wages", {"income.wage": 3000, "other": "失业"}, headers={"other": "就业状态"}, context=JUNE)
    assert [table for table, _ in paid] == ["income", "events", "members"]
    stable = list_records("wages", {"income.wage": 3000, "other": "稳定"}, headers={"other": "稳岗情况"}, context=JUNE)
    assert [table for table, _ in stable] == ["income"]


def test_the_employer_or_public_work_distinguishes_jobs(read_row):
    def find_number(titles, cells):
        reader = read_row(cells, headers={"other": "务工企业"}, context=Context(titles, JUNE.start, JUNE.end))
        return make_entries("wages", reader)[0].number

    assert find_number(("2024年6月务工台账",), {"income.wage": 3000, "other": "某鞋厂"}) == "某鞋厂"
    assert find_number(("2024年6月务工台账",), {"income.wage": 3000}) is None
    assert find_number(("公益岗", "务工及公益岗台账"), {"income.wage": 750, "other": "某村"}) == PUBLIC_WORK
    assert find_number(("务工", "务工及公益岗台账"), {"income.wage": 750}) is None


def test_a_sheet_of_an_unknown_topic_is_not_understood(refuse):
    assert refuse("", {"name": "甲"}) == "unknown_list"

"""What a sheet is about, and which field each of its columns has."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from riskml.errors import UsageError
from riskml.lists.reading.headers import read_headers
from riskml.lists.reading.read import read_list
from riskml.lists.row_reader import RowReader, index_columns

ID = "990123198503122348"
RECEIVED = date(2024, 7, 1)
ROW = ["某某", "洪涝", "2024-06-04", 3]


LISTS = """
illness: 住院费用: 患者=name 身份证件号=id_number 就医方式=illness.kind 入院时间=illness.occurred_on \
    医疗费用总额=illness.cost 个人自负=illness.self_paid
illness: 住院费用: 姓名=name 出院时间=illness.occurred_on 费用合计=illness.cost 自付金额=illness.self_paid \
    结算单号=illness.record_id
allowance: 特困供养人员: 姓名=name 公民身份证号=id_number 供养方式=help.measure 开始享受时间=help.started_on \
    月供养金=help.amount
relief: 急难救助: 受助人=name 家庭地址=village 救助事由=other 打卡时间=help.started_on \
    发放救助金（元）=help.amount
dropout: 控辍保学台账: 学生=name 学籍号=id_number 家长=head_name 离校日期=events.occurred_on 劝返情况=other
school_fee: 就学负担: 姓名=name 交费日期=events.occurred_on 学费=other 住宿费=other \
    家庭承担费用=events.amount
school_fee: 就学负担: 姓名=name 交费日期=events.occurred_on 学费=events.amount 住宿费=events.amount \
    减免金额=help.amount
student_aid: 雨露计划: 学生姓名=name 资助项目=help.measure 发放时间=help.started_on 补助金额=help.amount
disability: 新办残疾人证: 持证人=name 残疾证号=id_number 残疾级别=other 评定日期=events.occurred_on
disaster: 洪涝灾情: 受灾户主=head_name 灾害类型=disaster.kind 成灾时间=disaster.occurred_on 房屋损失=other \
    农作物损失=other 损失合计（千元）=disaster.loss
wages: 外出务工: 姓名=name 务工去向=members.working 月均收入=income.wage 年收入=other
wages: 公益性岗位: 姓名=name 工资月份=income.period_start 实发工资=income.wage
illness: 住院台账: 就诊人员=name 人员所属村=village 就诊日=illness.occurred_on 住院费用总额=illness.cost \
    基本统筹报销=other 个人承担总费用=illness.self_paid
allowance: 低保动态: 低保户主=head_name 低保户主身份证=head_id 月享受低保金=help.amount 本季度发放低保金=other
student_aid: 雨露计划: 学生姓名=name 就读院校=other 补助金额=help.amount 打卡日期=help.started_on
disability: 持证残疾人: 姓名=name 残疾类别等级=other 首次领证时间=events.occurred_on
wages: 务工: 姓名=name 上月收入=other 本月收入=income.wage
register: 农户信息: 户主=head_name 家庭成员=name 成员证件号=id_number 消除风险日期=monitoring.cleared_on
job_loss: 返乡人员: 姓名=name 离岗时间=events.occurred_on 原务工地点=other 原月工资=other
housing: 农村危房: 房主=head_name 身份证=head_id 危险性等级=events.kind 核查日期=events.occurred_on
water: 农村饮水: 用水户姓名=head_name 手机号码=phone 供水问题=events.kind 巡查日期=events.occurred_on
venture: 养殖户减收: 户主=head_name 产业类型=other 上年收入=other 减收金额=other 降幅=other 核查时间=events.occurred_on
relocation: 易地搬迁安置: 户主=head_name 原住址=village 入住日期=help.started_on 帮扶内容=help.measure
death: 人口变动: 姓名=name 变动原因=events.kind 变动日期=events.occurred_on
housing: 农村危房: 户主=head_name 身份证后四位=head_id 鉴定等级=events.kind
relocation: 易地搬迁安置: 户主=head_name 安置点=other 存在困难=events.kind 走访时间=events.occurred_on
death: 户口注销: 姓名=name 死亡时间=events.occurred_on 注销日期=other
departure: 户口迁移: 姓名=name 迁移日期=members.left_on 迁往何地=other
accident: 道路交通事故: 伤者姓名=name 事发时间=events.occurred_on 事故地点=other 受伤程度=other
job_loss: 就业情况: 姓名=name 工作城市=other 返乡时间=events.occurred_on 就业状态=other
wages: 务工: 姓名=name 2024年1月=income.wage 2024年2月=income.wage 务工地=members.working
wages: 工资发放: 姓名=name 1月工资=income.wage 2月份工资=income.wage
lead: 风险线索: 姓名=name 预警内容=events.kind 推送日期=events.occurred_on
register: 农户信息: 户码=household_no 姓名=name 致贫\\返贫风险1=monitoring.causes 农户属性=households.kind \
    工资性收入=income.wage 经营净收入=income.business 风险消除后工资性收入=other 人均纯收入=other
water: 饮水安全: 用水户=head_name 水量=other 水质=other 保证率=other 综合评价=events.kind
water: 饮水安全: 用水户=head_name 水量=events.kind 水质=events.kind 用水方便程度=events.kind 整改情况=other
illness: 门诊费用: 姓名=name 就诊日期=illness.occurred_on 费用总额=illness.cost 个人支付总额=illness.self_paid \
    其中:账户支付=other 其中:现金支付=other
illness: 住院费用: 姓名=name 入院日期=illness.occurred_on 出院日期=other 总费用=illness.cost \
    报销后个人负担医疗费用=illness.self_paid
illness: 住院费用: 姓名=name 总费用=illness.cost 个人自付（旧）=other 个人自付=illness.self_paid
illness: 住院费用: 姓名=name 总费用=illness.cost 其中：个人自付=illness.self_paid
illness: 门诊: 姓名=name 医疗总费用=illness.cost 个人现金=illness.self_paid 个人账户=illness.self_paid
allowance: 特困人员供养: 姓名=name 供养方式=help.measure 基本生活费=other 护理费=other 月合计=help.amount
allowance: 特困人员供养: 姓名=name 供养方式=help.measure 基本生活费=help.amount 护理费=help.amount
allowance: 残疾人两项补贴发放: 姓名=name 残疾等级=other 生活补贴=help.amount 护理补贴=help.amount
allowance: 高龄补贴发放: 姓名=name 年龄=other 补贴金额=help.amount
allowance: 孤儿基本生活费发放: 姓名=name 发放标准=other 发放金额=help.amount
relief: 临时救助: 姓名=name 申请金额=other 拟救助金额=help.amount 审批时间=help.started_on
school_fee: 大学生就学负担: 姓名=name 缴费日期=events.occurred_on 学费=other 应缴合计=other \
    减免资助=help.amount 本学年实际缴纳=events.amount
student_aid: 雨露计划: 学生姓名=name 补助类别=help.measure 补助标准=other 打卡金额=help.amount \
    打卡日期=help.started_on
disaster: 7月14日洪涝: 户主=head_name 损失（元）=disaster.loss
wages: 乡村公益性岗位补贴发放表: 姓名=name 岗位=other 应发=other 扣款=other 实发=income.wage
wages: 脱贫人口就业: 姓名=name 就业地=members.working 月均务工收入=income.wage
relocation: 易地搬迁户: 户主=head_name 安置点=other 搬迁入住时间=help.started_on 搬迁人口=other
-: 通讯录: 姓名=name 联系电话=phone 职务=other
"""
"""Topic, title and columns of lists: what a column is called, and its field."""


@pytest.mark.parametrize("line", LISTS.strip().splitlines())
def test_topics_and_fields_of_other_wordings(read, list_fields, line):
    topic, title, columns = line.split(": ")
    names, fields = zip(*(column.split("=") for column in columns.split()), strict=True)
    sheet = read([[title], names, ["某"] * len(names), ["某某"] * len(names)])
    assert (sheet.topic or "-", list_fields(sheet)) == (topic, list(fields))


@pytest.mark.parametrize(
    ("title", "header", "value", "unclear"),
    [
        ("住院", ["总费用", "个人应付部分"], 900, "illness.self_paid"),
        ("住院", ["总费用", "个人应付部分", "个人自付"], 900, ""),
        ("住院", ["总费用", "床位号"], 900, ""),
        ("住院", ["总费用", "统筹支付", "备注"], 900, ""),
        ("住院", ["总费用", "自掏腰包"], 900, "illness.self_paid"),
        ("住院", ["住院日", "花费", "自掏腰包"], 900, "illness.self_paid"),
        ("低保", ["保障类别", "享受起始时间", "每月领取数"], 300, "help.amount"),
        ("低保", ["保障类别", "领取/月"], 300, "help.amount"),
        ("低保", ["保障类别", "3月"], 300, "help.amount"),
        ("低保", ["保障类别", "享受起始", "家庭人数（人）", "周岁"], 20240305, ""),
        ("低保", ["保障类别", "入户金额"], "300元", "help.amount"),
        ("低保", ["保障类别", "本季度发放金额"], 900, ""),
        ("低保", ["保障类别", "补贴发放银行"], "某某银行", ""),
        ("低保", ["保障类别", "补贴发放卡"], 6_200_000_000_000_000, ""),
        ("灾情", ["受灾时间", "损失折算"], 0.5, "disaster.loss"),
        ("灾情", ["受灾时间", "折算"], 5000, "disaster.loss"),
        ("灾情", ["受灾时间", "倒塌房屋间数", "受淹（亩）"], 3, ""),
    ],
)
def test_an_unknown_header_that_may_be_the_main_amount_is_a_question(read, title, header, value, unclear):
    assert read([[title], ["姓名", *header], *[["某某", *[value] * len(header)]] * 2]).unclear == unclear


def test_row_numbers_are_not_an_amount(read):
    rows = [["某某", "低保", i] for i in range(1, 6)]
    assert read([["低保"], ["姓名", "保障类别", "排位"], *rows]).unclear == ""


def test_second_best_columns_of_days_are_kept(read):
    sheet = read([["住院"], ["姓名", "入院日期", "出院日期"], ["某某", "2024-03-05", "2024-03-09"]])
    assert [column.spare for column in sheet.columns] == ["", "", "illness.occurred_on"]


def test_a_sheet_with_the_header_of_another_one_has_its_topic(read):
    header = ["姓名", "日期", "金额"]
    rows = [header, ["某某", "2024-03-05", 500]]
    sheets = read({"临时救助发放": rows, "续表": rows, "其他": [["姓名", "日期"], ["某某", "2024-03-05"]]})
    assert [sheet.topic for sheet in sheets] == ["relief", "relief", ""]


@pytest.mark.parametrize(
    ("header", "row", "paid"),
    [
        (["总费用", "统筹支付", "大病支付", "个人自付", "自费"], [1000, 500, 100, 300, 100], ["个人自付", "自费"]),
        (["总费用", "统筹支付", "大病支付", "个人自付", "自费"], [1000, 500, 100, 400, 100], ["个人自付"]),
        (["总费用", "报销合计", "统筹支付", "个人自付", "目录外"], [1000, 600, 500, 300, 100], ["个人自付", "目录外"]),
        (["总费用", "政策内自付", "目录外自费", "个人负担"], [1000, 300, 130, 400], ["个人负担"]),
        (["总费用", "政策内自付", "目录外自费"], [1000, 300, 100], ["政策内自付", "目录外自费"]),
        (["总费用", "个人自付", "全自费"], [1000, 300, 100], ["个人自付", "全自费"]),
        (["总费用", "个人自付合计", "全自费"], [1000, 400, 100], ["个人自付合计"]),
        (
            ["总费用", "统筹支付", "个人现金支付", "个人账户支付"],
            [1000, 600, 300, 100],
            ["个人现金支付", "个人账户支付"],
        ),
        (["总费用", "统筹支付", "个人现金支付", "个人账户支付"], [1000, 600, 400, 100], ["个人现金支付"]),
        (["总费用", "个人自付", "个人账户支付"], [1000, 400, 100], ["个人自付"]),
        (["总费用", "个人现金支付", "全自费"], [1000, 400, 100], ["个人现金支付"]),
    ],
)
def test_amounts_show_the_total_that_the_person_paid(read, header, row, paid):
    rows = [["某某", ID, "2024-03-05", *(amount * factor for amount in row)] for factor in (1, 2, 3)]
    sheet = read([["住院"], ["姓名", "身份证号", "入院日期", *header], *rows])
    assert [column.header for column in sheet.find_columns("illness.self_paid")] == paid


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("户主姓名 身份证号 姓名 身份证号", "head_name head_id name id_number"),
        ("姓名 身份证号 户主 身份证号", "name id_number head_name head_id"),
        ("户主 身份证号 患者", "head_name head_id name"),
        ("户主 患者 身份证号", "head_name name id_number"),
        ("姓名 户主 户主证件号码 身份证号", "name head_name head_id id_number"),
        ("户主 身份证号", "head_name head_id"),
        ("姓名 身份证号 残疾证号", "name id_number other"),
        ("姓名 身份证号 联系人 联系人电话", "name id_number other other"),
    ],
)
def test_numbers_belong_to_the_name_before_them(read, list_fields, header, fields):
    names = header.split()
    sheet = read([["住院"], [*names, "入院日期"], *[[*["某某"] * len(names), "2024-03-05"]] * 2])
    assert list_fields(sheet)[:-1] == fields.split()


def test_values_show_the_field_of_an_unknown_header(read, list_fields):
    row = ["王某某", ID, "下河村", "10012345678", "2024-03-05", 7]
    sheet = read(
        [
            ["辍学"],
            ["谁", "编码", "哪里", "怎么联系", "哪天", "几回", "学校", "劝返情况"],
            [*row, "甲校", ""],
            [*row, "乙校", ""],
        ]
    )
    assert list_fields(sheet) == [
        "name",
        "id_number",
        "village",
        "phone",
        "events.occurred_on",
        "other",
        "other",
        "other",
    ]
    assert [column.how for column in sheet.columns][:6] == ["values"] * 5 + [""]


@pytest.mark.parametrize(
    ("titles", "header", "factor"),
    [
        (["灾情"], "损失金额", 1),
        (["灾情", "单位：万元"], "损失金额", 10_000),
        (["灾情（单位：千元）"], "损失金额", 1_000),
        (["灾情", "填报单位：某局 金额单位：万元"], "损失金额（元）", 1),
        (["灾情", "单位：元"], "损失金额（万元）", 10_000),
        (["灾情", "单位：户、万元"], "损失金额", 10_000),
        (["灾情", "单位：元、万元"], "损失金额", 1),
        (["灾情（万元）"], "损失金额", 10_000),
    ],
)
def test_the_unit_of_amounts_comes_from_the_header_or_otherwise_from_the_title(read, titles, header, factor):
    sheet = read(
        [*[[title] for title in titles], ["户主", "灾种", "受灾时间", header], ["某某", "洪涝", "2024-06-04", 3]]
    )
    reader = RowReader(index_columns(sheet), sheet.rows[-1], RECEIVED, RECEIVED)
    assert reader.find_factor(sheet.columns[3]) == factor


@pytest.mark.parametrize(
    ("below", "names", "units"),
    [
        ([["东沟镇（单位：万元）"], ROW, ["西山乡 单位：元"], ROW, ["西山乡"], ROW], {}, [10_000, 1, None]),
        ([ROW], {"sheet": "灾情（万元）"}, [10_000]),
        ([ROW], {"name": "灾情（千元）.xlsx"}, [1_000]),
        ([ROW, ["注：损失金额单位为万元"]], {}, [10_000]),
        ([["东沟镇（单位：元）"], ROW, ["说明：1.表中金额以万元为单位"]], {}, [1]),
        ([ROW, ["注：本表一式两份"]], {}, [None]),
    ],
)
def test_the_unit_may_come_from_a_section_a_name_or_a_note(read, below, names, units):
    sheet = read([["灾情"], ["户主", "灾种", "受灾时间", "损失金额"], *below], **names)
    assert [row.context.unit for row in sheet.rows if row.kind == "data"] == units


def test_a_county_confirms_headers_and_adds_wordings(save, tmp_path, list_fields):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "confirmed:\n"
        "- {header: 花费, field: illness.self_paid, unit: 万元}\n"
        "- {header: 总费用, field: other, topic: illness}\n"
        "topics:\n"
        "  illness: {words: [看医生], fields: {illness.occurred_on: {assumed: [哪天去的]}}}\n"
        "identity:\n"
        "  village: {assumed: [老家]}\n",
        encoding="utf-8",
    )
    path = save(
        [["看医生花费"], ["姓名", "老家", "哪天去的", "总费用", "花费"], ["某某", "下河村", "2024-03-05", 9, 0.1]]
    )
    (sheet,) = read_list(path, read_headers(mapping))
    assert sheet.topic == "illness"
    assert list_fields(sheet) == ["name", "village", "illness.occurred_on", "other", "illness.self_paid"]
    assert (sheet.columns[4].how, sheet.columns[4].factor) == ("confirmed", 10_000)


def test_a_confirmed_header_with_a_topic_decides_what_a_sheet_is_about(save, tmp_path):
    path = save([["花名册"], ["姓名", "身份证号", "花了"], ["某某", "990123198503122348", 5]])
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("confirmed: [{header: 花了, field: illness.self_paid, topic: illness}]", encoding="utf-8")
    topics = [read_list(path, read_headers(own))[0].topic for own in (None, mapping)]
    assert topics == ["", "illness"]


@pytest.mark.parametrize(
    ("title", "header", "confirmed", "topic"),
    [
        ("临时救助住院名单", ["花了"], "花了", "illness"),
        ("花名册", ["花了", "鉴定等级", "鉴定时间"], "花了", "illness"),
        ("花名册", ["金额"], "金额", "illness"),
        ("临时救助发放", ["救助时间", "金额"], "金额", "relief"),
    ],
)
def test_a_confirmed_header_decides_unless_other_topics_have_it_too(save, tmp_path, title, header, confirmed, topic):
    path = save([[title], ["姓名", "身份证号", *header], ["某某", ID, *[5] * len(header)]])
    text = f"confirmed: [{{header: {confirmed}, field: illness.self_paid, topic: illness}}]"
    (tmp_path / "mapping.yaml").write_text(text, encoding="utf-8")
    assert read_list(path, read_headers(tmp_path / "mapping.yaml"))[0].topic == topic


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "confirmed: [{header: a, field: ilness.cost}]",
            "1 unknown name(s): ilness.cost.\ndid you mean 'illness.cost'",
        ),
        ("confirmed: [{header: a, field: name, topic: ill}]", "unknown name(s): ill."),
        ("confirmed: [{header: a, field: name, unit: 角}]", "unknown name(s): 角."),
        ("confirm: []", "unknown name(s): confirm.\ndid you mean 'confirmed'"),
        ("[", "is not a YAML file"),
        ("- a", "has no keys"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused(tmp_path, text, message):
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        read_headers(path)
    assert message in str(error.value)


def test_no_header_is_declared_twice_for_different_fields(headers):
    """If a header had two fields in one topic, the first would be used silently."""
    from riskml.lists.data_files import load_data
    from riskml.lists.reading import headers as module

    content = load_data("reading/headers")
    for name, topic in {**content["topics"], "identity": {"fields": content["identity"], "other": []}}.items():
        own = [
            (header, field)
            for field, spec in (*topic["fields"].items(), ("other", {"seen": topic["other"]}))
            for key in ("seen", "assumed", "second", "parts")
            for header in module._flatten(spec.get(key, ()))
        ]
        twice = {header for header, field in own if any(field != other for same, other in own if same == header)}
        assert not twice, name


def test_the_page_on_lists_names_every_topic_and_field(headers):
    page = (Path(__file__).parents[3] / "docs" / "lists.md").read_text("utf-8")
    assert not [name for name in (*headers.topics, *headers.fields) if f"`{name}`" not in page]


@pytest.mark.parametrize("header", ["救助对象姓名", "医疗救助人员姓名", "报销人姓名"])
def test_whose_name_it_is_counts_more_than_what_is_paid(headers, header):
    assert headers.find("illness", [header]).field == "name"


@pytest.mark.parametrize(
    ("topic", "header", "field"),
    [
        ("illness", "入院", "illness.occurred_on"),
        ("wages", "8月务工收入（元）", "income.wage"),
        ("disaster", "合计", "disaster.loss"),
    ],
)
def test_short_headers_mean_what_the_topic_is_about(headers, topic, header, field):
    assert headers.find(topic, [header]).field == field


@pytest.mark.parametrize("title", ["农村住房安全鉴定汇总表", "2024年农村危房排查台账"])
def test_a_tick_under_a_grade_is_that_grade(read, list_fields, title):
    header = [["户主", "村", "鉴定等级", None, None, None, "鉴定日期"], [None, None, "A", "B", "C", "D", None]]
    rows = [
        ["某某", "下河村", None, None, "√", None, "2024-06-12"],
        ["张三", "老庄村", "✓", None, None, None, "2024-06-12"],
    ]
    both = ["李四", "老庄村", "√", "√", None, None, "2024-06-12"]
    sheet = read([[title], *header, *rows, both], merge=["C2:F2"])
    assert list_fields(sheet)[2:6] == ["events.kind", "other", "other", "other"]
    assert [row.cells[2] for row in sheet.rows[3:]] == ["C", "A", "A、B"]
    assert sheet.unclear == ""


@pytest.mark.parametrize(
    ("title", "unclear"),
    [
        ("农村危房鉴定汇总", "events.kind"),
        ("农村住房安全排查台账", "events.kind"),
        ("农村危房名单", ""),
        ("D级住房花名册", ""),
        ("饮水安全排查问题清单", ""),
        ("农村饮水安全排查台账", "events.kind"),
    ],
)
def test_a_list_that_does_not_say_which_houses_or_supplies_are_unsafe_is_a_question(read, title, unclear):
    days = "鉴定日期" if "饮水" not in title else "排查日期"
    header = ["户主姓名", "村", "房屋结构" if "饮水" not in title else "水源", days]
    assert read([[title], header, ["某某", "下河村", "砖木", "2024-06-12"]]).unclear == unclear


@pytest.mark.parametrize(
    ("topic", "header", "field"),
    [
        ("illness", ["合计费用"], "illness.cost"),
        ("illness", ["个人支付", "小计"], "illness.self_paid"),
        ("illness", ["8月就诊次数"], "illness.visits"),
        ("illness", ["记账凭证号"], "illness.record_id"),
        ("disaster", ["损失小计"], "disaster.loss"),
        ("allowance", ["调整后金额"], "help.amount"),
        ("allowance", ["原保障金额"], "other"),
    ],
)
def test_words_for_sums_months_and_changes_do_not_hide_a_header(headers, topic, header, field):
    assert headers.find(topic, header).field == field

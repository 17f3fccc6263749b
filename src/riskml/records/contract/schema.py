"""The data contract: every table, column, type, unit and allowed value, declared once.

The reading and checking of records, and ``data/README.md``, are derived from this declaration.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from riskml.records.contract.declaration import IDENTIFIERS, KIND_WORDS, Column, Kind, Table
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.regions import Level
from riskml.vocabulary.verdicts import CATEGORIES

__all__ = [
    "CHANGED_CODE",
    "HOUSEHOLD_CODE",
    "IDENTIFIERS",
    "KIND_WORDS",
    "MAX_AMOUNT",
    "MAX_TEXT",
    "NO_CODE",
    "PLAIN",
    "SOURCES",
    "SPOILT_CODE",
    "TABLES",
    "Column",
    "Kind",
    "Table",
    "list_codes",
]

CHANGED_CODE = (
    r"[0-9](\.[0-9]+)?[eE]\+[0-9]{2,3}|[0-9]\.[0-9]+[eE][0-9]{1,3}|[0-9]+\.0+|[0-9]{1,3}(,[0-9]{3})+"
    r"|[０-９]+|\x27.+|=\x22.*|.+[·•]|##+"
)
"""Pattern for codes that a program has mistaken for numbers, such as 9.90101E+14, 9.90101E14 (as Java writes) and
12.0, or written with characters of its own, such as ="12", '12 and 12·."""

NO_CODE = (
    r"(?i:n/?a|<na>|nan|nat|none|null|#[a-z0-9]+[/!?][a-z0-9!]*|(grand |sub)?total|sum)|[-—－/]+|无|.*(合计|小计|总计)"
    r"|household_id|member_id|record_id|region_code"
)
"""Pattern for what stands in place of a code: words for an empty cell or an error, a sum, or the header again."""

SPOILT_CODE = f"{CHANGED_CODE}|{NO_CODE}"
"""Pattern for cells that are not the code that the source has."""

PLAIN = r"^[^\x00-\x1f\x7f]+$"
"""At least one character, and no control character: PostgreSQL rejects NUL, and a line break in a code is a mistake."""

_NO_SLASH = r"[^\x00-\x1f\x7f/]"
HOUSEHOLD_CODE = rf"^(\.{{0,2}}[^\x00-\x1f\x7f/.]{_NO_SLASH}*|\.\.\.{_NO_SLASH}*)$"
"""Pattern for the code of a household: plain text without a slash, at which proxies cut addresses, and not ``.`` or
``..``, which browsers drop from them."""

MAX_TEXT = 128
"""Maximum number of characters in a code."""

LARGEST_COUNT = 1200
"""Largest possible number of persons, months or visits in one row."""

LARGEST_AMOUNT, MAX_AMOUNT = 1e7, 1e12
"""Largest plausible and largest possible amount of a household in one row, in yuan."""

_HOUSEHOLD = Column("household_id", Kind.TEXT, "农户编码", "household code", required=True)
_RECORDED = Column("recorded_on", Kind.DATE, "登记日期（何时知道）", "day on which the row became known")
_RECORD_ID = Column(
    "record_id",
    Kind.TEXT,
    "记录编号，同号后记更正前记",
    "record number; a later row with the same number corrects an earlier one",
)
_WITHDRAWN = Column("withdrawn", Kind.FLAG, "撤回该记录", "withdraws the record with this record_id")
_RECORD = (_RECORDED, _RECORD_ID, _WITHDRAWN)


def _code(name: str, zh: str, en: str, allowed: dict[str, str], *, required: bool = False) -> Column:
    return Column(name, Kind.CODE, zh, en, required=required, allowed=allowed)


def _amount(name: str, zh: str, en: str, **rest: Any) -> Column:
    limits = {"minimum": 0, "maximum": MAX_AMOUNT, "plausible": LARGEST_AMOUNT}
    return Column(name, Kind.AMOUNT, zh, en, **{"unit": "yuan", **limits, **rest})


def _count(name: str, zh: str, en: str, unit: str, plausible: int, *, minimum: int = 1, **rest: Any) -> Column:
    return Column(
        name, Kind.COUNT, zh, en, unit=unit, minimum=minimum, maximum=LARGEST_COUNT, plausible=plausible, **rest
    )


def _day(name: str, zh: str, en: str, *, required: bool = False) -> Column:
    return Column(name, Kind.DATE, zh, en, required=required)


SOURCES = {"wage": "工资性", "business": "经营性", "property": "财产性", "transfer": "转移性", "total": "合计"}
"""Sources of income and their Chinese names; ``total`` means all of them."""

_LEVELS = " ".join(f"{level:d} {level.zh}" for level in Level)

_HOUSEHOLDS = (
    _HOUSEHOLD,
    _RECORDED,
    Column(
        "region_code",
        Kind.REGION,
        f"行政区划代码（{_LEVELS}）",
        "region code; its prefixes are the codes of larger regions",
        required=True,
    ),
    _count("size", "家庭人口", "persons in the household", "persons", 30, required=True),
    _code("kind", "农户类型", "kind of household", {"exited": "脱贫户", "ordinary": "一般农户"}),
    _day("exited_on", "脱贫日期", "day on which the household left registered poverty"),
)

_MEMBERS = (
    _HOUSEHOLD,
    Column("member_id", Kind.TEXT, "成员编码", "member code", required=True),
    _RECORDED,
    Column("birth_year", Kind.YEAR, "出生年份", "year of birth", unit="year", minimum=1850),
    _code("sex", "性别", "sex", {"f": "女", "m": "男"}),
    _code(
        "labour",
        "劳动能力",
        "ability to work",
        {"full": "普通劳动力", "skilled": "技能劳动力", "weak": "弱劳动力或半劳动力", "none": "无劳动力"},
    ),
    _code(
        "health",
        "健康状况",
        "state of health",
        {"healthy": "健康", "chronic": "长期慢性病", "serious": "大病", "disabled": "残疾"},
    ),
    _code(
        "schooling",
        "在校状况",
        "school that the member attends now",
        {"none": "非在校", "compulsory": "义务教育", "senior": "高中或中职", "college": "大专及以上"},
    ),
    _code("working", "务工状况", "current work", {"local": "本地务工", "migrant": "外出务工", "none": "未务工"}),
    _day("left_on", "离开家庭日期", "day on which the member left the household"),
)

_INCOME = (
    _HOUSEHOLD,
    Column("period_start", Kind.MONTH_START, "期间首日（某月一日）", "first day of the period", required=True),
    _count("months", "期间月数", "number of months in the period", "months", 36, default=1),
    _code("source", "收入来源", "source of income", SOURCES, required=True),
    _amount(
        "amount",
        "期间净收入，可为负；空值撤回同号记录",
        "income for the whole period, net of costs; may be negative; null withdraws the record",
        minimum=None,
        required=True,
        nullable=True,
    ),
    Column(
        "statement",
        Kind.FLAG,
        "是否为期间全部收入的申报（从登记之日起替代同来源的其他记录）",
        "states the household's full income from the source in the period; replaces its other rows for that source",
        added=True,
    ),
    Column(
        "member_id",
        Kind.TEXT,
        "成员编码：某一成员的部分收入，不计入合计",
        "member code; the row is one person's income and is not included in any sum",
        added=True,
    ),
    _RECORDED,
    _RECORD_ID,
)

_ILLNESS = (
    _HOUSEHOLD,
    Column("member_id", Kind.TEXT, "成员编码", "member code"),
    _day("occurred_on", "就诊日期", "day of the visit or admission", required=True),
    _code(
        "kind",
        "就诊类型",
        "kind of care",
        {"inpatient": "住院", "outpatient": "门诊", "chronic": "慢性病", "other": "其他"},
        required=True,
    ),
    _count("visits", "次数", "number of visits that the row covers", "visits", 366, minimum=0, default=1),
    _amount("cost", "医疗总费用", "total cost"),
    _amount("self_paid", "个人自付", "part paid by the household (out-of-pocket)"),
    *_RECORD,
)

_DISASTER = (
    Column("household_id", Kind.TEXT, "农户编码（与区划二选一）", "household code; empty if region_code is given"),
    Column("region_code", Kind.REGION, "受灾区划代码前缀", "code prefix of the regions that were struck"),
    _day("occurred_on", "发生日期", "day of the disaster", required=True),
    _code(
        "kind",
        "灾种",
        "kind of disaster",
        {
            "flood": "洪涝",
            "drought": "干旱",
            "fire": "火灾",
            "hail": "冰雹",
            "landslide": "滑坡",
            "earthquake": "地震",
            "pest": "病虫害",
            "animal_disease": "动物疫病",
            "price_fall": "价格下跌",
            "other": "其他",
        },
        required=True,
    ),
    _amount(
        "loss", "损失", "household's loss; the loss in a regional row is not divided among households", plausible=1e11
    ),
    *_RECORD,
)

_EVENTS = (
    _HOUSEHOLD,
    _day("occurred_on", "发生日期", "day of the event", required=True),
    _code(
        "kind",
        "事件",
        "kind of event",
        {
            "job_loss": "失业",
            "dropout": "辍学",
            "school_fee": "就学支出",
            "death": "死亡",
            "accident": "意外事故",
            "disability": "新发残疾",
            "venture_failure": "产业项目失败",
            "housing_unsafe": "住房不安全",
            "water_unsafe": "饮水不安全",
            "report": "线索",
            "visit": "走访",
        },
        required=True,
    ),
    _amount("amount", "金额", "amount", minimum=None),
    _code(
        "channel",
        "渠道",
        "channel of the lead",
        {
            "hotline": "热线",
            "self_report": "自主申报",
            "visit": "入户走访",
            "department": "部门比对",
            "neighbour": "邻里反映",
            "grid_worker": "网格员上报",
        },
    ),
    *_RECORD,
)

_HELP = (
    _HOUSEHOLD,
    _day("started_on", "帮扶开始日期", "first day of the measure", required=True),
    _day("ended_on", "帮扶结束日期", "last day of the measure"),
    Column("measure", Kind.TEXT, "帮扶措施", "measure", required=True),
    Column("emergency", Kind.FLAG, "是否应急救助", "emergency help"),
    _amount("amount", "金额", "amount"),
    _code(
        "per", "金额的周期", "period of the amount (default once)", {"once": "一次", "month": "每月", "year": "每年"}
    ),
    *_RECORD,
)

_MONITORING = (
    _HOUSEHOLD,
    _code("category", "监测对象类别", "category of the monitored household", CATEGORIES.get_names("zh"), required=True),
    _day("entered_on", "纳入日期", "day of entry", required=True),
    _day("cleared_on", "风险消除日期", "day on which the risk was declared gone"),
    Column("causes", Kind.CODES, "风险原因", "causes of the risk, joined by ;", allowed=CAUSES.get_names("zh")),
    _RECORDED,
)

_LINES = (
    Column("region_code", Kind.REGION, "区划代码前缀，空为各地", "prefix of region codes; empty means everywhere"),
    _day("effective_from", "生效日期", "first day on which the line is in force", required=True),
    _amount(
        "amount",
        "监测线",
        "monitoring line",
        unit="yuan/person/year",
        exclusive=True,
        required=True,
        plausible=100_000,
    ),
    Column("source", Kind.TEXT, "来源", "source of the figure"),
    replace(_RECORDED, added=True),
)

_TABLES = (
    Table("households", _HOUSEHOLDS, "农户", "households", required=True, key=("household_id",), attributes=True),
    Table("members", _MEMBERS, "家庭成员", "members", key=("household_id", "member_id")),
    Table("income", _INCOME, "收入", "income reports", required=True, day="period_start"),
    Table("illness", _ILLNESS, "就医", "medical care", day="occurred_on"),
    Table("disaster", _DISASTER, "灾害", "disasters", day="occurred_on"),
    Table("events", _EVENTS, "事件与线索", "events and leads", day="occurred_on"),
    Table("help", _HELP, "帮扶", "help given", day="started_on"),
    Table(
        "monitoring",
        _MONITORING,
        "监测对象",
        "monitored households",
        key=("household_id", "entered_on"),
        day="entered_on",
    ),
    Table("lines", _LINES, "监测线", "monitoring lines", required=True),
)

TABLES: dict[str, Table] = {table.name: table for table in _TABLES}
"""Every table by name, in the order of the contract."""


@cache
def list_codes(table: str, column: str) -> tuple[str, ...]:
    """Return the allowed codes of a column in declared order; a code's position is its number in a panel.

    >>> list_codes("illness", "kind")
    ('inpatient', 'outpatient', 'chronic', 'other')
    """
    declared = TABLES[table].find_column(column)
    return tuple(declared.allowed or ()) if declared else ()

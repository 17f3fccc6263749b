"""Words of the timeline, in Chinese and in English."""

from __future__ import annotations

from riskml.explanation.household.explanation import NOTICE, SIMULATED
from riskml.records.contract.schema import TABLES

__all__ = ["LANES", "kind_name", "sign", "words"]

LANES = {
    "illness": {"zh": "病", "en": "Illness"},
    "disaster": {"zh": "灾", "en": "Disaster"},
    "schooling": {"zh": "学", "en": "School"},
    "work": {"zh": "工", "en": "Work"},
    "other": {"zh": "其他", "en": "Other"},
    "monitoring": {"zh": "监测", "en": "Watched"},
    "help": {"zh": "帮扶", "en": "Help"},
    "scores": {"zh": "每百户约", "en": "Of 100"},
}
"""Rows below the plot, from above; the first four and help are always there."""

_SIGNS = {
    "disability": {"zh": "残", "en": "I"},
    "venture_failure": {"zh": "业", "en": "W"},
    "death": {"zh": "亡", "en": "†"},
    "accident": {"zh": "故", "en": "A"},
    "housing_unsafe": {"zh": "房", "en": "H"},
    "water_unsafe": {"zh": "水", "en": "R"},
}

_WORDS = {
    "zh": {
        "title": "{household} 近 {months} 个月收入与事项",
        "as_of": "截至 {day}",
        "income": "近 {window} 个月人均纯收入 {amount} 元/年",
        "no_income": "近 {window} 个月收入记录不足，无法核算人均纯收入",
        "line": "监测线 {amount} 元/年",
        "no_line": "未查到现行监测线",
        "unit": "元/人/月",
        "bar": "人均月收入",
        "average": "近 {window} 个月月均",
        "dashed": "监测线÷12",
        "gap": "无收入记录",
        "step": "{amount}/年",
        "none": "无记录",
        "absent": "无此类数据",
        "times": "{n} 次",
        "sum": "共 {amount} 元",
        "self_paid": "自付 {amount} 元",
        "yuan": "{amount}元",
        "region": "所在地区{name}",
        "emergency": "应急救助",
        "help": "帮扶措施",
        "since": "{day} 起",
        "more": "另 {n} 项",
        "households": "{n} 户",
        "score": "{day}：类似的 100 户中约 {n} 户返贫",
        "gaps": "其中 {n} 个月无收入记录",
        "simulated": SIMULATED["zh"],
        "notice": NOTICE["zh"],
        "and": "、",
        "colon": "：",
        "comma": "，",
        "stop": "。",
    },
    "en": {
        "title": "{household}: income and events of {months} months",
        "as_of": "as of {day}",
        "income": "Income per head, last {window} months: {amount} yuan a year",
        "no_income": "Too few income reports in the last {window} months for a verdict",
        "line": "line: {amount} yuan a year",
        "no_line": "no line in force is known",
        "unit": "yuan per head and month",
        "bar": "income",
        "average": "{window}-month mean",
        "dashed": "line ÷ 12",
        "gap": "no report",
        "step": "{amount}/yr",
        "none": "none recorded",
        "absent": "no such data",
        "times": "{n} times",
        "sum": "{amount} yuan together",
        "self_paid": "{amount} yuan self-paid",
        "yuan": "{amount}",
        "region": "region: {name}",
        "emergency": "emergency help",
        "help": "help",
        "since": "since {day}",
        "more": "{n} more",
        "households": "{n}",
        "score": "{day}: of 100 households like this one about {n} fall back",
        "gaps": "{n} months without a report",
        "simulated": SIMULATED["en"],
        "notice": NOTICE["en"],
        "and": ", ",
        "colon": ": ",
        "comma": ", ",
        "stop": ". ",
    },
}

_NAMES = {
    code: zh
    for table in TABLES.values()
    if table.name in ("illness", "disaster", "events", "monitoring")
    for column in table.columns
    if column.name in ("kind", "category")
    for code, zh in (column.allowed or {}).items()
}
_NAMES |= {"other_illness": "就医", "other_disaster": "其他灾害"}


def words(lang: str) -> dict[str, str]:
    """Words of a language.

    >>> words("zh")["as_of"].format(day="2024-12-31")
    '截至 2024-12-31'
    """
    return _WORDS[lang]


def kind_name(kind: str, lang: str) -> str:
    """Name of a code of the records.

    >>> kind_name("job_loss", "zh"), kind_name("job_loss", "en")
    ('失业', 'job loss')
    """
    return _NAMES[kind] if lang == "zh" else kind.replace("_", " ")


def sign(lane: str, kind: str, lang: str) -> str:
    """One character in a mark: what sort of event it is, without colour.

    >>> sign("illness", "inpatient", "zh"), sign("illness", "disability", "zh"), sign("work", "job_loss", "en")
    ('病', '残', 'W')
    """
    own = _SIGNS.get(kind)
    return own[lang] if own else LANES[lane][lang][0]

"""Words used in the timeline, in Chinese and in English."""

from __future__ import annotations

from riskml.records.contract.schema import TABLES
from riskml.vocabulary.terms import Term, Vocabulary

__all__ = ["LANES", "WORDS", "choose_letter", "name_kind"]

LANES = Vocabulary(
    Term("illness", "病", "Illness"),
    Term("disaster", "灾", "Disaster"),
    Term("schooling", "学", "School"),
    Term("work", "工", "Work"),
    Term("other", "其他", "Other"),
    Term("monitoring", "监测", "Monitor"),
    Term("help", "帮扶", "Help"),
    Term("scores", "每百户约", "Per 100"),
)
"""Lanes below the plot, from top to bottom.

The first four and ``help`` are always shown, unless the reader may not see them.
"""

_LETTERS = Vocabulary(
    Term("disability", "残", "I"),
    Term("venture_failure", "业", "W"),
    Term("death", "亡", "†"),
    Term("accident", "故", "A"),
    Term("housing_unsafe", "房", "H"),
    Term("water_unsafe", "水", "R"),
)

_WORDS = {
    "title": ("{household} 近 {months} 个月收入与事项", "{household}: income and events in the last {months} months"),
    "as_of": ("截至 {day}", "as of {day}"),
    "income": (
        "近 {window} 个月人均纯收入 {amount} 元/年",
        "Income per head, last {window} months: {amount} yuan a year",
    ),
    "no_income": (
        "近 {window} 个月收入记录不足，无法核算人均纯收入",
        "Too few income reports in the last {window} months to compute income per head",
    ),
    "older": (
        "收入数据截至 {month}，其前 {window} 个月人均纯收入 {amount} 元/年",
        "Income per head, {window} months to {month}: {amount} yuan a year",
    ),
    "month": ("{date.year}年{date.month}月", "{date:%B %Y}"),
    "line": ("监测线 {amount} 元/年", "line: {amount} yuan a year"),
    "no_line": ("未查到现行监测线", "no line in force was found"),
    "unit": ("元/人/月", "yuan per head per month"),
    "bar": ("人均月收入", "income"),
    "average": ("近 {window} 个月月均", "{window}-month mean"),
    "dashed": ("监测线÷12", "line ÷ 12"),
    "gap": ("无收入记录", "no report"),
    "steps": ("监测线", "Line"),
    "step": ("{amount}/年", "{amount}/yr"),
    "none": ("无记录", "none recorded"),
    "absent": ("无此类数据", "no such data"),
    "times": ("{n} 次", "{n} times"),
    "sum": ("共 {amount} 元", "{amount} yuan in total"),
    "self_paid": ("自付 {amount} 元", "{amount} yuan self-paid"),
    "amount": ("{amount} 元", "{amount} yuan"),
    "yuan": ("{amount}元", "{amount}"),
    "region": ("所在地区{name}", "region: {name}"),
    "emergency": ("应急救助", "emergency help"),
    "help": ("帮扶措施", "help"),
    "since": ("{day} 起", "since {day}"),
    "more": ("另 {n} 项", "{n} more"),
    "households": ("{n} 户", "{n}"),
    "score": (
        "{day}：类似的 100 户中约 {n} 户{fall}",
        "{day}: about {n} in 100 households like this one {fall}",
    ),
    "gaps": ("其中 {n} 个月无收入记录", "Months without a report: {n}"),
    "colon": ("：", ": "),
    "comma": ("，", ", "),
    "stop": ("。", ". "),
}

WORDS = {lang: {key: pair[i] for key, pair in _WORDS.items()} for i, lang in enumerate(("zh", "en"))}
"""Words used in the picture, by language."""

_NAMES = {
    code: zh
    for table in ("illness", "disaster", "events", "monitoring")
    for column in TABLES[table].columns
    if column.name in ("kind", "category")
    for code, zh in (column.allowed or {}).items()
}
_NAMES |= {"other_illness": "就医", "other_disaster": "其他灾害"}


def name_kind(kind: str, lang: str) -> str:
    """Return the name of a code used in the records.

    >>> name_kind("job_loss", "zh"), name_kind("job_loss", "en")
    ('失业', 'job loss')
    """
    return _NAMES[kind] if lang == "zh" else kind.replace("_", " ")


def choose_letter(lane: str, kind: str, lang: str) -> str:
    """Choose the character inside a mark, which tells kinds of events apart without relying on colour.

    >>> choose_letter("illness", "inpatient", "zh"), choose_letter("illness", "disability", "zh")
    ('病', '残')
    """
    return (_LETTERS.get(kind) or LANES[lane]).get_name(lang)[0]

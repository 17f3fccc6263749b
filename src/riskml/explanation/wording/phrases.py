"""Put numbers into words, in Chinese and in English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, isfinite

from riskml.records.contract.calendar import to_date
from riskml.records.contract.schema import TABLES

BELOW_NOTICE = 1e-4
"""An income counts as equal to the line if it differs by less than this share of the line, as in the rule line."""

UNCHANGED_SHARE = 0.01
"""An income counts as unchanged if it differs by less than this share of the income a year before."""


@dataclass(slots=True)
class PhraseContext:
    """What the words for a fact depend on, besides the numbers of the fact.

    Parameters
    ----------
    value : float
        Value of the feature.
    unit : str
    risk : bool
        Whether the feature raises this household's risk.
    typical : float
        Median over the training rows; NaN if unknown.
    """

    value: float
    unit: str
    risk: bool
    typical: float


def name_month(day: dt.date, lang: str) -> str:
    """Return the name of the month in which a day falls.

    >>> name_month(dt.date(2023, 9, 30), "zh"), name_month(dt.date(2023, 9, 30), "en")
    ('2023年9月', 'September 2023')
    """
    return f"{day.year}年{day.month}月" if lang == "zh" else f"{day:%B %Y}"


def format_yuan(yuan: float, lang: str) -> str:
    """Format an amount in yuan without decimals.

    >>> format_yuan(90000.4, "zh"), format_yuan(-1234.5, "en")
    ('90,000 元', '-1,234 yuan')
    """
    return f"{yuan:,.0f} 元" if lang == "zh" else f"{yuan:,.0f} yuan"


def _format_ratio(ratio: float, lang: str) -> str:
    """Format a ratio as a multiple (``3.1 倍``) or, below one, as a percentage.

    >>> _format_ratio(3.14, "zh"), _format_ratio(0.452, "zh"), _format_ratio(0.452, "en"), _format_ratio(0.004, "zh")
    ('3.1 倍', '45%', '45% of', '不到 1%')
    """
    if ratio >= 0.995:
        return f"{ratio:.1f} 倍" if lang == "zh" else f"{ratio:.1f} times"
    return _format_share(ratio, lang) + ("" if lang == "zh" else " of")


def _relate_to_income(ratio: float, lang: str) -> str:
    """Relate an amount to the household's yearly net income.

    >>> _relate_to_income(3.14, "zh"), _relate_to_income(0.004, "zh"), _relate_to_income(0.28, "en")
    ('相当于家庭年纯收入的 3.1 倍', '不到家庭年纯收入的 1%', "28% of the household's yearly net income")
    """
    if lang == "en":
        return f"{_format_ratio(ratio, lang)} the household's yearly net income"
    return "不到家庭年纯收入的 1%" if ratio < 0.01 else f"相当于家庭年纯收入的 {_format_ratio(ratio, lang)}"


def _format_share(share: float, lang: str) -> str:
    if 0 < share < 0.01:
        return "不到 1%" if lang == "zh" else "less than 1%"
    return f"{share:.0%}"


def _format_count(number: float) -> str:
    """Format a count: a whole number without decimals, a fraction (such as half a person) with one decimal."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _format_months(months: float, lang: str) -> str:
    if months < 0.5:
        return "不到半个月" if lang == "zh" else "less than half a month"
    whole = f"{months:.0f}"
    return f"{whole} 个月" if lang == "zh" else f"{whole} month" + ("" if whole == "1" else "s")


def describe_value(value: float, unit: str, lang: str) -> str:
    """Describe a feature's value in its unit.

    >>> describe_value(3.0, "count", "zh"), describe_value(-0.105, "log line", "zh"), describe_value(0.5, "share", "en")
    ('3 次', '90%', '50%')
    """
    if unit in ("line", "log line"):
        return _format_ratio(exp(value) if unit == "log line" else value, lang)
    if unit == "share":
        return _format_share(value, lang)
    if unit == "months":
        return _format_months(value, lang)
    if unit == "as given":
        return f"{value:g}"
    if unit == "years":
        return f"{value:.0f} 岁" if lang == "zh" else f"{value:.0f}"
    word = {"count": " 次", "persons": " 人"}.get(unit, "") if lang == "zh" else ""
    return _format_count(value) + word


def _describe_level(lang: str, context: PhraseContext, income: float, line: float, months: float, ended: float) -> str:
    """State income per head in a period, and compare it with the line or, in a reason above the line, the median."""
    if lang == "zh":
        period = "最近一个月" if months == 1 else f"近 {months:.0f} 个月"
    else:
        period = "the last month" if months == 1 else f"the last {months:.0f} months"
    if ended:
        period = name_month(to_date(int(ended)), lang)
    if abs(income) < 0.5:
        return f"{period}没有收入" if lang == "zh" else f"there was no income in {period}"
    if income < 0:
        loss = format_yuan(-income / 12, lang)
        if lang == "zh":
            return f"{period}经营亏损，{'' if months == 1 else '平均每月'}人均 {loss}"
        return f"{period} ended with a loss of {loss} per head{'' if months == 1 else ' and month'}"
    compared, stop = _compare_with_line(lang, income, line), ","
    if context.risk and income > line and isfinite(context.typical):
        most = exp(context.typical) * line
        compared, stop = _describe_most(most, format_yuan(most, lang), lang), ";"
    yuan = format_yuan(income, lang)
    if lang == "zh":
        return f"{period}人均纯收入{'' if months == 12 else '按年计'} {yuan}，{compared}"
    return f"income per head in {period} was {yuan} a year{stop} {compared}"


def _compare_with_line(lang: str, income: float, line: float) -> str:
    apart, share = abs(income - line), abs(income / line - 1)
    if share <= BELOW_NOTICE:
        return "与监测线持平" if lang == "zh" else "at the line"
    above = income > line
    if lang == "zh":
        return f"比监测线{'高' if above else '低'} {format_yuan(apart, lang)}（{_format_share(share, lang)}）"
    return f"{format_yuan(apart, lang)} ({_format_share(share, lang)}) {'above' if above else 'below'} the line"


def _compare_years(lang: str, _: PhraseContext, now: float, before: float) -> str:
    """Compare this year's sum with the sum over the same months in the year before."""
    more, apart, income = now > before, format_yuan(abs(now - before), lang), format_income(now, lang)
    share = f"{abs(now / before - 1):.0%}" if before > 0 and now >= 0 else ""
    same = abs(now - before) <= UNCHANGED_SHARE * abs(before)
    if lang == "zh":
        if same:
            return f"{income}，与上年同期持平"
        percent = f"（{'上升' if more else '下降'} {share}）" if share else ""
        return f"{income}，比上年同期{'多' if more else '少'} {apart}{percent}"
    if same:
        return f"{income}, the same as in the same months a year before"
    percent = f" ({share})" if share else ""
    return f"{income}, {apart}{percent} {'more' if more else 'less'} than in the same months a year before"


def format_income(yuan: float, lang: str) -> str:
    """Format an income, with the space that Chinese puts before a number; a negative one is called a loss.

    >>> format_income(500.0, "zh"), format_income(-500.0, "zh"), format_income(-500.0, "en")
    (' 500 元', '为亏损 500 元', 'a loss of 500 yuan')
    """
    amount = format_yuan(abs(yuan), lang)
    if lang == "zh":
        return f" {amount}" if yuan >= 0 else f"为亏损 {amount}"
    return amount if yuan >= 0 else f"a loss of {amount}"


def _describe_slope(lang: str, _: PhraseContext, change: float) -> str:
    """Describe the change of a month's income per head from one month to the next."""
    more, a_month = change > 0, format_yuan(abs(change), lang)
    if lang == "zh":
        way = "呈上升走势" if more else "呈下降走势"
        return f"{way}，人均月收入平均每月{'增加' if more else '减少'}约 {a_month}"
    return f"{'rising' if more else 'falling'}, by about {a_month} per head each month"


def _describe_difference(lang: str, _: PhraseContext, difference: float) -> str:
    more, yuan = difference > 0, format_yuan(abs(difference), lang)
    return f"{'高' if more else '低'} {yuan}" if lang == "zh" else f"{yuan} {'higher' if more else 'lower'}"


def _date_latest_below(lang: str, context: PhraseContext) -> str:
    if context.value < 1:
        return "最近一个月低于监测线" if lang == "zh" else "the latest month was below the line"
    when = _date_back(lang, context)
    return f"最近一次低于监测线在{when}" if lang == "zh" else f"the latest month below the line was {when}"


def _date_back(lang: str, context: PhraseContext) -> str:
    words = _format_months(context.value, lang)
    if lang == "en":
        return f"{words} ago"
    return f" {words}前" if words[:1].isdigit() else f"{words}前"


def _state_month(lang: str, _: PhraseContext, day: float) -> str:
    month = name_month(to_date(int(day)), lang)
    return f" {month}" if lang == "zh" else f"in {month}"


def _list_kinds(lang: str, _: PhraseContext | None, bits: float) -> str:
    """List the kinds of disaster whose bits are set, in the declared order.

    >>> _list_kinds("zh", None, 2**0 + 2**8), _list_kinds("en", None, 2**7)
    ('洪涝、价格下跌', 'animal disease')
    """
    kinds = TABLES["disaster"].find_column("kind")
    assert kinds is not None, "the table has the column"
    names = [
        zh if lang == "zh" else code.replace("_", " ")
        for i, (code, zh) in enumerate((kinds.allowed or {}).items())
        if int(bits) >> i & 1
    ]
    return ("、" if lang == "zh" else ", ").join(names)


def _describe_median(lang: str, context: PhraseContext) -> str | None:
    if not isfinite(context.typical):
        return None
    words = describe_value(context.typical, context.unit, lang).removesuffix(" of")
    return _describe_most(context.typical, words, lang)


def _describe_most(number: float, words: str, lang: str) -> str:
    """Describe what most households have: a number, which ``words`` put in its unit.

    >>> _describe_most(0, "0 元", "zh"), _describe_most(0.004, "不到 1%", "zh"), _describe_most(2, "2 人", "zh")
    ('多数农户没有', '多数农户不到 1%', '多数农户约为 2 人')
    """
    if number == 0:
        return "多数农户没有" if lang == "zh" else "most households: none"
    if words.startswith("不到"):
        return f"多数农户{words}"
    return f"多数农户约为 {words}" if lang == "zh" else f"most households: about {words}"


def _describe_per_head(lang: str, context: PhraseContext, line: float) -> str:
    amount, loss = format_yuan(abs(line * context.value), lang), context.value < 0
    if lang == "zh":
        return f"{'为亏损' if loss else ''}约 {amount}"
    return f"{'a loss of ' if loss else ''}about {amount}"


def _describe_median_per_head(lang: str, context: PhraseContext, line: float) -> str | None:
    if not isfinite(context.typical):
        return None
    yuan = round(line * context.typical)
    return _describe_most(yuan, format_yuan(yuan, lang), lang)


def _mark_as_yearly(lang: str, _: PhraseContext, window: float) -> str:
    return "" if window == 12 else "按年计" if lang == "zh" else "annualised"


Phrase = Callable[..., str | None]
"""A function of the language, the context and the numbers of a fact."""

PHRASES: dict[str, Phrase] = {
    "yuan": lambda lang, _, yuan: format_yuan(yuan, lang),
    "to_income": lambda lang, _, ratio: _relate_to_income(ratio, lang),
    "count": lambda _lang, _, number: _format_count(number),
    "level": _describe_level,
    "change": _compare_years,
    "month": _state_month,
    "yearly": _mark_as_yearly,
    "kinds": _list_kinds,
    "slope": _describe_slope,
    "difference": _describe_difference,
    "more_yuan": lambda lang, context, line: _describe_difference(lang, context, line * context.value),
    "per_head": _describe_per_head,
    "typical_per_head": _describe_median_per_head,
    "since_below": _date_latest_below,
    "ago": _date_back,
    "number": lambda _, context: _format_count(context.value),
    "value": lambda lang, context: describe_value(context.value, context.unit, lang),
    "typical": _describe_median,
}
"""For each kind of fact, the function that puts it into words; it returns None if there is nothing to state."""

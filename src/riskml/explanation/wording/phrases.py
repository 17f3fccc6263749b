"""Numbers put into words, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, isfinite

from riskml.records.contract.calendar import LOOK_BACK, to_date
from riskml.records.contract.schema import TABLES

__all__ = ["PHRASES", "Phrase", "PhraseContext", "describe_value", "format_yuan"]

BELOW_NOTICE = 1e-4
"""Share of the line within which an income counts as equal to it, as in the rule line."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(slots=True)
class PhraseContext:
    """The feature that a phrase is about, besides the numbers of its fact.

    Parameters
    ----------
    value : float
        Of the feature.
    unit : str
    risk : bool
        Whether the feature raises the risk of this household.
    typical : float
        Median of the training rows; NaN where not known.
    level : str
        Of a category.
    """

    value: float
    unit: str
    risk: bool
    typical: float
    level: str = ""


def format_yuan(yuan: float, lang: str) -> str:
    """Format yuan without decimals.

    >>> format_yuan(90000.4, "zh"), format_yuan(-1234.5, "en")
    ('90,000 元', '-1,234 yuan')
    """
    return f"{yuan:,.0f} 元" if lang == "zh" else f"{yuan:,.0f} yuan"


def _format_ratio(ratio: float, lang: str) -> str:
    """Format a multiple: ``3.1 倍``, or a share of less than one.

    >>> _format_ratio(3.14, "zh"), _format_ratio(0.452, "zh"), _format_ratio(0.452, "en"), _format_ratio(0.004, "zh")
    ('3.1 倍', '45%', '45% of', '不到 1%')
    """
    if ratio >= 0.995:
        return f"{ratio:.1f} 倍" if lang == "zh" else f"{ratio:.1f} times"
    return _format_share(ratio, lang) + ("" if lang == "zh" else " of")


def _format_share(share: float, lang: str) -> str:
    if 0 < share < 0.01:
        return "不到 1%" if lang == "zh" else "less than 1%"
    return f"{share:.0%}"


def _format_count(number: float) -> str:
    """Format a count without decimals, half a person with one."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _format_months(months: float, lang: str) -> str:
    if months < 0.5:
        return "不到半个月" if lang == "zh" else "less than half a month"
    whole = f"{months:.0f}"
    return f"{whole} 个月" if lang == "zh" else f"{whole} month" + ("" if whole == "1" else "s")


def describe_value(value: float, unit: str, lang: str, level: str = "") -> str:
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
    if level:
        return level
    if unit == "as given":
        return f"{value:g}"
    if unit == "years":
        return f"{value:.0f} 岁" if lang == "zh" else f"{value:.0f}"
    word = {"count": " 次", "persons": " 人"}.get(unit, "") if lang == "zh" else ""
    return _format_count(value) + word


def _gap(lang: str, income: float, line: float) -> str:
    apart, share = abs(income - line), abs(income / line - 1)
    if share <= BELOW_NOTICE:
        return "与监测线持平" if lang == "zh" else "on the line"
    above = income > line
    if lang == "zh":
        return f"比监测线{'高' if above else '低'} {format_yuan(apart, lang)}（{_format_share(share, lang)}）"
    return f"{format_yuan(apart, lang)} ({_format_share(share, lang)}) {'above' if above else 'below'} the line"


def _change(lang: str, now: float, before: float) -> str:
    """Compare the sum of this year with that of the same months a year before."""
    more, apart = now > before, format_yuan(abs(now - before), lang)
    share = f"{abs(now / before - 1):.0%}" if before > 0 and now >= 0 else ""
    if lang == "zh":
        if format_yuan(now, lang) == format_yuan(before, lang):
            return f" {format_yuan(now, lang)}，与上年同期持平"
        percent = f"（{'上升' if more else '下降'} {share}）" if share else ""
        return f" {format_yuan(now, lang)}，比上年同期{'多' if more else '少'} {apart}{percent}"
    if format_yuan(now, lang) == format_yuan(before, lang):
        return f"{format_yuan(now, lang)}, as in the same months a year before"
    percent = f" ({share})" if share else ""
    return (
        f"{format_yuan(now, lang)}, {apart}{percent} {'more' if more else 'less'} than in the same months a year before"
    )


def _slope(lang: str, yuan: float) -> str:
    more, a_month = yuan > 0, format_yuan(abs(yuan), lang)
    if lang == "zh":
        way = "呈上升走势" if more else "呈下降走势"
        return f"{way}，按年计人均平均每月{'增加' if more else '减少'}约 {a_month}"
    return f"{'rising' if more else 'falling'} by about {a_month} a month (per head, as a yearly figure)"


def _more_yuan(lang: str, yuan: float) -> str:
    if lang == "zh":
        return f"{'高' if yuan > 0 else '低'} {format_yuan(abs(yuan), lang)}"
    return f"{format_yuan(abs(yuan), lang)} {'higher' if yuan > 0 else 'lower'}"


def _more_persons(lang: str, persons: float) -> str:
    number = _format_count(abs(persons))
    if lang == "zh":
        return f"{'增加' if persons > 0 else '减少'} {number} 人"
    return f"{'larger' if persons > 0 else 'smaller'} by {number}"


def _since_below(lang: str, months: float) -> str:
    if months >= LOOK_BACK:
        return "近 36 个月没有低于监测线的月份" if lang == "zh" else "no month of the last 36 was below the line"
    if months < 1:
        return "最近一个月低于监测线" if lang == "zh" else "the latest month was below the line"
    when = _ago(lang, months)
    return f"最近一次低于监测线在{when}" if lang == "zh" else f"the latest month below the line was {when}"


def _ago(lang: str, months: float) -> str:
    words = _format_months(months, lang)
    if lang == "en":
        return f"{words} ago"
    return f" {words}前" if words[:1].isdigit() else f"{words}前"


def _month(lang: str, day: float) -> str:
    date = to_date(int(day))
    return f" {date.year} 年 {date.month} 月" if lang == "zh" else f"in {MONTHS[date.month - 1]} {date.year}"


def _kinds(lang: str, bits: float) -> str:
    """List kinds of disaster in the declared order.

    >>> _kinds("zh", 2**0 + 2**8), _kinds("en", 2**7)
    ('洪涝、价格下跌', 'animal disease')
    """
    kinds = TABLES["disaster"].column("kind")
    assert kinds is not None, "the table has the column"
    names = [
        zh if lang == "zh" else code.replace("_", " ")
        for i, (code, zh) in enumerate((kinds.allowed or {}).items())
        if int(bits) >> i & 1
    ]
    return ("、" if lang == "zh" else ", ").join(names)


def _typical(lang: str, context: PhraseContext) -> str | None:
    if not isfinite(context.typical):
        return None
    words = describe_value(context.typical, context.unit, lang)
    if context.unit in ("line", "log line") and lang == "en":
        words = words.removesuffix(" of")
    return f"一般户中位数 {words}" if lang == "zh" else f"median household: {words}"


def _higher(lang: str, context: PhraseContext) -> str:
    if lang == "zh":
        return "较高" if context.risk else "较低"
    return "higher" if context.risk else "lower"


Phrase = Callable[[str, PhraseContext, Sequence[float]], str | None]


def _of_numbers(words: Callable[..., str]) -> Phrase:
    return lambda lang, _, numbers: words(lang, *numbers)


def _of_value(words: Callable[[str, float], str]) -> Phrase:
    return lambda lang, context, _: words(lang, context.value)


def _of_line(words: Callable[[str, float], str]) -> Phrase:
    """Turn a value in multiples of the line into yuan."""
    return lambda lang, context, line: words(lang, line[0] * context.value)


def _yearly(lang: str, window: float) -> str:
    return "" if window == 12 else "按年计" if lang == "zh" else "as a yearly figure"


PHRASES: dict[str, Phrase] = {
    "yuan": _of_numbers(lambda lang, x: format_yuan(x, lang)),
    "times": _of_numbers(lambda lang, x: _format_ratio(x, lang)),
    "share": _of_numbers(lambda lang, x: _format_share(x, lang)),
    "count": _of_numbers(lambda _, x: _format_count(x)),
    "gap": _of_numbers(_gap),
    "change": _of_numbers(_change),
    "month": _of_numbers(_month),
    "yearly": _of_numbers(_yearly),
    "kinds": _of_numbers(_kinds),
    "slope": _of_line(_slope),
    "more_yuan": _of_line(_more_yuan),
    "more_persons": _of_value(_more_persons),
    "since_below": _of_value(_since_below),
    "ago": _of_value(_ago),
    "number": _of_value(lambda _, x: _format_count(x)),
    "value": lambda lang, context, _: describe_value(context.value, context.unit, lang, context.level),
    "typical": lambda lang, context, _: _typical(lang, context),
    "higher": lambda lang, context, _: _higher(lang, context),
}
"""How each kind of fact is put into words; None where there is nothing to state."""

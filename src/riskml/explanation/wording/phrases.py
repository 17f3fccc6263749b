"""Numbers in words, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, isfinite

from riskml.records.contract.calendar import LOOK_BACK, to_date
from riskml.records.contract.schema import TABLES

__all__ = ["PHRASES", "Phrase", "PhraseContext", "amount", "describe_value"]

BELOW_NOTICE = 1e-4
"""Share of the line within which an income counts as on it, as in the rule."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class PhraseContext:
    """What a phrase may know besides its numbers.

    Parameters
    ----------
    value : float
        Of the feature.
    unit : str
    risk : bool
        Whether the feature raises the risk here.
    typical : float
        Median of the training rows; NaN where not known.
    level : str
        Of a category.
    """

    __slots__ = ("level", "risk", "typical", "unit", "value")

    def __init__(self, value: float, unit: str, risk: bool, typical: float, level: str = "") -> None:
        self.value, self.unit, self.risk, self.typical, self.level = value, unit, risk, typical, level


def amount(yuan: float, lang: str) -> str:
    """Yuan without decimals.

    >>> amount(90000.4, "zh"), amount(-1234.5, "en")
    ('90,000 元', '-1,234 yuan')
    """
    return f"{yuan:,.0f} 元" if lang == "zh" else f"{yuan:,.0f} yuan"


def _times(ratio: float, lang: str) -> str:
    """A multiple: ``3.1 倍``, or a share of less than one.

    >>> _times(3.14, "zh"), _times(0.452, "zh"), _times(0.452, "en"), _times(0.004, "zh")
    ('3.1 倍', '45%', '45% of', '不到 1%')
    """
    if ratio >= 0.995:
        return f"{ratio:.1f} 倍" if lang == "zh" else f"{ratio:.1f} times"
    return _share(ratio, lang) + ("" if lang == "zh" else " of")


def _share(share: float, lang: str) -> str:
    if 0 < share < 0.01:
        return "不到 1%" if lang == "zh" else "less than 1%"
    return f"{share:.0%}"


def _plain(number: float) -> str:
    """A count without decimals, half a person with one."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _months(months: float, lang: str) -> str:
    if months < 0.5:
        return "不到半个月" if lang == "zh" else "less than half a month"
    whole = f"{months:.0f}"
    return f"{whole} 个月" if lang == "zh" else f"{whole} month" + ("" if whole == "1" else "s")


def describe_value(value: float, unit: str, lang: str, level: str = "") -> str:
    """A feature's value by its unit.

    >>> describe_value(3.0, "count", "zh"), describe_value(-0.105, "log line", "zh"), describe_value(0.5, "share", "en")
    ('3 次', '90%', '50%')
    """
    if unit in ("line", "log line"):
        return _times(exp(value) if unit == "log line" else value, lang)
    if unit == "share":
        return _share(value, lang)
    if unit == "months":
        return _months(value, lang)
    if level:
        return level
    if unit == "as given":
        return f"{value:g}"
    if unit == "years":
        return f"{value:.0f} 岁" if lang == "zh" else f"{value:.0f}"
    word = {"count": " 次", "persons": " 人"}.get(unit, "") if lang == "zh" else ""
    return _plain(value) + word


def _apart(words: str) -> str:
    """Set a figure apart from the Chinese word before it."""
    return f" {words}" if words[:1].isdigit() else words


def _gap(lang: str, income: float, line: float) -> str:
    apart, share = abs(income - line), abs(income / line - 1)
    if share <= BELOW_NOTICE:
        return "与监测线持平" if lang == "zh" else "on the line"
    above = income > line
    if lang == "zh":
        return f"比监测线{'高' if above else '低'} {amount(apart, lang)}（{_share(share, lang)}）"
    return f"{amount(apart, lang)} ({_share(share, lang)}) {'above' if above else 'below'} the line"


def _change(lang: str, now: float, before: float) -> str:
    """Sum of this year against that of the same months a year before."""
    more, apart = now > before, amount(abs(now - before), lang)
    share = f"{abs(now / before - 1):.0%}" if before > 0 and now >= 0 else ""
    if lang == "zh":
        if amount(now, lang) == amount(before, lang):
            return f" {amount(now, lang)}，与上年同期持平"
        percent = f"（{'上升' if more else '下降'} {share}）" if share else ""
        return f" {amount(now, lang)}，比上年同期{'多' if more else '少'} {apart}{percent}"
    if amount(now, lang) == amount(before, lang):
        return f"{amount(now, lang)}, as in the same months a year before"
    percent = f" ({share})" if share else ""
    return f"{amount(now, lang)}, {apart}{percent} {'more' if more else 'less'} than in the same months a year before"


def _slope(lang: str, yuan: float) -> str:
    more, a_month = yuan > 0, amount(abs(yuan), lang)
    if lang == "zh":
        way = "呈上升走势" if more else "呈下降走势"
        return f"{way}，按年计人均平均每月{'增加' if more else '减少'}约 {a_month}"
    return f"{'rising' if more else 'falling'} by about {a_month} a month (per head, as a yearly figure)"


def _more_yuan(lang: str, yuan: float) -> str:
    if lang == "zh":
        return f"{'高' if yuan > 0 else '低'} {amount(abs(yuan), lang)}"
    return f"{amount(abs(yuan), lang)} {'higher' if yuan > 0 else 'lower'}"


def _more_persons(lang: str, persons: float) -> str:
    number = _plain(abs(persons))
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
    words = _months(months, lang)
    if lang == "en":
        return f"{words} ago"
    return f"{_apart(words)}前"


def _month(lang: str, day: float) -> str:
    date = to_date(int(day))
    return f" {date.year} 年 {date.month} 月" if lang == "zh" else f"in {MONTHS[date.month - 1]} {date.year}"


def _kinds(lang: str, bits: float) -> str:
    """Kinds of disaster, in the declared order.

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


def _typical(lang: str, said: PhraseContext) -> str | None:
    if not isfinite(said.typical):
        return None
    words = describe_value(said.typical, said.unit, lang)
    if said.unit in ("line", "log line") and lang == "en":
        words = words.removesuffix(" of")
    return f"一般户中位数 {words}" if lang == "zh" else f"median household: {words}"


def _higher(lang: str, said: PhraseContext) -> str:
    if lang == "zh":
        return "较高" if said.risk else "较低"
    return "higher" if said.risk else "lower"


Phrase = Callable[[str, PhraseContext, Sequence[float]], str | None]


def _of_numbers(words: Callable[..., str]) -> Phrase:
    return lambda lang, _, numbers: words(lang, *numbers)


def _of_value(words: Callable[[str, float], str]) -> Phrase:
    return lambda lang, said, _: words(lang, said.value)


def _of_line(words: Callable[[str, float], str]) -> Phrase:
    """The value is in multiples of the line."""
    return lambda lang, said, line: words(lang, line[0] * said.value)


def _yearly(lang: str, window: float) -> str:
    return "" if window == 12 else "按年计" if lang == "zh" else "as a yearly figure"


PHRASES: dict[str, Phrase] = {
    "yuan": _of_numbers(lambda lang, x: amount(x, lang)),
    "times": _of_numbers(lambda lang, x: _times(x, lang)),
    "share": _of_numbers(lambda lang, x: _share(x, lang)),
    "count": _of_numbers(lambda _, x: _plain(x)),
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
    "number": _of_value(lambda _, x: _plain(x)),
    "value": lambda lang, said, _: describe_value(said.value, said.unit, lang, said.level),
    "typical": lambda lang, said, _: _typical(lang, said),
    "higher": lambda lang, said, _: _higher(lang, said),
}
"""How each kind of fact is put into words; None where there is nothing to say."""

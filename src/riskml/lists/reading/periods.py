"""Finds periods in titles, headers, and names of sheets and files."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

__all__ = ["find_month", "find_period", "find_writing"]

_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_YEAR = re.compile(r"[〇○零一二三四五六七八九]{4}(?=年)")
_MONTH = re.compile(r"(?<![一二三四五六七八九十])(十[一二]?|[一二三四五六七八九])(?=月)")
_MONTHS = {"十": "10", "十一": "11", "十二": "12"}
_WRITTEN = re.compile(
    r"(?:填报|填表|制表|报送|上报|打印|导出|编制|更新|报表)(?:日期|时间)?:?(\d{4})[年./-](\d{1,2})[月./-](?:(\d{1,2})日?)?"
)
_TO = r"(?:-|—|–|~|至|到)+"
_RANGE = re.compile(rf"(\d{{4}})[年.](\d{{1,2}})月?(?:\d{{1,2}}日)?{_TO}(?:(\d{{4}})[年.])?(\d{{1,2}})(?:月|(?!\d))")
_PLAIN_RANGE = re.compile(rf"(?<!\d)(\d{{4}})(0[1-9]|1[0-2]){_TO}(\d{{4}})(0[1-9]|1[0-2])(?!\d)")
_SPAN = re.compile(rf"(?<!\d)(\d{{1,2}})月?(?:份)?{_TO}(\d{{1,2}})月")
_LONE = re.compile(r"(?<!\d)(\d{1,2})月(?!\d{1,2}日)")
_PLAIN = re.compile(r"(?<!\d)(20\d\d)[.\-_]?(0[1-9]|1[0-2])(?!\d)")
_QUARTER = re.compile(r"(?:第)?([1-4一二三四])季度")
_HALF = re.compile(r"(?P<half>[上下])半年")
_SCHOOL = re.compile(rf"(20\d\d)(?:年)?{_TO}(20\d\d)(?:年)?学年")
_TERM = re.compile(r"(20\d\d)年?([春秋])")
_DAY = re.compile(r"(20\d\d)年(\d{1,2})月(\d{1,2})日(?=[\u4e00-\u9fff])(?![至到])")
_STRONG = "特大|重大|强|大|局地"
_HAZARD = "暴雨|洪|山洪|冰雹|风雹|大风|地震|滑坡|泥石流|火灾|旱|雪|台风|低温|霜|寒潮|降雨"
_DISASTER = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:[·・.](\d{{1,2}})[”\"'」》]?(?=(?:{_STRONG})?(?:{_HAZARD}|事故|灾))|月(\d{{1,2}})日(?=(?:{_STRONG})?(?:{_HAZARD})))"
)
"""A disaster named after its day, such as “7·20”特大暴雨 or 10月18日低温冷冻灾害."""
_STATED = re.compile(
    r"(?:发放|拨付|打卡|救助|受灾|发生|排查|鉴定|审批)(?:时间|日期):?(20\d\d)[年./-](\d{1,2})[月./-](\d{1,2})(?!\d)"
)
"""The day of what a list is about, in a title line."""
_ANY_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:年|(?!\d))")


def find_period(texts: Iterable[str], received: date | None = None) -> tuple[date, date] | None:
    """Return the first and last day of the period that texts name, or None if they name no period.

    The first text that names months decides. If it has no year, the year is taken from another text, or it is the last
    year in which the last of these months had begun when the list was received. The day on which a list was written or
    exported is not a period.

    Examples
    --------
    >>> find_period(["3月", "2024年上半年临时救助", "台账"])
    (datetime.date(2024, 3, 1), datetime.date(2024, 3, 31))
    >>> find_period(["二○二三年第四季度"])
    (datetime.date(2023, 10, 1), datetime.date(2023, 12, 31))
    >>> find_period(["2023-2024学年"]), find_period(["填报时间：2024年4月3日"])
    ((datetime.date(2023, 9, 1), datetime.date(2024, 8, 31)), None)
    >>> {find_period([text, "2023年"]) for text in ("“7·20”特大暴雨受灾农户", "7月20日洪涝灾害核查")}
    {(datetime.date(2023, 7, 20), datetime.date(2023, 7, 20))}
    >>> find_period(["12月"]), find_period(["12月"], received=date(2024, 1, 5))
    (None, (datetime.date(2023, 12, 1), datetime.date(2023, 12, 31)))
    """
    clean = [_WRITTEN.sub("", _spell_digits(text)) for text in texts]
    year = next((int(match[1]) for text in clean if (match := _ANY_YEAR.search(text) or _PLAIN.search(text))), None)
    for text in clean:
        if match := _STATED.search(text) or _DAY.search(text):
            try:
                day = date(*map(int, match.groups()))
            except ValueError:
                continue
            return day, day
        for guess in [year] if year or not received else [received.year, received.year - 1]:
            period = _build_disaster(text, guess) or _build_period(_find_months(text, guess))
            if period and (year or not received or period[1].replace(day=1) <= received):
                return period
    return (date(year, 1, 1), date(year, 12, 31)) if year else None


def find_writing(texts: Iterable[str]) -> date | None:
    """Return the latest day on which texts say that a list was written, printed or exported.

    >>> find_writing(["2024年一季度台账", "制表时间：2024.7.2"])
    datetime.date(2024, 7, 2)
    """
    days = []
    for match in _WRITTEN.finditer("\n".join(map(_spell_digits, texts))):
        try:
            days.append(date(*map(int, filter(None, match.groups()))))
        except (TypeError, ValueError):
            continue
    return max(days, default=None)


@lru_cache(maxsize=4_096)
def find_month(*texts: str, received: date | None = None) -> date | None:
    """Return the first day of the period that texts name if it is a single month, otherwise None.

    >>> find_month("月工资（2024年）/9月"), find_month("2024年1-9月工资")
    (datetime.date(2024, 9, 1), None)
    """
    start, end = find_period(texts, received) or (None, None)
    return start.replace(day=1) if start and end and (start.year, start.month) == (end.year, end.month) else None


def _build_disaster(text: str, year: int | None) -> tuple[date, date] | None:
    match = _DISASTER.search(text)
    if match is None or year is None:
        return None
    try:
        day = date(year, int(match[1]), int(match[2] or match[3]))
    except ValueError:
        return None
    return day, day


def _build_period(months: tuple[tuple[int, int], tuple[int, int]] | None) -> tuple[date, date] | None:
    if months is None:
        return None
    (first_year, first), (last_year, last) = months
    if not (1 <= first <= 12 and 1 <= last <= 12 and months[0] <= months[1]):
        return None
    return date(first_year, first, 1), date(last_year, last, monthrange(last_year, last)[1])


def _spell_digits(text: str) -> str:
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    text = _YEAR.sub(lambda match: match[0].translate(_DIGITS), text)
    return _MONTH.sub(lambda match: _MONTHS.get(match[0], match[0].translate(_DIGITS)), text)


def _find_months(text: str, year: int | None) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return first and last month as (year, month)."""
    if match := _SCHOOL.search(text):
        return (int(match[1]), 9), (int(match[2]), 8)
    if match := _RANGE.search(text) or _PLAIN_RANGE.search(text):
        return (int(match[1]), int(match[2])), (int(match[3] or match[1]), int(match[4]))
    if match := _TERM.search(text):
        own = int(match[1])
        return ((own, 2), (own, 7)) if match[2] == "春" else ((own, 9), (own + 1, 1))
    own_year = _ANY_YEAR.search(text)
    year = int(own_year[1]) if own_year else year
    if match := _PLAIN.search(text):
        return (int(match[1]), int(match[2])), (int(match[1]), int(match[2]))
    if year is None:
        return None
    if match := _SPAN.search(text):
        return (year, int(match[1])), (year, int(match[2]))
    if match := _LONE.search(text):
        return (year, int(match[1])), (year, int(match[1]))
    if match := _QUARTER.search(text):
        quarter = int(match[1].translate(_DIGITS))
        return (year, 3 * quarter - 2), (year, 3 * quarter)
    if match := _HALF.search(text):
        return ((year, 1), (year, 6)) if match[1] == "上" else ((year, 7), (year, 12))
    return None

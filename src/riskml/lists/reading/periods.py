"""Finds periods in titles, headers, and names of sheets and files."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

from riskml.lists.data_files import Patterns, load_data
from riskml.lists.reading.values import translate_numeral

_PERIOD = Patterns("periods")
_FORMS = [re.compile(form) for form in load_data("patterns")["period_forms"]]
_SPANS: Mapping[str, tuple[int, int]] = load_data("patterns")["spans"]


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
    clean = [_PERIOD.written.sub("", _spell_digits(text)) for text in texts]
    years = (_PERIOD.any_year.search(text) or _PERIOD.year_and_month.search(text) for text in clean)
    year = next((int(match[1]) for match in years if match), None)
    for text in clean:
        match = _PERIOD.stated.search(text) or _PERIOD.day.search(text)
        if match and (day := _make_day(*match.groups())):
            return day, day
        for guess in [year] if year or not received else [received.year, received.year - 1]:
            period = _find_disaster(text, guess) or _find_months(text, guess)
            if period and (year or not received or period[1].replace(day=1) <= received):
                return period
    return (date(year, 1, 1), date(year, 12, 31)) if year else None


def find_writing(texts: Iterable[str]) -> date | None:
    """Return the latest day on which texts say that a list was written, printed or exported.

    >>> find_writing(["2024年一季度台账", "制表时间：2024.7.2"])
    datetime.date(2024, 7, 2)
    """
    matches = _PERIOD.written.finditer("\n".join(map(_spell_digits, texts)))
    return max(filter(None, (_make_day(*match.groups()) for match in matches)), default=None)


@lru_cache(maxsize=4_096)
def find_month(*texts: str, received: date | None = None) -> date | None:
    """Return the first day of the period that texts name if it is a single month, otherwise None.

    >>> find_month("月工资（2024年）/9月"), find_month("2024年1-9月工资")
    (datetime.date(2024, 9, 1), None)
    """
    start, end = find_period(texts, received) or (None, None)
    return start.replace(day=1) if start and end and (start.year, start.month) == (end.year, end.month) else None


def _make_day(year: str | int | None, month: str, day: str | None) -> date | None:
    """Return a day, or None if a part is missing or there is no such day."""
    try:
        return date(int(year or 0), int(month), int(day or 0))
    except ValueError:
        return None


def _spell_digits(text: str) -> str:
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return _PERIOD.month.sub(translate_numeral, _PERIOD.year.sub(translate_numeral, text))


def _find_disaster(text: str, year: int | None) -> tuple[date, date] | None:
    """Return the day after which a disaster is named."""
    match = _PERIOD.disaster.search(text)
    day = _make_day(year, match[1], match[2] or match[3]) if match else None
    return (day, day) if day else None


def _find_months(text: str, year: int | None) -> tuple[date, date] | None:
    """Return the first day of the first month and the last day of the last one; ``year`` is that of other texts."""
    own_year = _PERIOD.any_year.search(text)
    for form in _FORMS:
        stated = match.groupdict() if (match := form.search(text)) else {}
        own = int(stated.get("year") or (own_year[1] if own_year else year) or 0)
        if not match or not own:
            continue
        if "span" in stated:
            first, last = _SPANS[stated["span"]]
            last_year = own + (last < first)
        else:
            first, last = int(stated["month"]), int(stated.get("last_month") or stated["month"])
            last_year = int(stated.get("last_year") or own)
        if not (1 <= first <= 12 and 1 <= last <= 12 and (own, first) <= (last_year, last)):
            return None
        return date(own, first, 1), date(last_year, last, monthrange(last_year, last)[1])
    return None

"""Reads the cells of a list as days, amounts and counts, in whatever form they are written.

Every function returns the value together with the conversion that it needed, so that conversions can be counted and
shown. If a cell cannot be read with certainty, `UnusableValueError` is raised with the code of a reason.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from riskml.lists.data_files import Patterns, load_data
from riskml.lists.reading.sheets import Cell
from riskml.lists.words import UnusableValueError, is_empty, normalise

Precision = Literal["day", "month", "year"]


class Day(NamedTuple):
    """A day, how precisely the cell gives it, and the conversion."""

    day: date
    precision: Precision = "day"
    how: str = ""


class Amount(NamedTuple):
    """An amount in yuan and the conversion."""

    amount: float
    how: str = ""


_SERIAL = (18_264, 80_000)
"""Dates from 1950 to 2119 as a spreadsheet may show them: as plain numbers, the days since 1899-12-30."""

_YEARS = (1901, 2199)
"""Years of dates in lists, and of births; spreadsheets show an empty or wrong cell as a day in 1900."""

_EARLIEST = 1950
"""Earliest year of other dates than births."""

_FORMS = [(re.compile(own["form"]), own.get("how")) for own in load_data("patterns")["dates"]]
_VALUE = Patterns("values")
_DIGITS = {character: str(i) for i, character in enumerate("〇一二三四五六七八九")} | {"零": "0", "○": "0", "元": "1"}


def read_day(cell: Cell, *, year: int | None = None, latest: date | None = None, births: bool = False) -> Day | None:
    """Read a day; return None if the cell is empty.

    Parameters
    ----------
    cell : Cell
        A date, a number (20240305, 202403, or a spreadsheet's serial number for a day), or text in any usual form, with
        or without a time. For a span, the first day counts. A month or a year alone means its first day.
    year : int, optional
        Year that the list states elsewhere, for cells such as 3月5日.
    latest : date, optional
        Day on which the list arrived; it decides between January and October if a spreadsheet shows 2024.10 as the
        number 2024.1.
    births : bool, default False
        Whether the day may be before 1950.

    Raises
    ------
    UnusableValueError
        ``bad_date``, if the cell is not a day, may be one of several days, or is too early.

    Examples
    --------
    >>> read_day("2024年3月")
    Day(day=datetime.date(2024, 3, 1), precision='month', how='month_only')
    >>> str(read_day(45356.5).day), str(read_day("20240305 08:30").day), str(read_day("3月5日", year=2024).day)
    ('2024-03-05', '2024-03-05', '2024-03-05')
    >>> read_day("5/3/2024")
    Traceback (most recent call last):
    riskml.lists.words.UnusableValueError: bad_date
    """
    if is_empty(cell):
        return None
    if isinstance(cell, date):
        parsed = _make_day("day", "", cell.year, cell.month, cell.day)
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        parsed = _read_number_day(float(cell), latest)
    else:
        parsed = _read_text_day(str(cell), year, latest)
    if parsed.day.year < _EARLIEST and not births:
        raise UnusableValueError("bad_date")
    return parsed


def try_day(cell: Cell, year: int | None = None, *, births: bool = False) -> Day | None:
    """Read a day; return None if the cell has none that is certain.

    >>> [try_day(cell, births=True).day.isoformat() for cell in ("1935年3月12日", 19350312, 1935.3)]
    ['1935-03-12', '1935-03-12', '1935-03-01']
    >>> try_day("1935年3月12日") is None
    True
    """
    try:
        return read_day(cell, year=year, births=births)
    except UnusableValueError:
        return None


def _read_number_day(number: float, latest: date | None) -> Day:
    if number != number or number < 0:
        raise UnusableValueError("bad_date")
    if _SERIAL[0] <= number < _SERIAL[1]:
        return Day(date(1899, 12, 30) + timedelta(days=int(number)), "day", "serial_number")
    if number == int(number):
        return _read_text_day(str(int(number)), None, latest)
    year, month = str(round(number, 2)).split(".")
    if month == "1" and not (latest and _YEARS[0] <= int(year) <= _YEARS[1] and latest < date(int(year), 10, 1)):
        raise UnusableValueError("bad_date")  # 2024.10 and 2024.1 are the same number
    return _make_day("month", "month_only", int(year), int(month))


@lru_cache(maxsize=65_536)
def _read_text_day(cell: str, year: int | None, latest: date | None) -> Day:
    text = _VALUE.numerals.sub(translate_numeral, _VALUE.weekday.sub("", normalise(cell)))
    text = _VALUE.part_of_month.sub("", re.sub(r"\s+", "", _VALUE.time.sub("", text)))
    plain = cell.strip()
    for form, how in _FORMS:
        if not (match := form.fullmatch(text)):
            continue
        if how is None:
            raise UnusableValueError("bad_date")
        stated = {name: int(part) for name, part in match.groupdict().items() if part}
        own = 2000 + stated["short"] if "short" in stated else stated.get("year", year)
        if own is not None:
            precision: Precision = "day" if "day" in stated else "month" if "month" in stated else "year"
            how = how or ("" if text in (plain, plain[:10]) else "date_text")
            return _make_day(precision, how, own, stated.get("month", 1), stated.get("day", 1))
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and _SERIAL[0] <= float(text) < _SERIAL[1]:
        return _read_number_day(float(text), latest)
    return _read_span(text, year, latest)


def _read_span(text: str, year: int | None, latest: date | None) -> Day:
    """Read the first day of a span such as 2024.3.5-3.12 or 202210-202309."""
    cuts = [match.span() for match in _VALUE.range.finditer(text)] + [match.span() for match in re.finditer("-", text)]
    for start, end in cuts:
        first, rest = text[:start], text[end:]
        if len(first) >= (3 if year else 4) and (not rest or re.fullmatch(r"[\d年月日号./\-今]+", rest)):
            try:
                first_day = _read_text_day(first, year, latest)
            except UnusableValueError:
                continue
            if first_day.precision != "year" or re.fullmatch(r"\d{4}年?度?", rest):
                return first_day._replace(how="first_of_span")
    raise UnusableValueError("bad_date")


def translate_numeral(match: re.Match[str]) -> str:
    """Write a Chinese numeral, digit by digit (二〇二四) or with tens (二十三), with Arabic digits."""
    text = match[0]
    if "十" not in text:
        return "".join(_DIGITS[c] for c in text)
    tens, _, units = text.partition("十")
    return str(int(_DIGITS.get(tens, "1")) * 10 + int(_DIGITS.get(units, "0")))


def _make_day(precision: Precision, how: str, year: int, month: int = 1, day: int = 1) -> Day:
    try:
        if _YEARS[0] <= year <= _YEARS[1]:
            return Day(date(year, month, day), precision, how)
    except ValueError:
        pass
    raise UnusableValueError("bad_date")


_UNITS = {1e2: "hundreds", 1e3: "thousands", 1e4: "ten_thousands"}
_SCALE = {"百": 1e2, "千": 1e3, "万": 1e4, "百万": 1e6}
_FORMAL = str.maketrans("零壹贰叁肆伍陆柒捌玖拾佰仟萬两", "〇一二三四五六七八九十百千万二")


def read_amount(cell: Cell, factor: float = 1) -> Amount | None:
    """Read an amount in yuan; return None if the cell is empty.

    Parameters
    ----------
    cell : Cell
        A number, or text with separators, currency and unit. A unit in the cell itself takes precedence over the
        column's.
    factor : float, default 1
        Multiplied by this, amounts in the column are in yuan.

    Raises
    ------
    UnusableValueError
        ``bad_amount``, if the cell cannot be read as an amount with certainty.

    Examples
    --------
    >>> read_amount("¥1,234.50元"), read_amount(0.83, factor=10_000)
    (Amount(amount=1234.5, how='amount_text'), Amount(amount=8300.0, how='ten_thousands'))
    >>> read_amount("3000左右")
    Traceback (most recent call last):
    riskml.lists.words.UnusableValueError: bad_amount
    """
    if isinstance(cell, bool | date):
        raise UnusableValueError("bad_amount")
    if isinstance(cell, int | float):
        if cell != cell or abs(cell) == float("inf"):
            raise UnusableValueError("bad_amount")
        return Amount(_scale(cell, factor), _UNITS.get(factor, ""))
    if is_empty(cell):
        return None
    text = _VALUE.included.sub("", re.sub(r"\s+", "", normalise(str(cell))))
    if (number := _read_numeral(text)) is not None:
        return Amount(number if re.search("[元圆块万]", text) else _scale(number, factor), "amount_text")
    bracketed = text.startswith("(") and text.endswith(")")
    match = _VALUE.amount.fullmatch(text[1:-1] if bracketed else text)
    if not match or ("," in match["number"] and not _VALUE.grouped.fullmatch(match["number"])):
        raise UnusableValueError("bad_amount")
    number = float(match["number"].replace(",", "")) * (-1 if bracketed or match["sign"] == "-" else 1)
    own = _SCALE.get(match["scale"]) or (1.0 if re.search("[元圆块]", text) else factor)
    plain = match[0] == match["sign"] + match["number"] and "," not in text
    return Amount(_scale(number, own), _UNITS.get(own) or ("" if plain else "amount_text"))


def _read_numeral(text: str) -> float | None:
    """Return the number that Chinese numerals state; None if there is none, or if it is ambiguous, such as ``三百五``.

    >>> _read_numeral("叁仟贰佰元整"), _read_numeral("十万"), _read_numeral("三百五")
    (3200.0, 100000.0, None)
    """
    plain = text.translate(_FORMAL)
    match = _VALUE.numeral.fullmatch(plain)
    if not match or not any(match.groups()) or re.search("[百千万][一二三四五六七八九](?:[元圆块整正]|$)", plain):
        return None
    units = [1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10.0, 1.0]
    return sum(
        unit * int(_DIGITS.get(digit[0], "1")) for unit, digit in zip(units, match.groups(), strict=True) if digit
    )


def _scale(number: float, factor: float) -> float:
    """Multiply without the extra digits of binary fractions: 0.83 times 10,000 yuan is exactly 8,300 yuan."""
    return round(float(number) * factor, 4)


def read_count(cell: Cell) -> int | None:
    """Read a whole number, with or without a unit such as 人 or 次 behind it; return None if the cell is empty.

    >>> read_count("３人"), read_count(2.0)
    (3, 2)
    """
    if isinstance(cell, bool | date):
        raise UnusableValueError("bad_count")
    if isinstance(cell, int | float):
        if cell != int(cell) or cell < 0:
            raise UnusableValueError("bad_count")
        return int(cell)
    if is_empty(cell):
        return None
    match = _VALUE.count.fullmatch(normalise(str(cell)).replace(" ", ""))
    if not match:
        raise UnusableValueError("bad_count")
    return int(match[1])

"""Checks of individual cells, derived from the kind, allowed codes and bounds that are declared for their column."""

from __future__ import annotations

from collections.abc import Iterator

from riskml.records.checking.registry import Probe, check, has_columns, list_columns, list_unreadable, select_raw
from riskml.records.contract.schema import Kind, Table
from riskml.records.reading.cell_sql import NUMBER_TEXT, quote
from riskml.records.reading.folder import Folder
from riskml.vocabulary.regions import DIGITS_EN, DIGITS_ZH, Level

__all__ = ["FIRST_YEAR", "LAST_YEAR"]

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""The first and the last year that are plausible in a date."""

# End dates may be far in the future: 9999-12-31 is a common way to write "still open".
_ENDS = frozenset({"ended_on", "cleared_on", "left_on"})
_NUMBERS = (Kind.COUNT, Kind.YEAR, Kind.AMOUNT)


@check("A required cell is empty", "必填单元格为空", "Fill in the cell, or remove the row.")
def missing_value(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report nulls in a required column."""
    for column in list_columns(folder, table, *Kind):
        if column.required and not column.nullable:
            empty = f"{quote(column.name)} IS NULL AND {select_raw(folder, table, column.name)} IS NULL"
            yield Probe(column.name, f"have no {column.name}", empty)


@check("A cell is not a date", "日期无法识别", "Write dates as 2023-01-05 or 2023/1/5; the day must exist.")
def bad_date(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report text that is not a calendar date."""
    for column, text in list_unreadable(folder, table, Kind.DATE, Kind.MONTH_START):
        yield Probe(column.name, f"have no valid date in {column.name}", f"{text} IS NOT NULL", value=text)


@check(
    "A cell is not a number",
    "数值无法识别",
    "Write plain numbers such as 1234.5, without separators, units or words; leave unknown cells empty.",
)
def bad_number(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report text that is not a number."""
    for column, text in list_unreadable(folder, table, *_NUMBERS):
        where = f"{text} IS NOT NULL"
        if column.kind is not Kind.AMOUNT:
            where = f"NOT regexp_full_match({text}, '{NUMBER_TEXT}')"
        yield Probe(column.name, f"have no valid number in {column.name}", where, value=text)


@check("A count is not a whole number", "计数不是整数", "Write a whole number that fits into 32 bits.")
def not_whole(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a number that has a fraction, or is too large, in a column that is declared as a count or a year."""
    for column, text in list_unreadable(folder, table, Kind.COUNT, Kind.YEAR):
        where = f"regexp_full_match({text}, '{NUMBER_TEXT}')"
        yield Probe(column.name, f"have no whole number in {column.name}", where, value=text)


@check("A cell is neither true nor false", "不是“是/否”值", "Write true or false (or 1 or 0).")
def bad_flag(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a flag that is neither true nor false."""
    for column, text in list_unreadable(folder, table, Kind.FLAG):
        yield Probe(column.name, f"are neither true nor false in {column.name}", f"{text} IS NOT NULL", value=text)


@check(
    "A code is not allowed",
    "代码不在允许范围内",
    "Use the codes in data/README.md; join several causes with ';'.",
)
def unknown_code(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a code that the contract does not list."""
    for column in list_columns(folder, table, Kind.CODE, Kind.CODES):
        allowed, name = column.allowed or {}, quote(column.name)
        if column.kind is Kind.CODE:
            where = f"{name} NOT IN ({', '.join(repr(code) for code in allowed)})"
        else:
            one = f"({'|'.join(allowed)})"
            where = f"NOT regexp_full_match(replace({name}, ' ', ''), '{one}(;{one})*')"
        message = f"have a value of {column.name} that is not among {', '.join(allowed)}"
        yield Probe(column.name, message, where, value=name, suggest=allowed)


@check(
    f"A region code is not {DIGITS_EN} digits",
    f"行政区划代码不是 {DIGITS_ZH} 位数字",
    "Write the official code as text: 2 digits for a province, 4 city, 6 county, 9 town, 12 village.",
)
def bad_region(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a region code that contains anything but digits, or that has the wrong length."""
    lengths = "|".join(f"[0-9]{{{level:d}}}" for level in Level)
    for column in list_columns(folder, table, Kind.REGION):
        name = quote(column.name)
        message = f"have a {column.name} that is not {', '.join(f'{level:d}' for level in Level)} digits long"
        yield Probe(column.name, message, f"NOT regexp_full_match({name}, '{lengths}')", value=name)


@check(
    "A number is smaller than allowed",
    "数值小于允许的最小值",
    "Correct the number; leave the cell empty where it is unknown.",
)
def below_minimum(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a number below the declared minimum, or equal to it if the minimum is exclusive."""
    for column in list_columns(folder, table, *_NUMBERS):
        if column.minimum is not None:
            name, sign = quote(column.name), "<=" if column.exclusive else "<"
            message = f"have {column.name} {'of at most' if column.exclusive else 'below'} {column.minimum:g}"
            yield Probe(column.name, message, f"{name} {sign} {column.minimum}", value=name)


@check(
    "An amount is infinite or not a number",
    "金额为无穷大或非数值",
    "Leave unknown amounts empty (null); NaN and infinity are not amounts.",
)
def not_finite(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report NaN or infinity in an amount, and infinity in an attribute (where NaN means null)."""
    numbers = [column.name for column in list_columns(folder, table, Kind.AMOUNT)]
    numbers += [name for name, kind in folder.layouts[table.name].attributes.items() if kind == "number"]
    for name in numbers:
        # Parquet statistics ignore NaN, and DuckDB relies on them to filter a bare column; adding 0.0 avoids that.
        yield Probe(name, f"have infinity or NaN in {name}", f"NOT isfinite({quote(name)} + 0.0)", value=quote(name))


@check(
    "A period does not start on the first day of a month",
    "期间首日不是某月一日",
    "Write the first day of the month in which the period starts.",
)
def not_month_start(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a period that does not start on the first day of a month."""
    for column in list_columns(folder, table, Kind.MONTH_START):
        name = quote(column.name)
        yield Probe(
            column.name, f"have {column.name} on a day other than the first of a month", f"day({name}) <> 1", value=name
        )


@check(
    "A date lies outside the plausible years",
    "日期超出合理范围",
    f"Correct the date: its year must be from {FIRST_YEAR} to {LAST_YEAR}; only end dates may be later.",
)
def date_out_of_range(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a date outside the plausible years, since a mistyped year would lengthen every array with a month axis."""
    for column in list_columns(folder, table, Kind.DATE, Kind.MONTH_START):
        name, last = quote(column.name), 9999 if column.name in _ENDS else LAST_YEAR
        where = f"{name} < DATE '{FIRST_YEAR}-01-01' OR {name} > DATE '{last}-12-31'"
        yield Probe(column.name, f"have {column.name} outside {FIRST_YEAR} to {last}", where, value=name)
    for column in list_columns(folder, table, Kind.YEAR):
        name = quote(column.name)
        yield Probe(column.name, f"have {column.name} after {LAST_YEAR}", f"{name} > {LAST_YEAR}", value=name)
    if has_columns(folder, table.name, "period_start", "months"):
        where = f"year(period_start) * 12::BIGINT + month(period_start) + months - 1 > {LAST_YEAR * 12 + 12}"
        yield Probe("months", f"have a period that ends after {LAST_YEAR}", where, value="months")

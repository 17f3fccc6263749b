"""Checks of individual cells, derived from the kind, allowed codes and bounds that are declared for their column."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from riskml.records.checking.registry import (
    Probe,
    build_spoilt_sql,
    check,
    has_columns,
    list_columns,
    list_suspect,
    list_unreadable,
    select_raw,
)
from riskml.records.contract.personal import PERSON_CODES, find_numbers
from riskml.records.contract.schema import (
    CHANGED_CODE,
    HOUSEHOLD_CODE,
    IDENTIFIERS,
    MAX_TEXT,
    NO_CODE,
    PLAIN,
    SPOILT_CODE,
    Kind,
    Table,
)
from riskml.records.reading.cell_sql import NUMBER_TEXT, SQL_TYPES, fetch_row, quote, quote_attribute, quote_raw
from riskml.records.reading.folder import Folder
from riskml.text import Joined
from riskml.vocabulary.regions import Level

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""The first and the last year that are plausible in a date."""

# End dates may be far in the future: 9999-12-31 is a common way to write "still open".
ENDS = frozenset({"ended_on", "cleared_on", "left_on"})
LONG_CODE_CUT = "[0-9]{15}0+"
"""Pattern for codes of which a spreadsheet may have kept only 15 digits."""

_NUMBERS = (Kind.COUNT, Kind.YEAR, Kind.AMOUNT)
_FIRST_ROWS = 2000
"""Number of rows whose texts are searched for personal numbers."""
_FEWEST_CUT = 5
"""Minimum number of different codes that end in zeros: fewer may do so by chance."""


@check()
def missing_value(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report nulls in a required column."""
    for column in list_columns(folder, table, *Kind):
        if column.required and not column.nullable:
            empty = f"{quote(column.name)} IS NULL"
            if SQL_TYPES[column.kind] != "VARCHAR":
                empty += f" AND {select_raw(folder, table, column.name)} IS NULL"
            yield Probe(column.name, empty)


@check()
def bad_date(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report text that is not a calendar date."""
    for column, text in list_unreadable(folder, table, Kind.DATE, Kind.MONTH_START):
        yield Probe(column.name, f"{text} IS NOT NULL", value=text)


@check()
def bad_number(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report text that is not a number."""
    for column, text in list_unreadable(folder, table, *_NUMBERS):
        where = f"{text} IS NOT NULL"
        if column.kind is not Kind.AMOUNT:
            where = f"NOT regexp_full_match({text}, '{NUMBER_TEXT}')"
        yield Probe(column.name, where, value=text)


@check()
def not_whole(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a number that has a fraction, or is too large, in a column that is declared as a count or a year."""
    for column, text in list_unreadable(folder, table, Kind.COUNT, Kind.YEAR):
        yield Probe(column.name, f"regexp_full_match({text}, '{NUMBER_TEXT}')", value=text)


@check()
def bad_flag(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a flag that is neither true nor false."""
    for column, text in list_unreadable(folder, table, Kind.FLAG):
        yield Probe(column.name, f"{text} IS NOT NULL", value=text)


@check()
def spoilt_code(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report codes such as 9.90101E+14, 12.0 or ="12", which a spreadsheet or a program made from another code."""
    for name in list_suspect(folder, table):
        yield Probe(name, build_spoilt_sql(name, CHANGED_CODE), value=quote(name))


@check()
def no_code(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report the header, sums, and words for empty cells or errors in columns of codes."""
    for name in list_suspect(folder, table):
        where = build_spoilt_sql(name, NO_CODE)
        if name == "household_id":
            where = f"({where}) AND {quote(name)} <> '/'"  # a slash is unusable there, as requests say too
        yield Probe(name, where, value=quote(name))


@check()
def unusable_code(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report codes that are too long or hold control characters, and households' codes that no address can hold."""
    for name in list_suspect(folder, table):
        if name in IDENTIFIERS:
            form = HOUSEHOLD_CODE if name == "household_id" else PLAIN
            odd = f"length({quote(name)}) > {MAX_TEXT} OR NOT regexp_full_match({quote(name)}, '{form}')"
            where = f"({odd}) AND (NOT {build_spoilt_sql(name)} OR {quote(name)} = '/')"
            yield Probe(name, where, value=f"left({quote(name)}, 40)")


@check()
def personal_code(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report codes of which most are or hold such numbers, judged by the first rows; the codes are not shown."""
    yield from _find_numbers(folder, table, PERSON_CODES)


@check()
def personal_number(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report record numbers of which most, and texts of which some, are or hold such numbers; they are not shown."""
    yield from _find_numbers(folder, table, {*table.names} - {*PERSON_CODES})


def _find_numbers(folder: Folder, table: Table, names: Collection[str]) -> Iterator[Probe]:
    for column in list_columns(folder, table, Kind.TEXT):
        if column.name not in names:
            continue
        name = quote(column.name)
        few = f"SELECT {name} FROM {folder.get_view(table.name)} WHERE {name} IS NOT NULL LIMIT {_FIRST_ROWS}"
        values = [value for (value,) in folder.connection.execute(f"SELECT DISTINCT {name} FROM ({few})").fetchall()]
        if personal := find_numbers(values, codes=column.name in IDENTIFIERS):
            listed = ", ".join(f"'{text.replace(chr(39), 2 * chr(39))}'" for text in personal)
            yield Probe(column.name, f"{name} IN ({listed})")


@check()
def lost_digits(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report codes of 16 digits and more if all of them have only zeros after the fifteenth, as Excel leaves them.

    Either several codes end in this way, or rows of different households or members now share a code and a date.
    """
    key = ", ".join(map(quote, (*table.key, "recorded_on"))) if table.key else ""
    for name in list_suspect(folder, table):
        long = f"regexp_full_match({quote(name)}, '[0-9]{{16,}}')"
        cut = f"regexp_full_match({quote(name)}, '{LONG_CODE_CUT}')"
        counts = f"count(*) FILTER ({long}), count(*) FILTER ({cut}), count(DISTINCT {quote(name)}) FILTER ({cut})"
        apart = f"count(DISTINCT ({key})) FILTER ({cut})" if name in table.key else f"count(*) FILTER ({cut})"
        longs, cuts, different, versions = fetch_row(
            folder.connection, f"SELECT {counts}, {apart} FROM {folder.get_numbered_view(table.name)}"
        )
        if longs == cuts and (different >= _FEWEST_CUT or versions < cuts):
            yield Probe(name, cut, value=quote(name))


@check()
def blank_around_code(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report codes from which blanks, tabs, full-width blanks or invisible characters were removed at the ends."""
    for column, text in list_unreadable(folder, table, Kind.TEXT, Kind.REGION, Kind.CODE, Kind.CODES):
        where = f"{text} IS NOT NULL AND {quote(column.name)} IS NOT NULL"
        yield Probe(column.name, where, value=text)


@check()
def odd_attribute(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report cells of a numeric attribute that were read as a number in spite of their notation, or as missing."""
    layout = folder.layouts[table.name]
    for name in layout.attributes.keys() & layout.raw:
        text, number = quote_raw(name), quote_attribute(name)
        yield Probe(name, f"{text} IS NOT NULL AND {number} IS NOT NULL", value=text)
        message = "have no number in {column}, a column of numbers, and were read as missing"
        yield Probe(name, f"{text} IS NOT NULL AND {number} IS NULL", value=text, message=message)


@check()
def unknown_code(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a code that the contract does not list."""
    for column in list_columns(folder, table, Kind.CODE, Kind.CODES):
        allowed, name = column.allowed or {}, quote(column.name)
        if column.kind is Kind.CODE:
            where = f"{name} NOT IN ({', '.join(repr(code) for code in allowed)})"
        else:
            one = f"({'|'.join(allowed)})"
            where = f"NOT regexp_full_match(replace({name}, ' ', ''), '{one}(;{one})*')"
        yield Probe(column.name, where, value=name, suggest=allowed, values={"allowed": Joined(allowed)})


@check()
def bad_region(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a region code that contains anything but digits, or that has the wrong length."""
    digits = Joined(f"{level:d}" for level in Level)
    lengths = "|".join(f"[0-9]{{{level:d}}}" for level in Level)
    for column in list_columns(folder, table, Kind.REGION):
        name = quote(column.name)
        where = f"NOT regexp_full_match({name}, '{lengths}') AND NOT regexp_full_match({name}, '{SPOILT_CODE}')"
        yield Probe(column.name, where, value=name, values={"digits": digits})


@check()
def below_minimum(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a number below the declared minimum, or equal to it if the minimum is exclusive."""
    for column in list_columns(folder, table, *_NUMBERS):
        if column.minimum is not None:
            name, sign = quote(column.name), "<=" if column.exclusive else "<"
            message = "have {column} of at most {minimum:g}" if column.exclusive else ""
            where, values = f"{name} {sign} {column.minimum}", {"minimum": column.minimum}
            yield Probe(column.name, where, value=name, values=values, message=message)


@check()
def above_maximum(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a number above the declared maximum."""
    for column in list_columns(folder, table, *_NUMBERS):
        if column.maximum is not None:
            name, values = quote(column.name), {"maximum": column.maximum}
            where = f"{name} > {column.maximum} AND isfinite({name} + 0.0)"
            yield Probe(column.name, where, value=name, values=values)


@check()
def above_plausible(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a number above what is declared as plausible, but not above the maximum."""
    for column in list_columns(folder, table, *_NUMBERS):
        if column.plausible is not None:
            name, values = quote(column.name), {"plausible": column.plausible}
            where = f"{name} > {column.plausible} AND {name} <= {column.maximum}"
            yield Probe(column.name, where, value=name, values=values)


@check()
def not_finite(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report NaN or infinity in an amount, and infinity in an attribute (where NaN means null)."""
    numbers = {column.name: quote(column.name) for column in list_columns(folder, table, Kind.AMOUNT)}
    attributes = folder.layouts[table.name].attributes.items()
    numbers |= {name: quote_attribute(name) for name, kind in attributes if kind == "number"}
    for name, number in numbers.items():
        # Parquet statistics ignore NaN, and DuckDB relies on them to filter a bare column; adding 0.0 avoids that.
        yield Probe(name, f"NOT isfinite({number} + 0.0)", value=number)


@check()
def not_month_start(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a period that does not start on the first day of a month."""
    for column in list_columns(folder, table, Kind.MONTH_START):
        name = quote(column.name)
        yield Probe(column.name, f"day({name}) <> 1", value=name)


@check()
def date_out_of_range(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a date outside the plausible years, since a mistyped year would lengthen every array with a month axis."""
    for column in list_columns(folder, table, Kind.DATE, Kind.MONTH_START):
        name, last = quote(column.name), 9999 if column.name in ENDS else LAST_YEAR
        where = f"{name} < DATE '{FIRST_YEAR}-01-01' OR {name} > DATE '{last}-12-31'"
        yield Probe(column.name, where, value=name, values={"first": FIRST_YEAR, "last": last})
    for column in list_columns(folder, table, Kind.YEAR):
        name, values = quote(column.name), {"first": FIRST_YEAR, "last": LAST_YEAR}
        yield Probe(column.name, f"{name} > {LAST_YEAR}", value=name, values=values)
    if has_columns(folder, table.name, "period_start", "months"):
        where = f"year(period_start) * 12::BIGINT + month(period_start) + months - 1 > {LAST_YEAR * 12 + 12}"
        message = "have a period that ends after {last}"
        yield Probe("months", where, value="months", values={"last": LAST_YEAR}, message=message)

"""Checks of amounts and days that can be read but are probably mistakes.

An amount is compared with the household's other amounts and with the lines.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from riskml.records.checking.cell_checks import ENDS, FIRST_YEAR, LAST_YEAR
from riskml.records.checking.duplicates import POSITION, group_income
from riskml.records.checking.poverty_lines import LINE_FACTOR
from riskml.records.checking.registry import Probe, check, has_columns, list_columns
from riskml.records.contract.schema import Kind, Table
from riskml.records.reading.cell_sql import fetch_row, quote, quote_attribute
from riskml.records.reading.folder import Folder, UsualLines
from riskml.text import Joined

CODES = (*range(-9, 0), *(-int(digit * length) for digit in "789" for length in range(2, 8)), -98, -998, -9998)
"""Negative numbers that surveys use to mark a missing answer."""

NINES = tuple(10**length - 1 for length in range(5, 9))
"""Numbers of nines that are written for a missing answer, and hardly ever are an amount."""

SHORT_NINES, FAR_ABOVE = (99, 999, 9999), 5
"""Numbers of nines that may mark a missing answer, if they are this many times all other numbers."""

FEWEST_CODES = 3
"""Minimum number of rows with the same number for it to be considered a code."""

SLIPS, SLIPPED = (100, 1_000, 10_000), 50
"""Factors by which an amount is wrong if digits were repeated or the decimal point is missing, and how many times the
household's other amounts it must be."""

FEWEST_AMOUNTS, FEWEST_LOW = 5, 2
"""Minimum number of amounts of a kind from which their unit can be judged, and of households with an odd unit."""

LOW, FAR = 300, 500
"""A line is this many times a year's income that is too low, and the usual amount this many times an odd group's."""

AMOUNTS = {
    "income": (("amount", "source", "amount * 12 / nullif(months, 0)", 100),),
    "illness": (("cost", "kind", "cost", 30), ("self_paid", "kind", "self_paid", 20)),
    "events": (("amount", "kind", "amount", 30),),
    "help": (("amount", "'help'", "amount * if(per = 'month', 12, 1)", 20),),
}
"""For each table, its columns of amounts: SQL for the kind of an amount, SQL for the amount that is compared with a
line, and the number of lines above which it is too high."""

YEARS_AHEAD = {"effective_from": 5} | dict.fromkeys(ENDS, math.inf)
"""Years by which the dates of a column may lie in the future."""

SOON, YEAR = dt.timedelta(days=31), dt.timedelta(days=366)
"""Dates less than ``SOON`` ahead are accepted: an income row may be about the month that has just begun."""

LAST_EARLY_YEAR, LONGEST_LIFE, HISTORICAL = 1970, 110, 1991
"""Last year in which a day is too early, longest life in years, and the year before which income is historical: its
days may well be early."""

_DAYS = (Kind.DATE, Kind.MONTH_START, Kind.YEAR)


@check()
def future_day(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report what happened or was recorded more than a month from now.

    If the income itself reaches into the future, as in a long simulation, the limit is two years after most of it.
    """
    latest = (folder.today or dt.date.today()) + SOON
    income = folder.today is None and has_columns(folder, "income", "period_start")
    for query in ("max(period_start)", "quantile_disc(period_start, 0.99)") if income else ():
        [last] = fetch_row(folder.connection, f"SELECT {query} FROM {folder.get_view('income')}")
        if last is None or last <= latest:
            break
    else:
        latest = last + 2 * YEAR if income else latest
    for column in list_columns(folder, table, *_DAYS):
        if (years := YEARS_AHEAD.get(column.name, 0)) < math.inf:
            day = latest + years * YEAR
            name, limit = quote(column.name), day.year if column.kind is Kind.YEAR else f"DATE '{day}'"
            values = {"latest": day.year if column.kind is Kind.YEAR else day}
            last = LAST_YEAR if column.kind is Kind.YEAR else f"DATE '{LAST_YEAR}-12-31'"
            where = f"{name} > {limit} AND {name} <= {last}"
            yield Probe(column.name, where, value=name, values=values)


@check()
def early_day(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report days before 1971, and years of birth more than 110 years ago.

    Nothing is reported if the income is, on average, from before 1991, as in an old survey.
    """
    if folder.today is None and has_columns(folder, "income", "period_start"):
        query = f"SELECT avg(year(period_start)) < {HISTORICAL} FROM {folder.get_view('income')}"
        if fetch_row(folder.connection, f"FROM {folder.create_once('historical', query)}") == (True,):
            return
    for column in list_columns(folder, table, *_DAYS):
        name, first = quote(column.name), LAST_EARLY_YEAR + 1
        where = f"{name} < DATE '{first}-01-01' AND {name} >= DATE '{FIRST_YEAR}-01-01'"
        if column.kind is Kind.YEAR:
            first = (folder.today or dt.date.today()).year - LONGEST_LIFE
            where = f"{name} < {first} AND {name} >= {column.minimum or 0}"
        if column.name != "effective_from":
            yield Probe(column.name, where, value=name, values={"first": first})


@check(income="household_id period_start amount")
def zero_ahead(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report zeros recorded before their period began, and zeros after the last month in which anybody had income.

    Zeros at the end count only if at least three households have them, as in a sheet for the whole year that was filled
    with zeros in advance.
    """
    view = folder.get_view("income")
    [last] = fetch_row(folder.connection, f"SELECT max(period_start) FROM {view} WHERE amount <> 0")
    after = f"period_start > DATE '{last}'"
    several = last and fetch_row(
        folder.connection, f"SELECT count(DISTINCT household_id) > 2 FROM {view} WHERE amount = 0 AND {after}"
    ) == (True,)
    where = f"amount = 0 AND (recorded_on < period_start{f' OR {after}' if several else ''})"
    yield Probe("amount", where, value="period_start")


@check()
def amount_in_ten_thousands(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report positive amounts that are far below a line, if most of their kind are as low.

    The line is the highest of the folder, and no more than three times the policy table's. A three-hundredth of it is
    compared with income for a year, other than from property, which may be no more than interest; a thousandth with
    single costs, events and help; a tenth of that with care outside hospitals. Amounts of a month, of a day of
    recording, of a hundredth of the households or of several sources of one household are reported too if they are, on
    average, less than a five-hundredth of those of the kind in other months, on other days or in other households.
    """
    for amounts in _list_amounts(folder, table):
        column, kind = amounts.column, amounts.kind
        units, month = f'"#units {table.name}.{column}"', f"date_trunc('month', {table.day})"
        folder.connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE {units} AS
            SELECT sort, same, month, recorded_on, NULL::VARCHAR AS household_id
            FROM {_compare_times(folder, amounts)}
            WHERE (n > 2 AND level < usual - ln({FAR}))
                OR (rows >= {FEWEST_AMOUNTS} AND 2 * lower > rows AND 2 * low > n)""")
        if table.name == "income":
            folder.connection.execute(f"""
                INSERT INTO {units} BY NAME
                WITH usual AS (
                    SELECT source, median(level) AS usual, count(level) AS homes FROM {group_income(folder)} GROUP BY 1)
                SELECT source AS sort, 'household' AS same, household_id
                FROM {group_income(folder)} JOIN usual USING (source) WHERE level < usual - ln({FAR})
                QUALIFY count(*) OVER (PARTITION BY source) >= greatest({FEWEST_LOW}, homes / 100)
                    OR count(*) OVER (PARTITION BY household_id) > 1""")
        if fetch_row(folder.connection, f"SELECT count(*) FROM {units}") == (0,):
            continue
        own = "u.household_id = r.household_id"
        rows = f"""
            SELECT {POSITION}, {column} AS "#value" FROM {folder.get_numbered_view(table.name)} r
            WHERE {column} > 0 AND EXISTS (
                FROM {units} u WHERE u.sort = {kind} AND CASE same WHEN 'month' THEN u.month = {month}
                    WHEN 'day' THEN u.recorded_on = r.recorded_on ELSE {own} END)"""
        yield Probe(column, rows=rows)


@check()
def amount_in_fen(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report positive amounts that are many times the yearly line, if most amounts of their kind are as high.

    The line is the highest of the folder, and no more than three times the policy table's. Income is compared with 100
    lines a year, the cost of care and the amounts of events with 30 lines, and what households paid themselves, and
    help, with 20. Income of a month or of a day of recording is reported too if every source, and more than one, is on
    average more than 50 times what is usual in other months or on other days.
    """
    line = find_highest_line(folder)
    for amounts in _list_amounts(folder, table) if line else ():
        kinds = folder.connection.execute(
            f"SELECT sort FROM {amounts.groups} GROUP BY sort"
            f" HAVING sum(n) >= {FEWEST_AMOUNTS} AND 2 * sum(high) > sum(n) ORDER BY 1"
        ).fetchall()
        column, listed = amounts.column, ", ".join(repr(name) for (name,) in kinds)
        if kinds:
            where = f"{column} > 0 AND {amounts.amount} > {amounts.most * line} AND {amounts.kind} IN ({listed})"
            yield Probe(column, where, value=column, values={"most": amounts.most})
        elif table.name == "income":
            query = f"""
                SELECT month, recorded_on FROM {_compare_times(folder, amounts)}
                WHERE same = 'month' OR recorded_on IS NOT NULL GROUP BY month, recorded_on
                HAVING count(*) > 1 AND sum(n) >= {FEWEST_AMOUNTS} AND min(level - usual) > ln({FAR} / 10)"""
            times = folder.connection.execute(query).fetchall()
            month = "date_trunc('month', period_start)"
            same = [f"{month} = DATE '{start}'" if start else f"recorded_on = DATE '{day}'" for start, day in times]
            if same:
                where = f"amount > 0 AND ({' OR '.join(same)})"
                message = (
                    "have {column} in a month or on a day of recording on which all income is more than {most} times"
                    " the usual"
                )
                yield Probe(column, where, value=column, values={"most": FAR // 10}, message=message)


def _compare_times(folder: Folder, amounts: _Amounts) -> str:
    """Compare the amounts of each kind in each month and on each day of recording; return the name of the table.

    It has the ``same`` month or day, the ``level`` of the amounts and what is ``usual``, the number ``n`` of amounts,
    how many are ``low``, and the sums of both over all months or days (``rows``, ``lower``).
    """
    query = f"""
        WITH groups AS (
            SELECT sort, month, recorded_on, if(grouping(month) = 0, 'month', 'day') AS same, sum(n) AS n,
                sum(low) AS low, sum(logs) / sum(n) AS level
            FROM {amounts.groups} GROUP BY GROUPING SETS ((sort, month), (sort, recorded_on)))
        SELECT *, sum(n) OVER w AS rows, sum(low) OVER w AS lower, median(level) OVER w AS usual
        FROM groups WINDOW w AS (PARTITION BY sort, same)"""
    return folder.create_once(f'"#times {amounts.groups[2:]}', query)


def find_highest_line(folder: Folder) -> float:
    """Return the highest line of the folder and of the policy table, as `limit_line` does."""
    lines: list[float] = []
    if has_columns(folder, "lines", "amount"):
        lines += fetch_row(folder.connection, f"SELECT coalesce(max(amount), 0) FROM {folder.get_view('lines')}")
    return limit_line(lines, folder.usual_lines)


def limit_line(lines: Collection[float], usual_lines: UsualLines) -> float:
    """Return the highest of the lines and of the policy table's; 0 if there is none.

    A line that is implausible beside the policy table's says nothing about amounts.

    >>> limit_line([7700.0], [("", None, 6000.0)]), limit_line([770000.0], [("", None, 6000.0)])
    (7700.0, 18000.0)
    """
    usual = max((amount for _, _, amount in usual_lines), default=0.0)
    return float(max(min(max(lines, default=0.0), LINE_FACTOR * usual or math.inf), usual))


@dataclass(frozen=True)
class _Amounts:
    """One of `AMOUNTS`, and a table that counts its positive amounts by kind (``sort``), day and day of recording.

    The table has the ``month`` of the day, the number ``n`` of amounts, how many are too low or too high for their
    kind, and the sum of their logarithms (``logs``).
    """

    column: str
    kind: str
    amount: str
    most: int
    groups: str


def _list_amounts(folder: Folder, table: Table) -> Iterator[_Amounts]:
    """Yield those of `AMOUNTS` that the table has."""
    line = find_highest_line(folder)
    for column, kind, amount, most in AMOUNTS.get(table.name, ()):
        if has_columns(folder, table.name, column, str(table.day)):
            least = f"{line / 1000}" + " * if(kind = 'inpatient', 1, 0.1)" * (table.name == "illness")
            if table.name == "income":
                least = f"if(source = 'property', 0, {line / LOW})"
            query = f"""
                SELECT *, date_trunc('month', day) AS month FROM (
                    SELECT {kind} AS sort, {table.day} AS day, recorded_on, count(*) AS n, sum(ln({amount})) AS logs,
                        count(*) FILTER ({amount} < {least}) AS low, count(*) FILTER ({amount} > {most * line}) AS high
                    FROM {folder.get_view(table.name)} WHERE {column} > 0 AND isfinite({column}) GROUP BY ALL)"""
            groups = folder.create_once(f'"#amounts {table.name}.{column}"', query)
            yield _Amounts(column, kind, amount, most, groups)


@check()
def survey_code(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a number such as -8 or 99999 in at least three amounts, and -8 in a tenth of all negative amounts.

    In an attribute, all negative numbers must be from -7 to -99, and 99, 999 or 9999 far above all other numbers, as in
    numbers of visits.
    """
    view = folder.get_view(table.name)
    suspects: dict[str, tuple[str, set[int]]] = {
        column.name: (quote(column.name), {*NINES, *CODES} if column.minimum is None else {*NINES})
        for column in list_columns(folder, table, Kind.AMOUNT)
    }
    attributes = folder.layouts[table.name].attributes.items()
    numbers = {name: quote_attribute(name) for name, kind in attributes if kind == "number"}
    numbers |= {name: name for name in ("visits",) if has_columns(folder, table.name, name)}
    for name, number in numbers.items():
        query = f"SELECT max({number}) FROM {view} WHERE {number} NOT IN {SHORT_NINES + NINES}"
        [largest] = fetch_row(folder.connection, query)
        odd = {code for code in CODES if code < -6}
        suspects[name] = (number, odd | {x for x in SHORT_NINES + NINES if x > FAR_ABOVE * (largest or math.inf)})
    for name, (number, suspect) in suspects.items():
        listed = ", ".join(map(str, sorted(suspect)))
        query = f"SELECT {number}, count(*) FROM {view} WHERE {number} < 0 OR {number} IN ({listed}) GROUP BY 1"
        counts = dict(folder.connection.execute(query).fetchall())
        negative = sum(count for value, count in counts.items() if value < 0)
        least = {code: max(FEWEST_CODES, negative / 10 * (code < 0)) for code in suspect}
        if name in numbers and not suspect.issuperset(value for value in counts if value < 0):
            least |= {code: math.inf for code in suspect if code < 0}
        codes = [code for code in sorted(suspect) if counts.get(code, 0) >= least[code]]
        if codes:
            where, values = f"{number} IN ({', '.join(map(str, codes))})", {"codes": Joined(codes)}
            yield Probe(name, where, value=number, values=values)


@check(income="household_id source amount")
def slipped_amount(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a monthly amount that is about 100, 1,000 or 10,000 times the household's other amounts of the source.

    All its other positive amounts, at least five, must be alike and less than a fiftieth of it. A source in which more
    than a tenth of the households, and more than one, have such amounts is left out: it may bring in a year's income
    at once.
    """
    numbered, groups = folder.get_numbered_view("income"), group_income(folder)
    factors = " OR ".join(f"largest / {factor} BETWEEN least / 2 AND second * 2" for factor in SLIPS)
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE "#slips" AS
        WITH candidates AS (
            SELECT household_id, source FROM {groups}
            WHERE n > 5 AND largest > {SLIPPED} * (total - largest) / (n - 1)),
        compared AS (
            SELECT household_id, source, max(monthly) AS largest, max(monthly, 2)[2] AS second, min(monthly) AS least
            FROM (
                SELECT household_id, source, amount / nullif(months, 0) AS monthly FROM {numbered}
                SEMI JOIN candidates USING (household_id, source) WHERE amount > 0)
            GROUP BY ALL),
        slips AS (FROM compared WHERE largest > {SLIPPED} * second AND second < 10 * least AND ({factors})),
        sizes AS (SELECT source, count(largest) AS households FROM {groups} GROUP BY source)
        SELECT household_id, source, largest FROM slips JOIN sizes USING (source)
        QUALIFY count(*) OVER (PARTITION BY source) <= greatest(1, households / 10)""")
    rows = f"""
        SELECT {POSITION}, amount AS "#value" FROM {numbered} JOIN "#slips" USING (household_id, source)
        WHERE amount / nullif(months, 0) = largest"""
    yield Probe("amount", rows=rows)

"""Decide without a query which checks may find something in rows in memory.

A query takes milliseconds however few the rows are, and a request about one household must not wait for forty of them.
So a request runs the checks that are suspected here. A check may be suspected in vain, but it must be if it would find
anything; a property test compares the two.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

from riskml.records.checking.cell_checks import LAST_YEAR, LONG_CODE_CUT
from riskml.records.checking.comparisons import FEWEST_COPIES, LONG, MOSTLY, REGULAR, SUMMED, list_subject
from riskml.records.checking.duplicates import FILLED_LATER
from riskml.records.checking.incomes import CROWDED, FEWEST, FEWEST_MONTHS, RICH, RICHEST
from riskml.records.checking.plausibility import (
    AMOUNTS,
    CODES,
    FAR,
    FEWEST_AMOUNTS,
    FEWEST_CODES,
    LAST_EARLY_YEAR,
    LONGEST_LIFE,
    LOW,
    NINES,
    SHORT_NINES,
    SLIPPED,
    SOON,
    YEAR,
    YEARS_AHEAD,
    limit_line,
)
from riskml.records.checking.poverty_lines import LINE_FACTOR, OLD_SHARE, OLD_YEARS
from riskml.records.checking.row_checks import LATE_MONTHS, SPANS
from riskml.records.contract.faults import Severity
from riskml.records.contract.personal import PERSON_CODES, find_numbers
from riskml.records.contract.schema import TABLES, Kind, Table
from riskml.records.reading.folder import UsualLines

Columns = Mapping[str, Sequence[Any]]
"""The cells of one table by column, all columns of the same length."""

_CODES = frozenset(CODES + NINES + SHORT_NINES)
_EARLY = dt.date(LAST_EARLY_YEAR + 1, 1, 1)


@dataclass(frozen=True)
class _Rows:
    """The tables, and the lines with which their amounts are compared."""

    tables: Mapping[str, Columns]
    line: float
    usual_lines: UsualLines

    @cached_property
    def whole(self) -> list[tuple[str, str, dt.date, int, float, Any]]:
        """Household, source, start, months, amount and ``statement`` of the income of whole households."""
        names = ("household_id", "source", "period_start", "months", "amount", "statement", "member_id")
        rows = _zip(self.get("income"), *names)
        return [(h, s, d, n or 1, x, stated) for h, s, d, n, x, stated, one in rows if x is not None and not one]

    def get(self, name: str) -> Columns:
        """Return a table, which is empty if there is none."""
        return self.tables.get(name, {})


def list_suspected(
    tables: Mapping[str, Columns], names: Collection[str], severity: Severity, today: dt.date, usual_lines: UsualLines
) -> set[str]:
    """List the codes of the checks of a severity that may find something in the tables named, which have rows.

    The other tables are those with which they are compared. Checks that only a folder can fail are never listed.
    """
    if severity is Severity.FAULT:
        return {code for name in names for code in _look_for_faults(tables[name])}
    line = limit_line(_list_known(tables.get("lines", {}), "amount"), usual_lines)
    rows, codes = _Rows(tables, line, usual_lines), set[str]()
    for name in names:
        columns, table = tables[name], TABLES[name]
        codes.update(_look_at_cells(table, columns, today), _look_at_rows(table, columns))
        codes.update(_look_at_amounts(name, columns, line), _look_at_repeats(table, columns))
    for look, about in _LOOKS:
        codes.update(look(rows) if not about.isdisjoint(names) else ())
    return codes


def _list_known(columns: Columns, name: str) -> list[Any]:
    return [value for value in columns.get(name, ()) if value is not None]


def _zip(columns: Columns, *names: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of some columns; those that are absent have nulls."""
    rows = max(map(len, columns.values()), default=0)
    return zip(*(columns.get(name, repeat(None, rows)) for name in names), strict=False)


def _find_latest(columns: Columns, value: str, *key: str) -> dict[tuple[Any, ...], Any]:
    """Map the key of each version to the value in the latest one."""
    rows = sorted(_zip(columns, "recorded_on", value, *key), key=lambda row: row[0] or dt.date.min)
    return {row[2:]: row[1] for row in rows}


def _look_at_cells(table: Table, columns: Columns, today: dt.date) -> Iterator[str]:
    for column in table.columns:
        values, year = _list_known(columns, column.name), column.kind is Kind.YEAR
        if not values:
            continue
        if column.plausible is not None and max(values) > column.plausible:
            yield "above_plausible"
        if column.kind is Kind.TEXT:
            texts = {*values}
            yield from ["personal_number"] if find_numbers(texts) else []
            yield from ["lost_digits"] if any(re.fullmatch(LONG_CODE_CUT, text) for text in texts) else []
        if column.kind in (Kind.DATE, Kind.MONTH_START, Kind.YEAR):
            if (years := YEARS_AHEAD.get(column.name, 0)) < math.inf:
                latest = today + SOON + years * YEAR
                yield from ["future_day"] if max(values) > (latest.year if year else latest) else []
            if column.name != "effective_from" and min(values) < (today.year - LONGEST_LIFE if year else _EARLY):
                yield "early_day"
        if column.kind is Kind.AMOUNT or column.name == "visits":
            yield from _look_for_codes(values)
    for name in columns.keys() - {*table.names} if table.attributes else ():
        yield from _look_for_codes([x for x in columns[name] if isinstance(x, int | float)])


def _look_for_faults(columns: Columns) -> Iterator[str]:
    """Look for faults that the types of the columns do not exclude."""
    yield from (
        ["personal_code"] if any(find_numbers({*_list_known(columns, c)}, codes=True) for c in PERSON_CODES) else []
    )
    for start, end in SPANS:
        if end in columns and any(last and first and last < first for first, last in _zip(columns, start, end)):
            yield "ends_before_start"
    if starts := columns.get("period_start"):
        if None in columns["amount"]:
            yield "withdraws_nothing"
        if max(starts).year + max(_list_known(columns, "months"), default=1) // 12 >= LAST_YEAR:
            yield "date_out_of_range"


def _look_for_codes(values: Sequence[float]) -> list[str]:
    return ["survey_code"] if sum(map(_CODES.__contains__, values)) >= FEWEST_CODES else []


def _look_at_rows(table: Table, columns: Columns) -> Iterator[str]:
    if table.day and _list_known(columns, "recorded_on"):
        delays = [recorded - day for recorded, day in _zip(columns, "recorded_on", table.day) if recorded]
        yield from ["recorded_before_day"] if min(delays).days < 0 else []
        yield from ["recorded_very_late"] if max(delays).days > 31 * LATE_MONTHS and not table.key else []
    if True in columns.get("withdrawn", ()):
        yield "withdrawn_without_record"
    costs = _zip(columns, "self_paid", "cost") if "cost" in columns else ()
    if any((paid or 0) > (math.inf if cost is None else cost) for paid, cost in costs):
        yield "self_paid_above_cost"


def _look_at_amounts(name: str, columns: Columns, line: float) -> Iterator[str]:
    """Compare the amounts of each kind, as amounts a year, with one another and with the line."""
    for column, kind, _, most in AMOUNTS.get(name, ()):
        groups, years = defaultdict[Any, list[float]](list), defaultdict[Any, list[float]](list)
        for amount, sort, months, per in _zip(columns, column, kind, "months", "per"):
            if amount is not None and amount > 0:
                groups[sort, months, per].append(amount)
        for (sort, months, per), own in groups.items():
            factor = 12 / (months or 1) if name == "income" or per == "month" else 1
            years[sort] += [amount * factor for amount in own]
        many = {sort: own for sort, own in years.items() if len(own) >= FEWEST_AMOUNTS}
        low = (own for sort, own in many.items() if sort != "property" and min(own) < line / LOW)
        few = any(2 * sum(x < line / LOW for x in own) > len(own) for own in low)
        if few or any(max(own) > 0.9 * FAR * min(own) for own in years.values()):
            yield "amount_in_ten_thousands"
        high = (own for own in many.values() if max(own) > most * line)
        far = any(2 * sum(x > most * line for x in own) > len(own) for own in high)
        if far or sum(max(own) > 0.9 * FAR / 10 * min(own) for own in years.values()) > 1:
            yield "amount_in_fen"


def _look_at_repeats(table: Table, columns: Columns) -> Iterator[str]:
    if table.find_column("record_id") is None:
        return
    records = Counter(key for key in _zip(columns, "household_id", "record_id") if key[1] is not None)
    if len(records) < records.total():
        subjects = {key for key in _zip(columns, "record_id", *list_subject(table)) if key[0] is not None}
        yield from ["record_numbers_reused"] if len(subjects) > len(records) + 1 else []
    left_out = ("record_id", "recorded_on", *FILLED_LATER)
    own = [one for one in table.columns if one.kind is not Kind.AMOUNT and one.name not in left_out]
    names = [one.name for one in own if one.default is None]  # of the others, absent cells may equal stated ones
    rows = _zip(columns, "household_id", "record_id", *names)
    keys = [row[2:] for row in rows if row[1] is None or records[row[:2]] == 1]
    yield from ["equal_rows", "delivered_twice"] if len({*keys}) < len(keys) else []


def _look_at_income(rows: _Rows) -> Iterator[str]:
    income = rows.get("income")
    amounts, lengths = _list_known(income, "amount"), _list_known(income, "months")
    if any(income.get("member_id", ())):
        whole = {source for source, member in _zip(income, "source", "member_id") if not member}
        yield from ["only_parts"] if {*income["source"]} - whole else []
    if max(Counter(_zip(income, "household_id", "source", "period_start")).values()) >= CROWDED:
        yield "several_households"
    yield from _look_for_zeros(income) if 0 in amounts else []
    paid = [amount for amount in amounts if amount > 0]
    longest, spread = max(lengths, default=1), max(paid, default=0) / min(paid, default=1)
    yield from _look_for_sums(rows) if longest > 1 else []
    yield from _look_for_growth(rows) if spread >= FEWEST_MONTHS / 2 else []
    monthly = defaultdict[Any, list[float]](list)
    if spread * longest > SUMMED / 2:
        for home, source, amount, length in _zip(income, "household_id", "source", "amount", "months"):
            monthly[home, source] += [amount / (length or 1)] if amount and amount > 0 else []
    many = {key: sorted(own) for key, own in monthly.items() if len(own) > 5}
    yield from ["slipped_amount"] if any(own[-1] > SLIPPED * own[-2] for own in many.values()) else []
    regular = (own for (_, source), own in many.items() if source in REGULAR and len(own) > SUMMED)
    if any(2 * own[-1] * len(own) > SUMMED * sum(own) for own in regular):
        yield "sum_beside_parts"


def _look_for_zeros(income: Columns) -> Iterator[str]:
    """Return whether there may be zeros for months that have not come yet."""
    zeros, last = dict[str, dt.date](), dt.date.min
    for home, start, amount, recorded in _zip(income, "household_id", "period_start", "amount", "recorded_on"):
        if amount:
            last = max(last, start)
        elif amount is not None and (recorded or start) < start:
            yield "zero_ahead"
        elif amount is not None:
            zeros[home] = max(start, zeros.get(home, start))
    yield from ["zero_ahead"] if sum(start > last for start in zeros.values()) > 2 else []


def _look_for_sums(rows: _Rows) -> list[str]:
    """Return whether income of a longer period may stand beside that of its months."""
    months, covered, long = Counter[Any](), defaultdict[Any, set[int]](set), set[Any]()
    for home, source, start, length, amount, stated in rows.whole:
        if amount and not stated:
            first, key = start.year * 12 + start.month, (home, source)
            months[key] += length
            covered[key].update(range(first, first + length))
            long |= {key} if length > 1 else set()
    return ["sum_beside_parts"] if any(months[key] > len(covered[key]) for key in long) else []


def _look_for_growth(rows: _Rows) -> list[str]:
    """Return whether the last month of many years has as many times the amount of the first as sums have."""
    years = defaultdict[Any, list[tuple[dt.date, float]]](list)
    for home, source, start, _, amount, _ in rows.whole:
        if amount:
            years[home, source, start.year].append((start, amount))
    growing = (len(own) >= FEWEST_MONTHS and 2 * max(own)[1] >= FEWEST_MONTHS * min(own)[1] for own in years.values())
    return ["sums_since_january"] if sum(growing) >= FEWEST else []


def _look_for_gaps(rows: _Rows) -> list[str]:
    """Return whether a region has no line from before the first income on."""
    since = [
        (prefix or "", max(start, recorded or start))
        for prefix, start, recorded in _zip(rows.get("lines"), "region_code", "effective_from", "recorded_on")
    ]
    first, regions = min(rows.get("income")["period_start"]), {*rows.get("households").get("region_code", ())}
    covered = (any(region.startswith(prefix) and day <= first for prefix, day in since) for region in regions)
    return ["no_line"] if since and not all(covered) else []


def _look_at_homes(rows: _Rows) -> Iterator[str]:
    homes = rows.get("households")
    if len({*_zip(homes, "household_id", "region_code")}) > len({*homes["household_id"]}):
        yield "region_without_line"


def _look_at_heads(rows: _Rows) -> Iterator[str]:
    """Compute the income per head and year of each household, as the check does."""
    totals, months = defaultdict[str, float](float), defaultdict[str, set[int]](set)
    for home, start, length in {(row[0], row[2], row[3]) for row in rows.whole}:
        first = start.year * 12 + start.month
        if length == 1:
            months[home].add(first)
        else:
            months[home].update(range(first, first + length))
    for home, _, _, _, amount, _ in rows.whole:
        totals[home] += amount
    sizes = _find_latest(rows.get("households"), "size", "household_id")
    heads = {home: 12 * total / len(months[home]) / sizes.get((home,), 1) for home, total in totals.items()}
    rich = [home for home, head in heads.items() if head > RICH * rows.line > 0]
    if len(rich) >= FEWEST or any(heads[home] * min(len(months[home]), 12) > 12 * RICHEST * rows.line for home in rich):
        yield "much_income"
    least = min(_list_known(rows.get("lines"), "amount"), default=0) / 2
    yield from ["little_income"] if sum(head < least for head in heads.values()) >= FEWEST else []


def _look_at_rosters(rows: _Rows) -> Iterator[str]:
    left = _find_latest(rows.get("members"), "left_on", "household_id", "member_id")
    present = Counter(home for (home, _), day in left.items() if day is None)
    sizes = _find_latest(rows.get("households"), "size", "household_id")
    keys = {"households": ("household_id",), "members": ("household_id", "member_id")}
    versions = [[*_zip(rows.get(name), "recorded_on", *key)] for name, key in keys.items()]
    unclear = any(len({*own}) < len(own) for own in versions)  # which of two rows of one day is the latest
    if unclear or any(present[home] not in (0, size) for (home,), size in sizes.items()):
        yield "size_against_members"
    homes = Counter(member for (_, member), day in left.items() if day is None)
    if len(homes) < homes.total() and (len(homes) >= MOSTLY * homes.total() or min(map(len, homes)) >= LONG):
        yield "member_of_two_households"


def _look_at_care(rows: _Rows) -> list[str]:
    roster, both = {*_zip(rows.get("members"), "household_id", "member_id")}, ("household_id", "member_id")
    unknown = (key for key in _zip(rows.get("illness"), *both) if key[1] is not None and key not in roster)
    return ["unknown_member"] if roster and any(unknown) else []


def _look_at_monitoring(rows: _Rows) -> list[str]:
    entries = {*_zip(rows.get("monitoring"), "household_id", "entered_on")}
    return ["entered_twice"] if len(entries) >= len({home for home, _ in entries}) + FEWEST_COPIES else []


def _look_at_lines(rows: _Rows) -> Iterator[str]:
    """Suspect the lines unless they, and those of the policy table, are much the same and none is old and low."""
    usual, latest = [amount for _, _, amount in rows.usual_lines], dict[str, tuple[dt.date, float]]()
    for region, start, amount in _zip(rows.get("lines"), "region_code", "effective_from", "amount"):
        latest[region or ""] = max((start, amount), latest.get(region or "", (start, amount)))
    amounts = [*rows.get("lines")["amount"], *usual]
    yield from ["implausible_line"] if max(amounts) > LINE_FACTOR * min(amounts) else []
    until = max(_list_known(rows.get("income"), "period_start"), default=dt.date.min)
    low = [start for start, amount in latest.values() if amount < OLD_SHARE * max(usual, default=0)]
    yield from ["old_line"] if low and (until - min(low)).days >= OLD_YEARS * 365 else []


_LOOKS: tuple[tuple[Callable[[_Rows], Iterable[str]], frozenset[str]], ...] = (
    (_look_at_homes, frozenset({"households"})),
    (_look_at_rosters, frozenset({"households", "members"})),
    (_look_at_heads, frozenset({"households", "income"})),
    (_look_at_income, frozenset({"income"})),
    (_look_for_gaps, frozenset({"income"})),
    (_look_at_care, frozenset({"illness"})),
    (_look_at_monitoring, frozenset({"monitoring"})),
    (_look_at_lines, frozenset({"lines"})),
)
"""Functions that look at several tables, each with those of which one must have rows in the request."""

"""Checks the rows of a request for what ``riskml check`` reports in a folder, with the same codes and descriptions.

What is a fault in a folder is refused; what is a warning there is accepted and reported in the response. Some warnings
are given for folders only, because they need the households of a county or their income: a much smaller delivery, a
single day of recording, hardly any or far too much income, an old line, months without a line, a disaster in a region
without households, and survey codes in attributes.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

from riskml.records.checking.cell_checks import LAST_YEAR
from riskml.records.checking.comparisons import FEWEST_COPIES, LINED, LONG, MOSTLY
from riskml.records.checking.plausibility import LAST_EARLY_YEAR, LONGEST_LIFE, SOON, YEAR, YEARS_AHEAD, limit_line
from riskml.records.checking.row_checks import LATE_MONTHS, SPANS
from riskml.records.contract.personal import find_numbers
from riskml.records.contract.schema import IDENTIFIERS, TABLES, Kind, Table
from riskml.records.reading.folder import UsualLines
from riskml.vocabulary.regions import Level
from riskml_serving.base.problems import MOST_ERRORS, FieldError
from riskml_serving.checks.amounts import find_odd_amounts, find_odd_lines
from riskml_serving.checks.findings import Finding, describe_findings, list_known, read_day
from riskml_serving.checks.repeats import find_copies, find_reused_numbers, find_sums
from riskml_serving.store.records.columns import Columns, Rows, to_columns

__all__ = ["list_faults", "list_warnings", "show_warnings"]

_SPANS = {name: [span for span in SPANS if {*span} <= {*table.names}] for name, table in TABLES.items()}
_PLAUSIBLE_SIZE = next(column.plausible or 0 for column in TABLES["households"].columns if column.name == "size")


def list_faults(tables: Mapping[str, Rows], columns: Mapping[str, Columns]) -> list[FieldError]:
    """List the faults of single rows that the types of the fields do not refuse already.

    ``columns`` has the same rows as columns.
    """
    return [
        fault
        for name, rows in tables.items()
        for fault in describe_findings(name, _find_row_faults(TABLES[name], rows, columns[name]))
    ]


def list_warnings(
    tables: Mapping[str, Rows],
    today: dt.date,
    usual_lines: UsualLines,
    read: Callable[[str], Rows],
    sent: Mapping[str, Rows] | None = None,
    columns: Mapping[str, Columns] | None = None,
) -> list[FieldError]:
    """List the warnings that ``riskml check`` would give for these rows, apart from those given for folders only.

    Parameters
    ----------
    tables : dict of str to rows
        The rows of the request.
    today : date
    usual_lines : UsualLines
        The policy table's lines: see ``riskml.records.checking.check.check``.
    read : callable
        Reads all rows of the request's households in a table, including those of the request.
    sent : dict of str to rows, optional
        The rows as they were sent, if the service has completed their days of recording in ``tables``.
    columns : dict of str to columns, optional
        The rows of ``tables`` as columns, if they are already known.
    """
    if columns is None:
        columns = {name: to_columns(rows) for name, rows in tables.items()}
    findings: dict[str, list[Finding]] = {name: [] for name in tables}
    line = limit_line([row["amount"] for row in tables.get("lines", ())], usual_lines)
    for name, rows in tables.items():
        table = TABLES[name]
        own = columns[name]
        findings[name] += _find_in_rows(table, rows, own, (sent or tables)[name], today)
        if rows and table.find_column("record_id") is not None and (known := read(name)):
            every = own if known is rows else to_columns(known)
            findings[name] += find_copies(table, rows, known, every)
            findings[name] += find_reused_numbers(table, rows, known, every)
            findings[name] += find_odd_amounts(table, rows, own, known, every, line)
            if name == "income":
                findings[name] += find_sums(rows, known, every)
                findings[name] += _find_parts(rows, known)
    homes = read("households") if tables.get("households") or tables.get("members") else []
    if homes:
        for name, finding in _find_sizes(tables, homes, read("members")):
            findings[name].append(finding)
    if tables.get("illness") and (roster := {(row["household_id"], row["member_id"]) for row in read("members")}):
        findings["illness"] += _find_unknown_members(tables["illness"], roster)
    if tables.get("monitoring"):
        findings["monitoring"] += _find_entries(tables["monitoring"], read("monitoring"))
    if tables.get("members"):
        findings["members"] += _find_shared_members(tables["members"], read("members"))
    if tables.get("households"):
        findings["households"] += _find_lost_lines(tables["households"], homes, partial(read, "lines"))
    if new := tables.get("lines"):
        findings["lines"] += find_odd_lines(new, read("lines"), usual_lines)
    return [warning for name, part in findings.items() for warning in describe_findings(name, part)]


def show_warnings(findings: list[FieldError]) -> dict[str, Any]:
    """Return the fields ``warnings``, with the first of them, and ``warning_count`` of a response."""
    return {"warnings": [finding.to_json() for finding in findings[:MOST_ERRORS]], "warning_count": len(findings)}


def _find_row_faults(table: Table, rows: Rows, columns: Columns) -> Iterator[Finding]:
    spans = [(start, end) for start, end in _SPANS[table.name] if start in columns and end in columns]
    for i, row in enumerate(rows) if spans else ():
        for start, end in spans:
            if row.get(start) and row.get(end) and row[end] < row[start]:
                yield i, end, "ends_before_start"
    if table.name != "income" or not rows:
        return
    if None in columns["amount"]:
        empty = (i for i, row in enumerate(rows) if row["amount"] is None and not row.get("record_id"))
        yield from ((i, "amount", "withdraws_nothing") for i in empty)
    longest = max(list_known(columns, "months"), default=1)
    for i, row in enumerate(rows) if max(columns["period_start"]).year + longest // 12 >= LAST_YEAR else ():
        first = row["period_start"]
        if first.year * 12 + first.month + (row.get("months") or 1) - 1 > LAST_YEAR * 12 + 12:
            yield i, "months", "date_out_of_range"


@lru_cache(maxsize=64)
def _list_limits(table: str, today: dt.date) -> list[tuple[str, str, Any, bool]]:
    """List the limits of columns: name, code of the rule, limit, and whether smaller values break it, not larger."""
    soon = today + SOON
    limits: dict[Kind, Any] = {Kind.DATE: soon, Kind.MONTH_START: soon, Kind.YEAR: soon.year}
    ahead = {name: None if years == math.inf else soon + years * YEAR for name, years in YEARS_AHEAD.items()}
    first = dt.date(LAST_EARLY_YEAR + 1, 1, 1)
    largest = [
        (column.name, code, limit, False)
        for column in TABLES[table].columns
        for code, limit in (
            ("above_plausible", column.plausible),
            ("future_day", ahead.get(column.name, limits.get(column.kind))),
        )
        if limit is not None
    ]
    smallest = [
        (column.name, "early_day", today.year - LONGEST_LIFE if column.kind is Kind.YEAR else first, True)
        for column in TABLES[table].columns
        if column.kind in limits and column.name != "effective_from"
    ]
    return largest + smallest


def _find_in_rows(table: Table, rows: Rows, columns: Columns, sent: Rows, today: dt.date) -> Iterator[Finding]:
    for name, code, limit, low in _list_limits(table.name, today):  # most columns have no such value
        values = list_known(columns, name)
        if values and (min(values) < limit if low else max(values) > limit):
            cells = ((i, x) for i, row in enumerate(rows) if (x := row.get(name)) is not None)
            yield from ((i, name, code) for i, x in cells if (x < limit if low else x > limit))
    for column in table.columns:
        texts = {*list_known(columns, column.name)} if column.kind is Kind.TEXT else set()
        if personal := {*find_numbers(texts, codes=column.name in IDENTIFIERS)}:
            yield from (
                (i, column.name, "personal_number") for i, row in enumerate(rows) if row.get(column.name) in personal
            )
    withdrawable = "withdrawn" in table.names and not columns.keys().isdisjoint(("self_paid", "withdrawn"))
    for i, row in enumerate(rows) if withdrawable else ():
        if row.get("cost") is not None and row.get("self_paid") is not None and row["self_paid"] > row["cost"] + 1:
            yield i, "self_paid", "self_paid_above_cost"
        if row.get("withdrawn") and not row.get("record_id"):
            yield i, "withdrawn", "withdrawn_without_record"
    day = table.day or ""
    for i, row in enumerate(rows) if day and "recorded_on" in columns else ():
        if recorded := row.get("recorded_on"):
            late = (recorded - row[day]).days
            if late < 0:
                yield i, "recorded_on", "recorded_before_day"
            months = (row.get("months") or 1) if table.day == "period_start" else 0
            # A first delivery may reach back many years: a day of recording that the service filled in is not late.
            if not table.key and late > 31 * (LATE_MONTHS + months) and sent[i].get("recorded_on"):
                yield i, "recorded_on", "recorded_very_late"


def _find_sizes(tables: Mapping[str, Rows], homes: Rows, members: Rows) -> Iterator[tuple[str, Finding]]:
    """Find households of the request whose size differs from the number of their current members on record.

    The conditions are those of the check of folders: households with fewer members than their size are found only if
    most rosters are complete, and a difference of one person only in several households.
    """
    sizes = {row["household_id"]: row["size"] for row in sorted(homes, key=read_day)}
    roster = {(row["household_id"], row["member_id"]): row.get("left_on") for row in sorted(members, key=read_day)}
    present = Counter(code for (code, _), left_on in roster.items() if left_on is None and code in sizes)
    gaps = {code: n - sizes[code] for code, n in present.items() if sizes[code] <= _PLAUSIBLE_SIZE}
    complete = 2 * sum(gap == 0 for gap in gaps.values()) >= len(gaps)
    odd = {code: gap for code, gap in gaps.items() if gap > 0 or (gap and complete)}
    few = 50 * len(odd) < len(gaps)
    reported = {code for code, gap in odd.items() if not few or abs(gap) > 1}
    for name, column in (("households", "size"), ("members", "household_id")):
        for i, row in enumerate(tables.get(name, ())):
            if row["household_id"] in reported:
                reported.discard(row["household_id"])
                yield name, (i, column, "size_against_members")


def _find_shared_members(rows: Rows, members: Rows) -> Iterator[Finding]:
    """Find members in the request who are listed in two of its households, if few members' codes occur repeatedly."""
    roster = {(row["household_id"], row["member_id"]): row.get("left_on") for row in sorted(members, key=read_day)}
    homes = Counter(member for (_, member), left_on in roster.items() if left_on is None)
    few = len(homes) >= MOSTLY * homes.total() or min(map(len, homes), default=0) >= LONG
    if len(homes) < homes.total() and few:
        for i, row in enumerate(rows):
            if homes[row["member_id"]] > 1 and roster[row["household_id"], row["member_id"]] is None:
                yield i, "member_id", "member_of_two_households"


def _find_unknown_members(rows: Rows, roster: set[tuple[str, str]]) -> Iterator[Finding]:
    """Find care for persons who are not among the members on record; ``roster`` has their households and codes."""
    for i, row in enumerate(rows):
        if row.get("member_id") and (row["household_id"], row["member_id"]) not in roster:
            yield i, "member_id", "unknown_member"


def _find_parts(rows: Rows, income: Rows) -> Iterator[Finding]:
    """Find income that names a person, if no row of its source on record, and no total, is without one."""
    whole = {row["source"] for row in income if not row.get("member_id")}
    for i, row in enumerate(rows):
        if row.get("member_id") and not whole & {row["source"], "total"}:
            yield i, "member_id", "only_parts"


def _find_entries(rows: Rows, monitoring: Rows) -> Iterator[Finding]:
    """Find entries into monitoring before the end of the one before, if there are at least three on record."""
    states = {
        (row["household_id"], row["entered_on"]): row.get("cleared_on") for row in sorted(monitoring, key=read_day)
    }
    again, ends = set(), dict.fromkeys((code for code, _ in states), dt.date.min)
    for (code, day), end in sorted(states.items(), key=lambda state: state[0]):
        again |= {(code, day)} if day < ends[code] else set()
        ends[code] = max(ends[code], end or dt.date.max)
    for i, row in enumerate(rows if len(again) >= FEWEST_COPIES else ()):
        if (row["household_id"], row["entered_on"]) in again:
            yield i, "entered_on", "entered_twice"


def _find_lost_lines(rows: Rows, homes: Rows, read_lines: Callable[[], Rows]) -> Iterator[Finding]:
    """Find households of the request with a new region code to which the line of the old code no longer applies.

    If that of a larger region applies, at least three households must have got the same new code: half of those known
    in the old region, or with their villages' codes below that of another county. A single household may have moved.
    """
    versions: defaultdict[str, Rows] = defaultdict(list)
    for row in sorted(homes, key=read_day):
        versions[row["household_id"]].append(row)
    if len(versions) == len(homes):
        return  # the usual case: no household has an earlier version
    moves = {}
    for code, own in versions.items():
        for before, after in pairwise(own):
            old, new = before["region_code"], after["region_code"]
            if digits := next((level for level in LINED if old[:level] != new[:level]), None):
                moves[code, read_day(after)] = (old, new, old[:digits], new[:digits])
    prefixes = {line.get("region_code") or "" for line in read_lines()} if moves else set()

    def find_line(region: str) -> int:
        return max((len(prefix) for prefix in prefixes if region.startswith(prefix)), default=-1)

    lost = {key: move for key, move in moves.items() if find_line(move[0]) > find_line(move[1])}
    movers = Counter(move[2:] for move in lost.values())
    keepers = Counter(move[2:] for move in lost.values() if move[0][Level.COUNTY :] == move[1][Level.COUNTY :])
    for i, row in enumerate(rows if lost else ()):
        if move := lost.get((row["household_id"], read_day(row))):
            settled = sum(any(one["region_code"].startswith(move[2]) for one in own) for own in versions.values())
            many = movers[move[2:]] >= max(FEWEST_COPIES, settled / 2) or keepers[move[2:]] >= FEWEST_COPIES
            if find_line(move[1]) < 0 or many:
                yield i, "region_code", "region_without_line"

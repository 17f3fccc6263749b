"""Attributes of households: whether they are numbers or text, and whether they hold personal data."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import duckdb

from riskml.records.contract.faults import MOST_ROWS, Fault
from riskml.records.contract.personal import is_personal_name, select_personal
from riskml.records.contract.schema import Table
from riskml.records.reading.cell_sql import (
    NUMBER_TYPES,
    connect,
    convert_attribute,
    fetch_row,
    is_plain_number,
    read_number_sql,
)
from riskml.records.reading.groups import Group
from riskml.records.reading.rules import RULES

_UNKNOWN = "无 没有 不详 不明 未知 未填 暂无 空 缺"
_VAGUE = r"[约近<>≤≥].{1,9}|[\pN.,]+\s*([%％‰]|[百千万亿]+元{0,1}|[多余]\pL?)"
_MARK = rf"(?i)[\pP\pZ\pC\s]+|n/?a|null|none|nan|#[a-z/0!?]+|{_UNKNOWN.replace(' ', '|')}|{_VAGUE}"
"""Pattern for texts that stand for a missing value, or for a number of another scale or none that is certain."""
_NOTHING = r"[-—–－―/／\s]+|无|空"
"""Pattern for cells that mean "nothing", such as a dash; if all other cells are numbers, the column holds numbers."""
_CODE = r"[0０][0-9０-９]+|[0-9]{16,}"
_NEARLY_ALL = 0.9


def classify_attributes(
    connection: duckdb.DuckDBPyConnection, table: Table, groups: list[Group], faults: list[Fault]
) -> dict[str, str]:
    """Decide for each attribute whether it is a ``number`` or ``text``; personal data are reported and left out."""
    kinds_by_name: dict[str, set[str]] = {}
    for group in groups:
        for name in [name for name in group.types if table.find_column(name) is None]:
            if fault := _find_personal_data(connection, table, group, name):
                faults.append(fault)
                del group.types[name]
                continue
            family, kinds = group.family(name), kinds_by_name.setdefault(name, set())
            if group.text and _are_numbers(connection, group, name):
                kinds.add("number")
            elif group.text or family != "NULL":
                kinds.add("number" if family in NUMBER_TYPES else "text")
                if family == "VARCHAR" and (fault := _find_numbers_as_text(connection, table, group, name)):
                    faults.append(fault)
    mixed = [name for name, kinds in kinds_by_name.items() if len(kinds) > 1]
    faults += [RULES["mixed_attribute"].to_fault(table.name, name) for name in mixed]
    return {name: "text" if "text" in kinds else "number" for name, kinds in kinds_by_name.items()}


def read_attribute_types(table: Table, groups: list[Group]) -> dict[str, str]:
    """Return the kind of each attribute, ``number`` or ``text``, as the types of its columns state it."""
    names = {name: group.family(name) for group in groups for name in group.types if table.find_column(name) is None}
    return {name: "number" if family in NUMBER_TYPES else "text" for name, family in names.items()}


@lru_cache(maxsize=256)
def read_numbers(texts: tuple[str, ...]) -> list[tuple[float | None, bool]]:
    """Read cells of an attribute of numbers; also return whether each is anything but a plain number or empty.

    >>> read_numbers(("12.5", "1,200 亩", "-", ""))
    [(12.5, False), (1200.0, True), (None, True), (None, False)]
    """
    cell = convert_attribute("cell", "VARCHAR", "number", text=True)
    query = f"SELECT {cell.value}, ({cell.raw}) IS NOT NULL FROM (SELECT unnest($texts) AS cell)"
    return connect().execute(query, {"texts": texts}).fetchall()


class _Counts(NamedTuple):
    """How many cells are filled, plain numbers, numbers, numbers with or without a unit, marks, codes, and dashes."""

    filled: int
    plain: int
    numbers: int
    readable: int
    marks: int
    codes: int
    dashes: int

    def are_numbers(self, share: float) -> bool:
        """Return whether the column holds numbers.

        At least half of the cells must be numbers, and either all others must be marks or numbers with a unit, or
        numbers with or without a unit must make up this ``share`` of all cells. If all others are dashes, a single
        number is enough. A column with codes such as 0012 never holds numbers.
        """
        explained = self.readable + self.marks == self.filled or self.readable >= share * self.filled
        beside_dashes = self.numbers > 0 and self.numbers + self.dashes == self.filled
        return not self.codes and ((2 * self.numbers >= self.filled and explained) or beside_dashes)


def _count_numbers(connection: duckdb.DuckDBPyConnection, group: Group, name: str) -> _Counts:
    cell = "cell"  # of the different ones, which are often few
    tests = (
        "true",
        is_plain_number(cell),
        f"{read_number_sql(cell, unit=False)} IS NOT NULL",
        f"{read_number_sql(cell)} IS NOT NULL",
        f"regexp_full_match({cell}, '{_MARK}')",
        f"regexp_full_match(trim({cell}), '{_CODE}')",
        f"regexp_full_match({cell}, '{_NOTHING}')",
    )
    counts = ", ".join(f"coalesce(sum(n) FILTER ({test}), 0)::BIGINT" for test in tests)
    cells = f"SELECT {group.cells[name]} AS cell, count(*) AS n FROM {group.relation} WHERE cell <> '' GROUP BY 1"
    return _Counts(*fetch_row(connection, f"SELECT {counts} FROM ({cells})"))


def _are_numbers(connection: duckdb.DuckDBPyConnection, group: Group, name: str) -> bool:
    """Return whether all cells are plain numbers, or the column holds numbers."""
    counts = _count_numbers(connection, group, name)
    return counts.plain == counts.filled or counts.are_numbers(_NEARLY_ALL)


def _find_numbers_as_text(connection: duckdb.DuckDBPyConnection, table: Table, group: Group, name: str) -> Fault | None:
    counts = _count_numbers(connection, group, name)
    most = not counts.codes and 3 * counts.numbers >= 2 * counts.filled
    if counts.plain == counts.filled or not (most or counts.are_numbers(1.0)):
        return None
    report, plain, filled = RULES["numbers_as_text"].to_fault, counts.plain, counts.filled
    return report(table.name, name, count=filled - plain, numbers=plain, filled=filled, file=group.name)


def _find_personal_data(connection: duckdb.DuckDBPyConnection, table: Table, group: Group, name: str) -> Fault | None:
    """Report an attribute that holds names, identity card numbers or telephone numbers, without showing any of them."""
    cell, named = group.cells[name], is_personal_name(name)
    relation, where, values = group.relation, f"{cell} IS NOT NULL", None
    if not named:
        if group.family(name) in NUMBER_TYPES:
            # Telephone numbers have eleven digits; nearly every other number is smaller.
            cell = f"try_cast({cell} AS HUGEINT)"
            where = f"{cell} >= 13000000000"
            if not fetch_row(connection, f"SELECT count(*) FROM {relation} WHERE {where}")[0]:
                return None
            where = f"{cell} IS NOT NULL"
        elif group.family(name) not in {"VARCHAR", "ENUM"}:
            return None
        households = f"count(DISTINCT {group.cells['household_id']})" if "household_id" in group.cells else "count(*)"
        texts = connection.execute(f"SELECT DISTINCT ({cell})::VARCHAR FROM {relation} WHERE {where}").fetchall()
        filled = fetch_row(connection, f"SELECT {households} FROM {relation} WHERE {where}")[0]
        values = select_personal([text for (text,) in texts if text], filled, name)
        if not values:
            return None
        where = f"({cell})::VARCHAR IN (SELECT unnest($values))"
    rows = connection.execute(
        f"SELECT {group.position}, count(*) OVER () FROM {relation} WHERE {where} ORDER BY 1, 2 LIMIT {MOST_ROWS}",
        {} if values is None else {"values": values},
    ).fetchall()
    first = [f"{file}:{row}" if file else int(row) for file, row, _ in rows]
    count = int(rows[0][2]) if rows else 1
    return RULES["personal_attribute"].to_fault(table.name, name, count=count, rows=first)

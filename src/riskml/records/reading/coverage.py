"""Measure how complete and how late the records in a folder are, table by table, without showing individual rows."""

from __future__ import annotations

from typing import Any

from riskml.records.contract.schema import TABLES, Table
from riskml.records.reading.cell_sql import build_day_sql, fetch_row
from riskml.records.reading.folder import Folder

FEWEST_ROWS = 20
"""Minimum number of rows behind a figure; figures from fewer rows are left out, as they could identify a household."""

LATE_DAYS = 31
"""A row recorded more than this many days after the date it is about misses the next monthly scoring."""

QUANTILES = (0.5, 0.9, 0.99)


def measure_coverage(folder: Folder) -> dict[str, Any]:
    """Describe every table of a folder.

    Parameters
    ----------
    folder : Folder
        An open folder; rows that were set aside are not counted.

    Returns
    -------
    dict
        ``households`` is the number of households. ``tables`` has one entry for each table of the contract except
        ``lines``, with these keys:

        - ``present`` and ``rows``: whether the table is present, and its number of rows.
        - ``first`` and ``last``: the first and the last month that the rows are about.
        - ``without_rows``: the fraction of households that have no row in the table.
        - ``lateness``: None if fewer than 20 rows have both a day and a day of recording. Otherwise ``dated`` (fraction
          of rows with a day of recording) and, for those rows, ``after`` (fraction recorded after their day), ``late``
          (fraction recorded more than 31 days after it) and ``days`` (quantiles "0.5", "0.9" and "0.99" of the delay).

        A table with 1 to 19 rows has only ``few`` (true) and ``present``, and an absent one only ``present``.

    Notes
    -----
    The day of an income row is the last day of its period, as in the contract's default for ``recorded_on``. Lateness
    counts only the first recorded version of each key, because a later version reports something new.
    """
    households = int(
        fetch_row(folder.connection, f"SELECT count(DISTINCT household_id) FROM {folder.get_view('households')}")[0]
    )
    tables = {
        name: _measure_table(folder, table, households) if folder.has(name) else {"present": False}
        for name, table in TABLES.items()
        if name != "lines"
    }
    return {"households": households, "tables": tables}


def _measure_table(folder: Folder, table: Table, households: int) -> dict[str, Any]:
    rows = folder.count_rows(table.name)
    if 0 < rows < FEWEST_ROWS:
        return {"present": True, "few": True}
    relation, day = folder.get_view(table.name), build_day_sql(table)
    known = f"SELECT household_id FROM {folder.get_view('households')}"
    with_rows = fetch_row(
        folder.connection, f"SELECT count(DISTINCT household_id) FROM {relation} WHERE household_id IN ({known})"
    )[0]
    entry: dict[str, Any] = {"present": True, "rows": rows, "first": None, "last": None, "lateness": None}
    entry["without_rows"] = (households - int(with_rows)) / households if households else None
    if table.day and rows:
        first, last = fetch_row(folder.connection, f"SELECT min(d), max(d) FROM (SELECT {day} AS d FROM {relation})")
        entry |= {"first": first and f"{first:%Y-%m}", "last": last and f"{last:%Y-%m}"}
        entry["lateness"] = _measure_lateness(folder, table, day)
    return entry


def _measure_lateness(folder: Folder, table: Table, day: str) -> dict[str, Any] | None:
    quantiles = ", ".join(f"quantile_disc(delay, {q})" for q in QUANTILES)
    rows = folder.get_view(table.name)
    if table.key:
        keys = ", ".join(table.key)
        rows = f"(SELECT {keys}, min(recorded_on) AS recorded_on FROM {rows} GROUP BY {keys})"
    dated, dated_rows, after, late, *delays = fetch_row(
        folder.connection,
        f"SELECT avg((recorded_on IS NOT NULL)::INTEGER), count(delay), avg((delay > 0)::INTEGER),"
        f" avg((delay > {LATE_DAYS})::INTEGER), {quantiles}"
        f" FROM (SELECT recorded_on, recorded_on - {day} AS delay FROM {rows})",
    )
    if dated_rows < FEWEST_ROWS:
        return None
    return {
        "dated": float(dated),
        "after": float(after),
        "late": float(late),
        "days": {str(q): int(delay) for q, delay in zip(QUANTILES, delays, strict=True)},
    }

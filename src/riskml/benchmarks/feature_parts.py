"""The parts of the feature benchmark; each runs in a separate process: ``python -m … PART FOLDER WARM``."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path

import duckdb
import numpy as np

from riskml.benchmarks.oracle import Oracle
from riskml.benchmarks.processes import read_peak_mb
from riskml.benchmarks.timing import time_call, time_median
from riskml.features import build, build_all
from riskml.records.contract.calendar import to_date, to_month_end
from riskml.records.panel.store import Records
from riskml.records.reading.cell_sql import read_parquet_sql
from riskml.records.reading.folder import open_folder

PARTS = {"riskml": "riskml: files to features", "scan": "DuckDB: one scan of income", "oracle": "DuckDB: the oracle"}
"""The parts of the benchmark, and the texts shown while they run."""

THREADS = 2
DATES = 6
STEP = 2
SINGLE = 1000
"""Number of households whose features are built one at a time."""


def list_as_ofs(last_month: int) -> list[int]:
    """List the day numbers of six month ends, two months apart; the last is the end of ``last_month``.

    >>> [str(to_date(day)) for day in list_as_ofs(11)]
    ['1970-02-28', '1970-04-30', '1970-06-30', '1970-08-31', '1970-10-31', '1970-12-31']
    """
    return [to_month_end(last_month - STEP * back) for back in reversed(range(DATES))]


def _load_records(folder: Path) -> Records:
    with open_folder(folder) as opened:
        opened.connection.execute(f"SET threads = {THREADS}")
        return Records.load(opened)


def _run_riskml(folder: Path) -> dict[str, float]:
    started = time.perf_counter()
    records = _load_records(folder)
    days = list_as_ofs(records.last_month)
    # Build one matrix per date, because the oracle also returns one table per date.
    shapes = [build_all(records, [day], threads=THREADS).values.shape for day in days]
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "peak_rss_mb": read_peak_mb(),
        "rows": sum(rows for rows, _ in shapes),
        "features": shapes[0][1],
        "households": len(records),
        "as_ofs": len(days),
        "one_household_ms": _time_alone(records, days[-1]),
    }


def _time_alone(records: Records, as_of: int) -> float:
    chosen = [int(i) for i in np.linspace(0, len(records) - 1, min(SINGLE, len(records)))]
    return time_median(lambda i: build(records.panel(as_of, i, i + 1)), chosen)


def _run_scan(folder: Path) -> dict[str, float]:
    connection = duckdb.connect(config={"threads": THREADS})
    query = f"FROM {read_parquet_sql([folder / 'income.parquet'])}"
    table, seconds = time_call(lambda: connection.sql(query).to_arrow_table())
    return {"seconds": seconds, "rows": table.num_rows}


def _run_oracle(folder: Path) -> dict[str, float]:
    latest = f"SELECT max(period_start) FROM {read_parquet_sql([folder / 'income.parquet'])}"
    last: dt.date = duckdb.connect().execute(latest).fetchall()[0][0]
    days = [to_date(day) for day in list_as_ofs((last.year - 1970) * 12 + last.month - 1)]
    started = time.perf_counter()
    oracle = Oracle(folder, days, THREADS)
    rows = sum(oracle.compute_features(day).num_rows for day in days)
    return {"seconds": time.perf_counter() - started, "rows": rows}


def measure(part: str, folder: Path, warm: Path) -> dict[str, float]:
    """Run one part on a records folder, after a warm-up on a small folder.

    Returns
    -------
    dict of str to float
        ``seconds``, ``rows`` and, for riskml, further figures measured in the same process.
    """
    work = {"riskml": _run_riskml, "scan": _run_scan, "oracle": _run_oracle}[part]
    work(warm)
    if part == "scan":
        # A scan is short, so take the best of three.
        return min((work(folder) for _ in range(3)), key=lambda result: result["seconds"])
    return work(folder)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))  # noqa: T201 - the parent reads it

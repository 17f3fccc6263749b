"""The SQL oracle: the features of riskml, as an analyst would write them in DuckDB SQL.

The oracle is an independent check: the queries in ``sql/`` follow the data contract and the data dictionary, and share
no code with :mod:`riskml.features`. The tests compare the two, and the benchmark runs both on the same files. Nothing
else may import this module: riskml itself has only one implementation of the features.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from riskml.records.contract.schema import TABLES, Kind

_TYPES = {
    Kind.DATE: "DATE",
    Kind.MONTH_START: "DATE",
    Kind.COUNT: "INTEGER",
    Kind.YEAR: "DOUBLE",
    Kind.AMOUNT: "DOUBLE",
    Kind.FLAG: "BOOLEAN",
}
"""SQL type for each kind of column in the data contract; columns of all other kinds are text."""

_TOPICS = {name: {name} for name in ("members", "illness", "disaster", "events", "help", "monitoring")} | {
    "outlook": {"illness", "events"}
}
"""For each SQL script whose features are missing unless certain tables are present, the names of these tables."""
_FEATURES_TO_DATE = ("weighted_past_income", "months_since_below", "months_since_report")
"""Income features that count back from the last complete month, no matter how old the income is."""
_NUMBERS = ("INT", "FLOAT", "DOUBLE", "DECIMAL")


class Oracle:
    """Features at several dates, computed from a folder of Parquet tables.

    Parameters
    ----------
    folder : path
        Folder with ``<table>.parquet``, or a subfolder ``<table>/`` of parts, for each table.
    as_ofs : sequence of date
        All dates for which features will be computed; work that does not depend on the date is done only once.
    threads : int, default 2
    income_age : int, default 0
        Largest number of months by which the income window may end before the last complete month.
    """

    def __init__(self, folder: str | Path, as_ofs: Sequence[dt.date], threads: int = 2, income_age: int = 0) -> None:
        self._sql = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
        self._present = {name for name in TABLES if _find_files(Path(folder), name)}
        self._attributes: dict[str, bool] = {}
        for name in TABLES:
            self._create_view(Path(folder), name)
        self._set_variable("as_of", max(as_ofs))
        self._set_variable("income_age", income_age)
        self._income_age = income_age
        self._sql.execute("CREATE TEMP TABLE income_end (h INTEGER, ends INTEGER)")
        for script in ("macros", "months", "staging", "staging_income", "staging_events"):
            if script == "months":
                first = min(as_ofs).year * 12 + min(as_ofs).month - 38 - income_age
                self._set_variable("first_month", first)
                self._set_variable("last_month", max(as_ofs).year * 12 + max(as_ofs).month - 1)
            else:
                self._run_script(script)
        self._statements = self._sql.execute("SELECT count(*) FROM statement").fetchall() != [(0,)]
        if not self._statements:
            self._sql.execute("CREATE VIEW income_known AS SELECT * FROM income_cell WHERE counts(known, until)")

    def _create_view(self, folder: Path, table: str) -> None:
        """Create a view in which every declared column has its declared type, or is null if the files lack it."""
        declared = {column.name: _TYPES.get(column.kind, "VARCHAR") for column in TABLES[table].columns}
        if table not in self._present:
            empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in declared.items())
            self._sql.execute(f"CREATE VIEW src_{table} AS SELECT {empty} LIMIT 0")
            return
        files = f"read_parquet('{_find_files(folder, table)}', union_by_name = true)"
        types = {row[0]: str(row[1]) for row in self._sql.execute(f"DESCRIBE SELECT * FROM {files}").fetchall()}
        columns = [f"{name if name in types else 'NULL'}::{kind} AS {name}" for name, kind in declared.items()]
        if table == "households":
            self._attributes = {
                name: any(word in kind for word in _NUMBERS) for name, kind in types.items() if name not in declared
            }
            columns += [
                f'"{name}"::{"DOUBLE" if number else "VARCHAR"} AS "{name}"'
                for name, number in self._attributes.items()
            ]
        self._sql.execute(f"CREATE VIEW src_{table} AS SELECT {', '.join(columns)} FROM {files}")

    def _set_variable(self, name: str, value: dt.date | int) -> None:
        text = f"DATE '{value}'" if isinstance(value, dt.date) else str(value)
        self._sql.execute(f"SET VARIABLE {name} = {text}")

    def _run_script(self, script: str, income: str = "income_known") -> None:
        text = (resources.files(__package__) / "sql" / f"{script}.sql").read_text("utf-8")
        self._sql.execute(text.replace("income_known", income))

    def compute_features(self, as_of: dt.date) -> Any:
        """Compute the features of the households known on a date.

        Returns
        -------
        pyarrow.Table
            ``household_id`` and one column per feature: null if missing, text if the feature is a category. The rows
            are in no particular order.
        """
        self._set_variable("as_of", as_of)
        for script in ("household", *(["statements"] if self._statements else []), "income"):
            self._run_script(script)
        parts, joined = ["f_household.* EXCLUDE (h)"], ["household", "income"]
        if self._income_age:
            self._run_script("income_age")
            self._run_script("income", "income_moved")
            joined.append("income_to_date")
            parts += [
                "f_income_to_date.* EXCLUDE (h)",
                f"f_income.* EXCLUDE (h, mean_12, {', '.join(_FEATURES_TO_DATE)})",
            ]
        else:
            parts.append("f_income.* EXCLUDE (h, mean_12)")
        for topic in _TOPICS:
            self._run_script(topic)
        for topic, tables in _TOPICS.items():
            present = str(tables <= self._present).lower()
            parts.append(f"if({present}, COLUMNS(f_{topic}.* EXCLUDE (h)), NULL)")
        for name, number in self._attributes.items():
            parts.append(f'household."{name}" AS "attribute_{name}"')
            if number:
                parts.append(f'household."{name}" - before."{name}" AS "attribute_{name}_change"')
        joins = " ".join(f"JOIN f_{topic} USING (h)" for topic in (*joined, *_TOPICS))
        return self._sql.sql(
            f"SELECT household_id, {', '.join(parts)} FROM household JOIN ids USING (h) {joins}"
            " LEFT JOIN version before ON before.h = household.h AND before.rank = household.rank - 1"
        ).to_arrow_table()


def _find_files(folder: Path, table: str) -> str:
    if (folder / f"{table}.parquet").is_file():
        return str(folder / f"{table}.parquet")
    return str(folder / table / "*.parquet") if (folder / table).is_dir() else ""

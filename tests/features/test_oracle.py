"""On random records, every feature has the value that independent SQL (the oracle) computes from the Parquet files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from riskml.benchmarks.oracle import Oracle
from riskml.features import CATALOGUE, FeatureMatrix, build
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import TABLES
from riskml.records.panel.basis import IncomeBasis
from riskml.records.panel.store import Records

OPTIONAL = ("members", "illness", "disaster", "events", "help", "monitoring")


def list_disagreements(matrix: FeatureMatrix, known: np.ndarray, table) -> list[str]:
    """List the households and features for which the matrix and the oracle differ by more than 1e-9."""
    table = table.sort_by("household_id")
    rows = np.flatnonzero(known)
    assert table["household_id"].to_pylist() == matrix.household_id[rows].tolist()
    assert set(table.column_names) - {"household_id"} == set(matrix.names)
    rows_kept = []
    for column in matrix.columns:
        ours = matrix.column(column.name)[rows]
        if column.categorical:
            levels = matrix.levels[column.name]
            words = [None if np.isnan(code) else levels[int(code)] for code in ours]
            differ = np.array([a != b for a, b in zip(words, table[column.name].to_pylist(), strict=True)], bool)
            theirs = table[column.name].to_pylist()
        else:
            theirs = table[column.name].cast("float64").to_numpy(zero_copy_only=False)
            near = np.abs(ours - theirs) <= 1e-9 * np.maximum(1, np.abs(theirs))
            differ = ~(near | (np.isnan(ours) & np.isnan(theirs)))
        rows_kept += [
            f"{matrix.household_id[rows[i]]} {column.name}: {ours[i]} is {theirs[i]}" for i in np.flatnonzero(differ)
        ]
    return rows_kept


def compare(folder: Path, as_ofs, age: int = 0) -> None:
    records, oracle = Records.load(folder), Oracle(folder, as_ofs, income_age=age)
    for as_of in as_ofs:
        panel = records.panel(to_day(as_of), basis=IncomeBasis(age=age))
        assert not list_disagreements(build(panel), panel.known, oracle.compute_features(as_of)), as_of


@pytest.mark.parametrize("seed", range(6))
def test_every_feature_agrees_with_the_oracle(seed, random_records, tmp_path):
    drawn = random_records(seed, households=40)
    compare(drawn.write(tmp_path), drawn.as_ofs)


@pytest.mark.parametrize("seed", range(10, 14))
def test_every_feature_agrees_with_the_oracle_on_statements(seed, random_records, tmp_path):
    drawn = random_records(seed, households=40, statements=True)
    compare(drawn.write(tmp_path), drawn.as_ofs)


@pytest.mark.parametrize(("seed", "age"), [(20, 18), (21, 18), (22, 6), (23, 24)])
def test_every_feature_agrees_with_the_oracle_if_incomes_may_be_old(seed, age, random_records, tmp_path):
    drawn = random_records(seed, households=40, statements=True)
    folder = drawn.write(tmp_path)
    compare(folder, drawn.as_ofs, age)
    records = Records.load(folder)
    lags = [records.panel(to_day(day), basis=IncomeBasis(age=age)).income_lag for day in drawn.as_ofs]
    assert len(np.unique(lags)) > 4


def test_incomes_without_statements_may_also_be_old(random_records, tmp_path):
    drawn = random_records(24, households=40)
    compare(drawn.write(tmp_path), drawn.as_ofs, 12)


@pytest.mark.parametrize("some", ["none", "all", "first three", "last three"])
def test_features_of_absent_and_empty_tables_agree_with_the_oracle(some, random_records, tmp_path):
    absent = {"none": (), "all": OPTIONAL, "first three": OPTIONAL[:3], "last three": OPTIONAL[3:]}[some]
    empty = tuple(name for name in OPTIONAL if name not in absent)
    drawn = random_records(100, 5, absent=absent, empty=empty)
    compare(drawn.write(tmp_path, parts=2), drawn.as_ofs[-1:])


def test_absent_columns_are_null(random_records, tmp_path):
    drawn = random_records(8, 10)
    bare = {}
    for name, rows in drawn.tables.items():
        required = [column.name for column in TABLES[name].columns if column.required]
        rows_kept = [{key: row.get(key) for key in [*required, *ALSO.get(name, ())]} for row in rows]
        key = TABLES[name].key
        bare[name] = list({tuple(row[k] for k in key): row for row in rows_kept}.values()) if key else rows_kept
    for row in bare["lines"]:
        row["region_code"] = "13"
    bare["lines"] = list({row["effective_from"]: row for row in bare["lines"]}.values())
    folder = drawn.changed(**bare).write(tmp_path)
    assert "recorded_on" not in pq.read_schema(folder / "income.parquet").names
    compare(folder, drawn.as_ofs[-2:])


ALSO = {"income": ("months",), "disaster": ("household_id", "region_code"), "lines": ("region_code",)}


def test_the_oracle_computes_every_declared_feature(random_records, tmp_path):
    drawn = random_records(7, households=2)
    table = Oracle(drawn.write(tmp_path), drawn.as_ofs).compute_features(drawn.as_ofs[0])
    regions, land = {f"region_{digits}" for digits in (2, 4, 6, 9)}, {"attribute_land", "attribute_land_change"}
    assert set(table.column_names) == {"household_id", *CATALOGUE, *regions, *land, "attribute_house"}


def test_the_random_records_reach_every_feature(random_records, tmp_path):
    matrices = []
    for seed in range(3):
        drawn = random_records(seed, households=40)
        records = Records.load(drawn.write(tmp_path / str(seed)))
        matrices += [build(records.panel(to_day(as_of))) for as_of in drawn.as_ofs]
    for name in matrices[0].names:
        values = np.concatenate([matrix.column(name) for matrix in matrices])
        stated = values[~np.isnan(values)]
        assert len(np.unique(stated)) > 1, f"{name} never varies"
        if name in CATALOGUE and CATALOGUE[name].unit in ("line", "log line", "months"):
            assert len(stated) < len(values), f"{name} is never missing"

"""The simulated county obeys the contract, is reproducible from its seed, and is no easier to predict than reality."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from riskml.errors import SimulationError
from riskml.outcomes import label
from riskml.records.checking.check import check
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import TABLES
from riskml.records.panel.store import Records
from riskml.simulation import simulate
from riskml.splits import Settings
from riskml.vocabulary.causes import CAUSES

pytestmark = pytest.mark.integration


def _bytes(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_a_county_has_no_fault_and_every_table(county: Path) -> None:
    report = check(county)
    assert report.ok, report.render()
    assert {file.stem for file in county.iterdir()} == {*TABLES, "truth"}


def test_same_seed_same_bytes_and_another_seed_another_county(tmp_path: Path) -> None:
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        simulate(tmp_path / name, 120, 30, seed, None, "none")
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert _bytes(tmp_path / "a") != _bytes(tmp_path / "c")


def test_truth_covers_the_default_test_dates(county: Path) -> None:
    truth = pd.read_parquet(county / "truth.parquet")
    assert list(truth.columns) == ["household_id", "as_of", "probability", "cause"]
    assert truth["probability"].between(0, 1).all()
    assert set(truth["cause"].dropna()) <= set(CAUSES)
    assert truth["cause"].nunique() >= 4
    assert not truth.duplicated(["household_id", "as_of"]).any()


def test_records_are_known_late_missing_and_corrected(county: Path) -> None:
    income = duckdb.sql(
        f"SELECT count(*) FILTER (recorded_on > last_day(period_start)) / count(*), count(record_id),"
        f" count(*) FILTER (amount IS NULL) FROM '{county}/income.parquet'"
    ).fetchall()[0]
    assert 0.02 < income[0] < 0.5
    assert income[1] > 0
    assert income[2] > 0
    months = duckdb.sql(
        f"SELECT count(DISTINCT (household_id, period_start)) FROM '{county}/income.parquet'"
    ).fetchall()
    assert 0.88 < months[0][0] / (800 * 42) < 0.99


@pytest.mark.slow
def test_the_county_is_not_easier_than_life(tmp_path: Path) -> None:
    """Pool several seeds to reduce chance, and bound the share that falls, the best possible AUC and income's AUC."""
    settings, day, result = Settings(), to_day("2021-12-31"), []
    for seed in (1, 2, 3):
        folder = tmp_path / str(seed)
        simulate(folder, 2000, 36, seed, None, "last")
        records = Records.load(folder)
        labels = label(records, [day], settings)
        known = labels.take(labels.labelled)
        truth = pd.read_parquet(folder / "truth.parquet")
        truth = truth[truth["as_of"].astype(str) == "2021-12-31"].set_index("household_id")["probability"]
        result.append(
            pd.DataFrame(
                {
                    "y": known.y,
                    "p": truth.reindex(records.household_id[known.household]).to_numpy(),
                    "near": -np.log(known.income_per_head / known.line),
                    "by": known.by,
                }
            )
        )
        assert 0.01 <= known.y.mean() <= 0.04
    rows = pd.concat(result)
    assert rows["p"].notna().mean() > 0.99
    rows = rows.dropna()
    assert 0.80 <= roc_auc_score(rows["y"], rows["p"]) <= 0.92
    assert 0.70 <= roc_auc_score(rows["y"], rows["near"]) <= 0.80
    assert set(rows.loc[rows["y"] == 1, "by"]) == {1, 2}
    # the sum of the true probabilities predicts how many fall
    assert rows["p"].sum() == pytest.approx(rows["y"].sum(), rel=0.25)


def test_parameters_are_overridden_or_refused(tmp_path: Path) -> None:
    simulate(tmp_path / "a", 60, 20, 1, {"households_per_village": 30}, "none")
    simulate(tmp_path / "b", 60, 20, 1, None, "none")
    assert _bytes(tmp_path / "a") != _bytes(tmp_path / "b")
    with pytest.raises(SimulationError, match="job_loss"):
        simulate(tmp_path / "c", 60, 20, 1, {"job_los": 0.1}, "none")

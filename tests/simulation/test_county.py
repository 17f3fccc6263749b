"""The simulated county passes all checks, is reproducible from its seed, and has the key figures that ADR 014 sets."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from riskml.errors import SimulationError
from riskml.records.checking.check import check
from riskml.records.contract.schema import TABLES
from riskml.simulation import parameters, simulate
from riskml.simulation import truth as true_probability
from riskml.vocabulary.causes import CAUSES

pytestmark = pytest.mark.integration


def _bytes(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_a_county_has_every_table_and_no_faults(county: Path) -> None:
    report = check(county)
    assert report.ok, report.faults
    assert {file.stem for file in county.iterdir()} == {*TABLES, "truth"}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_county(tmp_path: Path) -> None:
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        simulate(tmp_path / name, 120, 30, seed, None, "none")
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert _bytes(tmp_path / "a") != _bytes(tmp_path / "c")


def test_the_truth_holds_probabilities_and_declared_causes_once_per_household_and_date(county: Path) -> None:
    truth = pd.read_parquet(county / "truth.parquet")
    assert list(truth.columns) == ["household_id", "as_of", "probability", "cause"]
    assert truth["probability"].between(0, 1).all()
    assert set(truth["cause"].dropna()) <= set(CAUSES)
    assert truth["cause"].nunique() >= 4
    assert not truth.duplicated(["household_id", "as_of"]).any()


def test_some_records_are_late_missing_or_corrected(county: Path) -> None:
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
def test_the_key_figures_of_the_county_are_in_the_ranges_of_adr_014(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that key figures of the county are in the ranges that ADR 014 sets.

    They are the share of falls, the share of these by spending alone, and the AUC of the true probability and of the
    distance to the line. A quarter of the usual futures is drawn: that lowers the AUC of the true probability by 0.003.
    """
    for name in ("DRAWS", "MORE_DRAWS", "WORTH"):
        monkeypatch.setattr(true_probability, name, getattr(true_probability, name) // 4)
    figures = simulate(tmp_path, 6000, 36, 1, None, "last").figures
    assert 0.02 <= figures["falls"] <= 0.07
    assert figures["spending_alone"] >= 0.2
    assert 0.80 <= figures["oracle"] <= 0.92
    assert 0.65 <= figures["distance_to_line"] <= 0.80
    assert figures["income"] + figures["spending"] + figures["monitoring"] == pytest.approx(1)
    assert min(figures["income"], figures["monitoring"]) > 0.05


def test_parameters_can_be_overridden_and_unknown_ones_are_rejected(tmp_path: Path) -> None:
    simulate(tmp_path / "a", 60, 20, 1, {"households_per_village": 30}, "none")
    simulate(tmp_path / "b", 60, 20, 1, None, "none")
    assert _bytes(tmp_path / "a") != _bytes(tmp_path / "b")
    with pytest.raises(SimulationError, match="job_loss"):
        simulate(tmp_path / "c", 60, 20, 1, {"job_los": 0.1}, "none")


def test_every_parameter_names_a_report_or_the_contract_or_is_marked_as_assumed() -> None:
    declared = yaml.safe_load(Path(parameters.__file__).with_name("params.yaml").read_text("utf-8"))
    sources = {name: entry["source"] for group in declared.values() for name, entry in group.items()}
    assert not [name for name, text in sources.items() if not text.startswith(("assumed", "report", "contract"))]

"""``riskml benchmark features``: what it measures and prints. No test asserts a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskml.benchmarks import feature_parts, features
from riskml.benchmarks.feature_parts import PARTS, measure
from riskml.cli.main import build_app
from riskml.errors import RiskmlError
from riskml.features import CATALOGUE
from riskml.simulation import simulate

pytestmark = pytest.mark.integration

FIGURES = {"rows_per_s", "scan_ratio", "duckdb_ratio", "peak_rss_mb", "one_household_ms"}


@pytest.fixture(scope="module")
def county(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark") / "county"
    simulate(folder, 60, features.MONTHS, 3, truth="none")
    return folder


@pytest.fixture
def parts(monkeypatch) -> list[str]:
    """Replace the processes that run the benchmark's parts with fixed results; return the list of parts run."""
    requests: list[str] = []
    own = {"rows": 360, "households": 60, "features": 130, "as_ofs": 6, "peak_rss_mb": 300.0}
    own["one_household_ms"] = 0.5
    answers = {
        "riskml": [{"seconds": 2.0, **own}, {"seconds": 3.0, **own}],
        "scan": [{"seconds": 0.1, "rows": 9000}, {"seconds": 0.5, "rows": 9000}],
        "oracle": [{"seconds": 9.0, "rows": 360}, {"seconds": 7.0, "rows": 360}],
    }

    def run(part: str, _folder: Path, _warm: Path) -> dict[str, float]:
        requests.append(part)
        return answers[part][(len(requests) - 1) // len(PARTS)]

    monkeypatch.setattr(features, "_run_part", run)
    monkeypatch.setattr(features, "ROUNDS", 2)
    monkeypatch.setattr(features, "simulate", lambda folder, *_, **__: folder.mkdir())
    return requests


def test_the_parts_alternate_and_the_shortest_time_of_each_counts(parts):
    finding = features.run(60)
    assert parts == ["riskml", "scan", "oracle"] * 2
    assert finding["rounds"] == 2
    assert finding["seconds"] == {"riskml": 2.0, "scan": 0.1, "oracle": 7.0}
    assert finding["rows_per_s"] == 180
    assert finding["scan_ratio"] == 20
    assert finding["duckdb_ratio"] == 3.5
    met = {name: target["met"] for name, target in finding["targets"].items()}
    assert met == {"scan_ratio": False, "duckdb_ratio": False, "peak_rss_mb": True, "one_household_ms": True}


def test_only_one_round_runs_on_a_busy_machine(parts, monkeypatch):
    monkeypatch.setattr(features, "ENOUGH", 0.0)
    assert features.run(60)["rounds"] == 1
    assert parts == list(PARTS)


def test_only_json_is_written_to_standard_output(parts):
    done = CliRunner().invoke(build_app(), ["benchmark", "features", "--households", "60", "--json"])
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)) >= FIGURES


def test_without_json_each_figure_is_printed_with_its_target(parts):
    done = CliRunner().invoke(build_app(), ["benchmark", "features", "--households", "60"])
    assert done.exit_code == 0, done.output
    for name in FIGURES:
        assert name in done.stdout
    assert "at least 4" in done.stdout
    assert done.stdout.count("MISSED") == 2


def test_riskml_and_the_oracle_are_measured_on_the_same_rows(county, monkeypatch):
    monkeypatch.setattr(feature_parts, "DATES", 2)
    monkeypatch.setattr(feature_parts, "SINGLE", 3)
    own, scan, oracle = (measure(part, county, county) for part in PARTS)
    assert own["rows"] == oracle["rows"] == 2 * own["households"] == 120
    assert own["features"] > len(CATALOGUE)
    assert scan["rows"] > 60 * 48
    assert min(own["peak_rss_mb"], own["one_household_ms"]) > 0


def test_a_part_can_run_in_its_own_process(county):
    command = [sys.executable, "-m", "riskml.benchmarks.feature_parts", "scan", str(county), str(county)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) == {"seconds", "rows"}


def test_a_failing_part_reports_the_reason(tmp_path):
    with pytest.raises(RiskmlError, match="part 'scan' of the benchmark failed") as error:
        features._run_part("scan", tmp_path, tmp_path)
    assert "income" in error.value.hint

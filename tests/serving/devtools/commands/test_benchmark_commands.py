"""The benchmarks of the service are commands of ``riskml``, which print figures with their limits."""

from __future__ import annotations

from typer.testing import CliRunner

from riskml.benchmarks.targets import check_targets
from riskml.cli.main import build_app
from riskml_serving.devtools.benchmark.scale import BOUNDS


def test_the_command_prints_figures_with_their_limits(monkeypatch):
    figures = {**dict.fromkeys(BOUNDS, 50.0), "households": 300}
    figures["targets"] = check_targets(figures, BOUNDS)
    monkeypatch.setattr("riskml_serving.devtools.benchmark.scale.measure_scale", lambda *_: figures)
    output = CliRunner().invoke(build_app(), ["benchmark", "scale"]).output
    lines = {line.split()[0]: line for line in output.splitlines() if line.strip()}
    assert lines["records_p50_ms"].endswith("at most 20: MISSED")
    assert lines["import_s"].endswith("at most 60: met")
    assert lines["households"].split() == ["households", "300"]


def test_the_command_is_listed_among_the_benchmarks():
    help_text = CliRunner().invoke(build_app(), ["benchmark", "--help"]).output
    assert "serving" in help_text

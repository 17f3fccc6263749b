"""``riskml benchmark cluster``, on a county that is far too small to measure anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskml.benchmarks import cluster

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_commands_are_timed_on_workers_and_write_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SIMULATED", 200)
    monkeypatch.setattr(cluster, "TRAINED", 600)
    figures = cluster.run(600, (3,), near=tmp_path)
    assert figures["income_rows"] % 3 == 0
    (run,) = figures["runs"]
    assert run["same_bytes"]
    assert list(run["seconds"]) == ["partition", "features", "scores", "explanations"]
    assert list(run["per_second"]) == list(figures["alone"]["seconds"])
    assert len(run["worker_peak_mb"]) == 2
    assert all(0 < peak < 4096 for peak in (*run["worker_peak_mb"], run["command_peak_mb"]))
    assert [target["met"] for target in figures["targets"].values()] == [True, True]
    assert not list(tmp_path.iterdir())


def test_without_a_run_on_one_machine_partitions_are_compared_with_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = iter([({"worker_peak_mb": [900.0]}, {"file": digest}) for digest in ("1", "2")])
    monkeypatch.setattr(cluster, "_make_bundle", lambda folder: folder)
    monkeypatch.setattr(cluster, "_run_on_workers", lambda *_: next(runs))
    figures = cluster.run(1000, (2, 3), near=tmp_path, alone=False)
    assert figures["alone"] is None
    assert [run["same_bytes"] for run in figures["runs"]] == [True, False]
    assert not figures["targets"]["same_bytes"]["met"]


def test_models_of_larger_samples_are_compared() -> None:
    curve = cluster.learn([600, 900])
    assert list(curve) == ["600", "900"]
    assert all(0.5 < model["auc"] < 1 for model in curve.values())

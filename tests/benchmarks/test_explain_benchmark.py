"""The benchmark for explanations: which figures it returns, whatever their values."""

from __future__ import annotations

import json

from riskml.benchmarks import explain


class Listener:
    def __init__(self):
        self.stages = []

    def stage(self, text, total=None):
        self.stages.append(text)

    def step(self, count=1):
        pass


def test_the_benchmark_reports_figures_targets_and_stages(monkeypatch):
    monkeypatch.setattr(explain, "BATCH", 300)
    monkeypatch.setattr(explain, "SAMPLE", 30)
    monkeypatch.setattr(explain, "SINGLES", 3)
    monkeypatch.setattr(explain, "ROUNDS", 15)
    listener = Listener()
    figures = explain.run(700, listener)
    assert set(explain.BOUNDS) == set(figures["targets"]) <= set(figures)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert 0 < figures["explained"] <= figures["households"] == 700
    assert (figures["trees"], figures["features"] > 100) == (15, True)
    for name, target in figures["targets"].items():
        assert target["value"] == figures[name] > 0
        sense, bound = target["bound"].rsplit(" ", 1)
        assert target["met"] is (
            (figures[name] <= float(bound)) if sense == "at most" else (figures[name] >= float(bound))
        )
    assert listener.stages[0] == "Simulating a county"

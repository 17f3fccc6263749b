"""The benchmark of explanations: what it returns, not how fast."""

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


def test_figures_targets_and_stages(monkeypatch):
    monkeypatch.setattr(explain, "BATCH", 300)
    monkeypatch.setattr(explain, "SAMPLE", 30)
    monkeypatch.setattr(explain, "SINGLES", 3)
    monkeypatch.setattr(explain, "ROUNDS", 15)
    listener = Listener()
    found = explain.run(700, listener)
    assert set(explain.BOUNDS) == set(found["targets"]) <= set(found)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert 0 < found["explained"] <= found["households"] == 700
    assert (found["trees"], found["features"] > 100) == (15, True)
    for name, target in found["targets"].items():
        assert target["value"] == found[name] > 0
        sense, bound = target["bound"].rsplit(" ", 1)
        assert target["met"] is ((found[name] <= float(bound)) if sense == "at most" else (found[name] >= float(bound)))
    assert listener.stages[0] == "Simulating a county"

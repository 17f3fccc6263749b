"""``riskml train``: it writes a bundle and registers it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from riskml.model import Bundle

Run = Callable[..., Any]


def test_train_writes_a_bundle_and_registers_it(riskml: Run, county: Path, trained: Bundle, tmp_path: Path) -> None:
    ran = riskml("train", county, "--out", tmp_path / "b")
    assert ran.code == 0
    assert "simulated" in ran.out
    assert "registered as riskml version 1, challenger" in ran.out
    assert Bundle.load(tmp_path / "b").files == trained.files

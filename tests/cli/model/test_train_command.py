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


def test_a_model_that_is_trained_on_a_sample_says_so(riskml: Run, county: Path, tmp_path: Path) -> None:
    ran = riskml("train", county, "--out", tmp_path / "b", "--sample-households", 600)
    assert ran.code == 0, ran.err
    bundle = Bundle.load(tmp_path / "b")
    assert (bundle.manifest["data"]["households"], bundle.manifest["data"]["sampled_from"]) == (600, 800)
    card = bundle.files["model_card.md"].decode()
    assert "| households | 600, a sample of 800 by a hash of their codes |" in card
    assert "| 户数 | 600（按户码散列从 800 户中抽取） |" in card
    assert riskml("report", tmp_path / "b", "--out", tmp_path / "r.html").code == 0
    assert "600 户（抽自 800 户）" in (tmp_path / "r.html").read_text("utf-8")

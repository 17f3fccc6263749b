"""``riskml compare``, and ``riskml report`` on the same bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from riskml.model import Bundle
from riskml.training.card import write_model_card

Run = Callable[..., Any]


def test_two_bundles_can_be_compared_and_reported(
    riskml: Run, bundle_path: Path, county: Path, trained: Bundle, tmp_path: Path
) -> None:
    version = trained.model_version
    assert version in riskml("compare", bundle_path, bundle_path).out
    output = json.loads(riskml("compare", bundle_path, bundle_path, "--json").out)
    assert output["models"][version]["ap"] == trained.evaluation["models"]["riskml"]["ap"]
    ran = riskml("report", bundle_path, "--out", tmp_path / "r.html")
    assert ran.code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert version in page
    assert "模拟县" in page
    assert "src=" not in page
    assert "http" not in page


def test_differences_have_paired_intervals_if_the_records_are_given(
    riskml: Run, bundle_path: Path, county: Path, trained: Bundle, tmp_path: Path
) -> None:
    other = trained.with_report({**trained.report, "coverage": None}, write_model_card).save(tmp_path / "other")
    assert "Give --records RECORDS" in riskml("compare", bundle_path, other).out
    output = riskml("compare", bundle_path, other, "--records", county).out
    for name in ("AUC", "average precision", "Brier (lower is better)"):
        assert f"{name}: +0.0000 (+0.0000 to +0.0000)" in output

"""``riskml simulate``: the choice between monthly and yearly records of income, and the figures printed at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.integration


def test_simulating_a_register_prints_the_figures_for_its_county(riskml: Any, tmp_path: Path) -> None:
    ran = riskml("simulate", tmp_path / "a", "--households", 60, "--months", 26, "--income", "register")
    assert ran.code == 0, ran.err
    assert "households at risk (summed over all dates) fall" in ran.out
    assert "for the distance to the line." in ran.out
    assert "statement" in pq.read_schema(tmp_path / "a" / "income.parquet").names
    assert set(pq.read_table(tmp_path / "a" / "lines.parquet")["source"].to_pylist()) == {"simulated"}


def test_income_is_monthly_by_default_and_an_unknown_choice_is_rejected(riskml: Any, tmp_path: Path) -> None:
    assert riskml("simulate", tmp_path / "b", "--households", 5, "--months", 3, "--truth", "none").code == 0
    assert "statement" not in pq.read_schema(tmp_path / "b" / "income.parquet").names
    ran = riskml("simulate", tmp_path / "c", "--households", 5, "--months", 3, "--income", "weekly")
    assert ran.code == 2
    assert "weekly" in ran.err
    assert not (tmp_path / "c").exists()

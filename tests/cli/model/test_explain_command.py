"""``riskml explain``: it explains one household, saying the same in text and in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]
AS_OF = "2022-12-31"


def test_explain_says_the_same_in_text_and_json(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
    riskml("score", bundle_path, county, "--as-of", AS_OF, "--out", tmp_path / "s.parquet", "--explain")
    frame = pd.read_parquet(tmp_path / "s.parquet").sort_values("margin")
    row = frame[frame["status"] == "at_risk"].iloc[-1]
    text = riskml("explain", bundle_path, county, row["household_id"], "--as-of", AS_OF).out
    output = json.loads(riskml("explain", bundle_path, county, row["household_id"], "--as-of", AS_OF, "--json").out)
    assert "仅供研判参考，不作为认定依据" in text
    assert "模拟县数据，非真实农户" in text
    assert output["simulated"] is True
    assert output["agreement"] == row["agreement"]
    assert output["signal"] == row["signal"]
    assert output["model"]["probability"] == pytest.approx(row["probability"], abs=0)
    assert 1 <= len(output["reasons"]) <= 5
    assert all(reason["zh"] in text for reason in output["reasons"])
    assert row["causes"].split(";")[0] == output["reasons"][0]["cause"]
    english = riskml("explain", bundle_path, county, row["household_id"], "--as-of", AS_OF, "--lang", "en").out
    assert "基" not in english.replace(row["household_id"], "")


def test_explaining_an_unknown_household_is_an_error(riskml: Run, bundle_path: Path, county: Path) -> None:
    ran = riskml("explain", bundle_path, county, "nobody", "--as-of", AS_OF)
    assert ran.code == 1
    assert "no household 'nobody'" in ran.err

"""``riskml features``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskml.features import build
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records

Run = Callable[..., Any]
AS_OF = "2022-12-31"


def test_features_equal_the_features_of_the_kernel(
    riskml: Run, county: Path, county_records: Records, tmp_path: Path
) -> None:
    ran = riskml("features", county, "--as-of", AS_OF, "--out", tmp_path / "f.parquet")
    assert ran.code == 0
    frame = pd.read_parquet(tmp_path / "f.parquet")
    panel = county_records.panel(to_day(AS_OF))
    expected = build(panel).take(panel.known).to_frame()
    assert list(frame.columns) == list(expected.columns)
    for name in frame.columns:
        if frame[name].dtype.kind == "f":
            assert np.array_equal(frame[name], expected[name].astype(float), equal_nan=True)
        else:
            assert frame[name].fillna("").tolist() == expected[name].fillna("").tolist()

"""``riskml features``: it writes the same features that the library computes."""

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


def test_features_equal_those_computed_by_the_kernel(
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


def test_a_statement_counts_if_it_is_no_older_than_the_income_age(riskml: Run, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "households.csv").write_text("household_id,region_code,size\nH1,130529101201,2\n", "utf-8")
    (folder / "lines.csv").write_text("region_code,effective_from,amount\n,2020-01-01,6000\n", "utf-8")
    (folder / "income.csv").write_text(
        "household_id,period_start,months,source,amount,statement\nH1,2021-10-01,12,total,24000,true\n", "utf-8"
    )
    incomes = {}
    for age in (0, 13, 14, 18):
        out = tmp_path / f"{age}.parquet"
        # The statement covers the year to September 2022, which ends 14 months before the last complete month.
        command = ("features", folder, "--as-of", "2023-11-30", "--out", out, "--income-age", age)
        assert riskml(*command).code == 0
        frame = pd.read_parquet(out)
        incomes[age] = frame["log_income_to_line_12m"][0]
        assert frame["months_since_report"][0] == 14
    assert np.isnan([incomes[0], incomes[13]]).all()
    assert incomes[14] == incomes[18] == np.log(2)
    refused = riskml("features", folder, "--as-of", "2023-11-30", "--out", out, "--income-age", 25)
    assert refused.code != 0
    assert "income age is 25" in refused.err

"""``riskml report``: it writes a report on a bundle, with or without records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from riskml.model import Bundle

Run = Callable[..., Any]


def test_the_report_can_be_in_english(riskml: Run, bundle_path: Path, tmp_path: Path) -> None:
    assert riskml("report", bundle_path, "--lang", "en", "--out", tmp_path / "r.html").code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert "Data coverage and late recording" in page


def test_the_training_records_give_the_same_report(
    riskml: Run, bundle_path: Path, county: Path, tmp_path: Path
) -> None:
    assert riskml("report", bundle_path, "--out", tmp_path / "a.html").code == 0
    assert riskml("report", bundle_path, "--records", county, "--out", tmp_path / "b.html").code == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_report_says_if_its_records_differ_from_the_training_records(
    riskml: Run, bundle_path: Path, trained: Bundle, county: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in county.glob("*.parquet"):
        (other / file.name).write_bytes(file.read_bytes())
    illness = pd.read_parquet(other / "illness.parquet")
    illness.iloc[::2].to_parquet(other / "illness.parquet", index=False)
    ran = riskml("report", bundle_path, "--records", other, "--out", tmp_path / "r.html")
    assert ran.code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "其指纹与训练数据不同" in page
    assert f"<td>{(len(illness) + 1) // 2:,}</td>" in page


def test_skipped_rows_are_counted_in_the_report(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in county.glob("*.parquet"):
        (broken / file.name).write_bytes(file.read_bytes())
    illness = pd.read_parquet(broken / "illness.parquet")
    illness.loc[:2, "visits"] = -1
    illness.to_parquet(broken / "illness.parquet", index=False)
    out = ["--records", broken, "--out", tmp_path / "r.html"]
    assert riskml("report", bundle_path, *out).code == 1
    assert riskml("report", bundle_path, *out, "--skip-bad-rows", tmp_path / "bad.json").code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<code>below_minimum</code> 3" in page


def test_records_that_end_before_the_test_dates_are_rejected(riskml: Run, bundle_path: Path, tmp_path: Path) -> None:
    assert riskml("simulate", tmp_path / "short", "--households", 200, "--months", 26, "--truth", "none").code == 0
    ran = riskml("report", bundle_path, "--records", tmp_path / "short", "--out", tmp_path / "r.html")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert not (tmp_path / "r.html").exists()

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskml.features import build
from riskml.model import Bundle
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.scoring import COLUMNS, judge
from riskml.training import Trained

Run = Callable[..., Any]
AS_OF = "2022-12-31"


def test_train_writes_a_bundle_and_registers_it(riskml: Run, county: Path, trained: Trained, tmp_path: Path) -> None:
    ran = riskml("train", county, "--out", tmp_path / "b")
    assert ran.code == 0
    assert "simulated" in ran.out
    assert "registered as riskml version 1, challenger" in ran.out
    assert Bundle.load(tmp_path / "b").files == trained.bundle.files


def test_release_moves_the_champion_or_says_which_check_failed(
    riskml: Run, bundle_path: Path, trained: Trained, tmp_path: Path
) -> None:
    from riskml import tracking

    ran = riskml("release", bundle_path)
    failed = {line.split()[0] for line in ran.out.splitlines() if " failed " in line}
    if failed:
        assert ran.code == 1
        assert all(code in ran.err for code in failed)
        assert tracking.fetch_champion() is None
    else:
        assert ran.code == 0
        champion = tracking.fetch_champion()
        assert champion is not None
        assert Bundle.load(champion.path).model_version == trained.bundle.model_version


def test_release_takes_one_name(riskml: Run, bundle_path: Path) -> None:
    ran = riskml("release", bundle_path, "--version", 3)
    assert ran.code == 1
    assert "either a bundle or a registered --version" in ran.err


def test_score_writes_one_row_a_household(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
    ran = riskml("score", bundle_path, county, "--as-of", AS_OF, "--out", tmp_path / "s.parquet")
    assert ran.code == 0
    assert "仅供研判参考，不作为认定依据" in ran.out
    frame = pd.read_parquet(tmp_path / "s.parquet")
    assert tuple(frame.columns) == COLUMNS
    assert frame["household_id"].is_unique
    assert frame["household_id"].is_monotonic_increasing
    at_risk = frame["status"] == "at_risk"
    for name in ("probability", "margin", "tier"):
        assert (frame[name].notna() == at_risk).all()
    assert frame["probability"].dropna().between(0, 1).all()
    visited = frame["agreement"].isin(["both", "model_only"])
    assert visited.sum() == int(np.ceil(0.10 * at_risk.sum()))
    assert frame.loc[visited, "margin"].min() >= frame.loc[at_risk & ~visited, "margin"].max()
    assert (frame["agreement"].isin(["both", "rule_only"]) == (frame["rule_flags"] != "")).all()
    order = ["green", "yellow", "orange", "red"]
    assert (frame["signal"].map(order.index) >= frame["rule_signal"].map(order.index)).all()


def test_scores_equal_the_scores_of_one_household_alone(
    riskml: Run, bundle_path: Path, county: Path, county_records: Records, tmp_path: Path
) -> None:
    riskml("score", bundle_path, county, "--as-of", AS_OF, "--out", tmp_path / "s.parquet")
    frame = pd.read_parquet(tmp_path / "s.parquet")
    bundle, policy = Bundle.load(bundle_path), load_policy()
    for i in range(0, len(frame), 97):
        position = county_records.index(frame["household_id"][i])
        assert position is not None
        alone = judge(bundle, county_records.panel(to_day(AS_OF), position, position + 1), policy)
        assert np.array_equal(alone.margin, frame["margin"].to_numpy()[i : i + 1], equal_nan=True)
        assert np.array_equal(alone.probability, frame["probability"].to_numpy()[i : i + 1], equal_nan=True)
        assert alone.flags[0] == frame["rule_flags"][i]


def test_a_text_that_is_not_a_date_is_refused(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
    ran = riskml("score", bundle_path, county, "--as-of", "2022/13/1", "--out", tmp_path / "s.parquet")
    assert ran.code == 1
    assert "not a date" in ran.err
    assert not (tmp_path / "s.parquet").exists()


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


def test_compare_and_report(riskml: Run, bundle_path: Path, county: Path, trained: Trained, tmp_path: Path) -> None:
    version = trained.bundle.model_version
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


def test_a_folder_with_faults_is_refused_or_its_bad_rows_are_set_aside(
    riskml: Run, county: Path, bundle_path: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in county.glob("*.parquet"):
        (broken / file.name).write_bytes(file.read_bytes())
    households = pd.read_parquet(broken / "households.parquet")
    households.loc[0, "size"] = 0
    households.to_parquet(broken / "households.parquet")
    out = ["--as-of", AS_OF, "--out", tmp_path / "s.parquet"]
    ran = riskml("score", bundle_path, broken, *out)
    assert ran.code == 1
    assert "below_minimum" in ran.err
    assert "Traceback" not in ran.err
    ran = riskml("score", bundle_path, broken, *out, "--skip-bad-rows", tmp_path / "bad.json")
    assert ran.code == 0
    assert "set aside" in ran.err
    assert json.loads((tmp_path / "bad.json").read_text())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("train", "nowhere", "--out", "b"), "no records folder"),
        (("score", "nowhere", "nowhere", "--as-of", AS_OF, "--out", "s.parquet"), "nowhere"),
        (("report", "nowhere"), "nowhere"),
        (("check", "nowhere"), "missing_folder"),
    ],
)
def test_a_wrong_path_is_reported_without_a_stack_trace(riskml: Run, args: tuple[str, ...], message: str) -> None:
    ran = riskml(*args)
    assert ran.code == 1
    assert message in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_a_tampered_bundle_is_refused(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in bundle_path.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    trees = (copy / "trees.txt").read_text()
    (copy / "trees.txt").write_text(trees.replace("leaf_value=", "leaf_value=9", 1))
    ran = riskml("score", copy, county, "--as-of", AS_OF, "--out", tmp_path / "s.parquet")
    assert ran.code == 1
    assert "trees.txt" in ran.err


def test_every_command_explains_itself(riskml: Run) -> None:
    overview = riskml("--help").out
    for command in (
        "simulate",
        "check",
        "features",
        "train",
        "score",
        "explain",
        "compare",
        "report",
        "release",
        "demo",
    ):
        assert command in overview
        assert "Usage" in riskml(command, "--help").out


def test_explain_gives_the_same_in_text_and_json(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
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


def test_explain_an_unknown_household(riskml: Run, bundle_path: Path, county: Path) -> None:
    ran = riskml("explain", bundle_path, county, "nobody", "--as-of", AS_OF)
    assert ran.code == 1
    assert "no household 'nobody'" in ran.err

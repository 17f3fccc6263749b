"""``riskml score``: the scores that it writes, and how faulty records and bundles are rejected."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import load_workbook

from riskml.cli.inputs import NOT_TRAINED_HERE
from riskml.model import Bundle
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_date, to_day
from riskml.records.panel.store import Records
from riskml.scoring import COLUMNS, judge

Run = Callable[..., Any]
AS_OF = "2022-12-31"


def test_score_writes_one_row_per_household(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
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


def test_scoring_a_household_alone_gives_the_same_scores(
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


def test_text_that_is_not_a_date_is_rejected(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
    ran = riskml("score", bundle_path, county, "--as-of", "2022/13/1", "--out", tmp_path / "s.parquet")
    assert ran.code == 1
    assert "not a date" in ran.err
    assert not (tmp_path / "s.parquet").exists()


def test_a_faulty_folder_is_rejected_unless_its_bad_rows_are_set_aside(
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


def test_a_tampered_bundle_is_rejected(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in bundle_path.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    trees = (copy / "trees.txt").read_text()
    (copy / "trees.txt").write_text(trees.replace("leaf_value=", "leaf_value=9", 1))
    ran = riskml("score", copy, county, "--as-of", AS_OF, "--out", tmp_path / "s.parquet")
    assert ran.code == 1
    assert "trees.txt" in ran.err


def rename_lines(county: Path, to: Path) -> Path:
    """Copy the simulated county's records; name another source for its lines, so that the copy counts as real."""
    shutil.copytree(county, to)
    lines = pd.read_parquet(to / "lines.parquet").assign(source="县乡村振兴局")
    lines.to_parquet(to / "lines.parquet", index=False)
    return to


def test_a_simulated_model_scores_real_records_with_one_warning_and_a_note_in_the_workbook(
    riskml: Run, bundle_path: Path, county: Path, tmp_path: Path
) -> None:
    real = rename_lines(county, tmp_path / "real")
    for folder, warned in ((real, 1), (county, 0)):
        for name in ("s.xlsx", "s.csv", "s.parquet"):
            ran = riskml("score", bundle_path, folder, "--as-of", AS_OF, "--out", tmp_path / name)
            assert (ran.code, " ".join(ran.err.split()).count(NOT_TRAINED_HERE)) == (0, warned)
        first, head, *rows = load_workbook(tmp_path / "s.xlsx").active.iter_rows(values_only=True)
        assert (NOT_TRAINED_HERE in first[0]) == bool(warned)
        assert "仅供研判参考，不作为认定依据" in first[0]
        frame = pd.read_parquet(tmp_path / "s.parquet")
        assert (head, len(rows)) == (COLUMNS, len(frame))
        assert [row[0] for row in rows] == frame["household_id"].tolist()
        assert {row[3] is None for row in rows} == {True, False}  # the file is for analysts, so no score is withheld
        assert (tmp_path / "s.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        code = frame["household_id"][0]
        ran = riskml("explain", bundle_path, folder, code, "--as-of", AS_OF, "--json")
        assert (ran.code, " ".join(ran.err.split()).count(NOT_TRAINED_HERE)) == (0, warned)
        assert json.loads(ran.out)["simulated"] != bool(warned)


def test_a_score_file_with_an_unknown_extension_is_rejected(
    riskml: Run, bundle_path: Path, county: Path, tmp_path: Path
) -> None:
    ran = riskml("score", bundle_path, county, "--as-of", AS_OF, "--out", tmp_path / "s.ods")
    assert ran.code == 1
    assert "End --out with .parquet, .csv or .xlsx." in " ".join(ran.err.split())


def test_an_as_of_after_every_record_is_named_in_warnings_and_in_the_workbook(
    riskml: Run, bundle_path: Path, county: Path, county_records: Records, tmp_path: Path
) -> None:
    assert county_records.last_day is not None
    last, code = str(to_date(county_records.last_day)), county_records.household_id[0]
    commands = {
        "score": ("score", bundle_path, county, "--out", tmp_path / "s.xlsx"),
        "explain": ("explain", bundle_path, county, code),
        "features": ("features", county, "--out", tmp_path / "f.parquet"),
    }
    for as_of, warned in (("2030-12-31", True), (last, False)):
        for name, command in commands.items():
            ran = riskml(*command, "--as-of", as_of)
            assert ran.code == 0, ran.err
            assert (f"{as_of} is after {last}" in " ".join(ran.err.split())) == warned, name
        [note] = next(load_workbook(tmp_path / "s.xlsx").active.iter_rows(values_only=True))[:1]
        assert (f"研判日 {as_of} 晚于最后一次记录（{last}），其间情况不详" in note) == warned

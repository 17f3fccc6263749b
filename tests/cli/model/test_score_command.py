"""``riskml score``: the scores that it writes, and how faulty records and bundles are rejected."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from riskml.cli.inputs import NOT_TRAINED_HERE
from riskml.cli.model.score_sheet import make_score_sheet
from riskml.errors import UsageError
from riskml.model import Bundle
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_date, to_day
from riskml.records.panel.store import Records
from riskml.scoring import COLUMNS, judge
from riskml.verdict import FIELDS
from riskml.vocabulary.causes import CAUSES

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
        assert (NOT_TRAINED_HERE.read("zh") in first[0]) == bool(warned)
        assert "仅供研判参考，不作为认定依据" in first[0]
        frame = pd.read_parquet(tmp_path / "s.parquet")
        assert (len(head), len(rows)) == (len(COLUMNS), len(frame))
        assert [row[0] for row in rows] == frame["household_id"].tolist()
        assert {row[3] is None for row in rows} == {True, False}  # the file is for analysts, so no score is withheld
        assert (tmp_path / "s.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        code = frame["household_id"][0]
        ran = riskml("explain", bundle_path, folder, code, "--as-of", AS_OF, "--json")
        assert (ran.code, " ".join(ran.err.split()).count(NOT_TRAINED_HERE)) == (0, warned)
        assert json.loads(ran.out)["simulated"] != bool(warned)


def test_a_workbook_is_laid_out_in_chinese_for_its_readers(
    riskml: Run, bundle_path: Path, county: Path, tmp_path: Path
) -> None:
    for name in ("s.xlsx", "s.parquet"):
        ran = riskml("score", bundle_path, county, "--as-of", AS_OF, "--out", tmp_path / name, "--explain")
        assert ran.code == 0, ran.err
    sheet, frame = load_workbook(tmp_path / "s.xlsx").active, pd.read_parquet(tmp_path / "s.parquet")
    assert sheet.freeze_panes == "A3"
    _, head, *rows = sheet.iter_rows()
    names = [cell.value for cell in head]
    assert not [name for name in names if not re.search("[\u4e00-\u9fff]", name)]
    assert "reasons" not in names
    codes = {code for field in FIELDS for code in (*field.words, "unknown")} | {*load_policy().triggers, *CAUSES}
    column = {name: [row[i].value for row in rows] for i, name in enumerate(names)}
    assert not codes & {part for values in column.values() for value in values for part in str(value).split("；")}
    assert {row[1].is_date for row in rows} == {True}
    at = frame["tier"].notna()
    assert [value is not None for value in column["模型分级"]] == at.tolist()
    shares = [row[3].value for row, known in zip(rows, at, strict=True) if known]
    assert shares == pytest.approx(frame["probability"][at].tolist())
    assert {row[3].number_format for row, known in zip(rows, at, strict=True) if known} == {"0.0%"}
    stable = at & (frame["tier"] == "stable")
    for i in np.flatnonzero(stable):
        assert (column["模型分级"][i] == "模型未预警") == (frame["rule_flags"][i] != "")
    outside = at & ~stable & frame["agreement"].isin(["neither", "rule_only"])
    assert {column["规则与模型"][i] for i in np.flatnonzero(outside)} <= {
        "规则与模型均提示；未进全县优先名单", "模型提示；未进全县优先名单"
    }  # fmt: skip
    assert column["风险情况"] == [text or None for text in frame["reasons_zh"]]


@pytest.mark.parametrize("name", ["s.CSV", "s.Parquet", "s.XLSX"])
def test_the_case_of_a_file_ending_does_not_matter(
    riskml: Run, bundle_path: Path, county: Path, tmp_path: Path, name: str
) -> None:
    assert riskml("score", bundle_path, county, "--as-of", AS_OF, "--out", tmp_path / name).code == 0
    starts = {"s.CSV": b"\xef\xbb\xbf", "s.Parquet": b"PAR1", "s.XLSX": b"PK"}
    assert (tmp_path / name).read_bytes().startswith(starts[name])


def test_more_households_than_a_sheet_holds_are_rejected_before_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskml.cli.model.score_sheet.MOST_ROWS", 1)
    frame = pd.DataFrame({name: ["a", "b"] for name in COLUMNS})
    with pytest.raises(UsageError, match="at most 1 households; there are 2"):
        make_score_sheet(frame, load_policy(), "count")


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


def test_households_without_members_leave_the_lists(
    riskml: Run, bundle_path: Path, county: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    shutil.copytree(county, folder)
    members = pd.read_parquet(folder / "members.parquet")
    gone = str(members["household_id"].min())
    members.loc[members["household_id"] == gone, "left_on"] = to_date(to_day(AS_OF))
    members.to_parquet(folder / "members.parquet", index=False)
    out = ["--as-of", AS_OF, "--out", tmp_path / "s.parquet", "--explain"]
    ran = riskml("score", bundle_path, folder, *out)
    assert "1 household(s) left the lists: every member has left." in ran.out
    assert gone not in set(pd.read_parquet(tmp_path / "s.parquet")["household_id"])
    assert f"Every member of household '{gone}' has left" in riskml("explain", bundle_path, folder, gone, *out[:2]).err


def test_a_date_outside_the_records_gets_a_warning_and_no_unknown_income_is_green(
    riskml: Run, bundle_path: Path, county: Path, tmp_path: Path
) -> None:
    late, early = "no income is recorded after 20", "no income is recorded before 20"
    out, features = tmp_path / "s.xlsx", tmp_path / "f.parquet"
    assert late in riskml("score", bundle_path, county, "--as-of", "2035-12-31", "--out", out).err
    rows = [[str(cell) for cell in row] for row in load_workbook(out).active.iter_rows(values_only=True)]
    assert any("没有收入数据" in row[0] for row in rows)
    unknown = [row for row in rows if "收入记录不足" in row]
    assert len(unknown) > 50
    assert not any("绿" in row for row in unknown)
    assert late in riskml("features", county, "--as-of", "2035-12-31", "--out", features).err
    assert early in riskml("features", county, "--as-of", "2010-12-31", "--out", features).err
    assert riskml("features", county, "--as-of", AS_OF, "--out", features).err.count("no income") == 0


def test_one_wrong_date_does_not_hide_that_the_records_end(
    riskml: Run, county: Path, county_records: Records, tmp_path: Path
) -> None:
    folder = shutil.copytree(county, tmp_path / "records")
    events = pd.read_parquet(folder / "events.parquet")
    late = events.iloc[[0]].assign(occurred_on=dt.date(2052, 5, 1), recorded_on=None, record_id=None)
    pd.concat([events, late[events.columns]]).to_parquet(folder / "events.parquet", index=False)
    income = pd.read_parquet(folder / "income.parquet")
    long = income.iloc[[0]].assign(period_start=dt.date(2023, 1, 1), months=400, recorded_on=None, record_id=None)
    pd.concat([income, long[income.columns]]).to_parquet(folder / "income.parquet", index=False)
    assert county_records.last_day is not None
    month = f"{to_date(county_records.last_day):%Y}"  # the last reports arrive months later
    out = ["--out", tmp_path / "f.parquet"]
    ran = riskml("features", folder, "--as-of", "2040-12-31", *out)
    assert ran.code == 0, ran.err
    note = " ".join(ran.err.split())
    assert f"fewer than a tenth of the households have any record after {month}" in note
    assert "hardly any income is recorded after 20" in note
    assert "tenth" not in riskml("features", folder, "--as-of", AS_OF, *out).err
    soon = to_date(county_records.last_day + 31)
    assert "is after" not in riskml("features", county, "--as-of", str(soon), *out).err

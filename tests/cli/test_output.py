"""Tables that commands write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskml.cli.output import write_table


def test_the_same_values_give_the_same_bytes_whatever_they_were_put_together_from(tmp_path: Path) -> None:
    texts = [f"{i:07d} " * 30 for i in np.random.default_rng(0).integers(0, 8_000, 20_000)]
    files = []
    for size in (20_000, 7_000, 900):
        parts = [pd.DataFrame({"text": texts[start : start + size]}) for start in range(0, len(texts), size)]
        files.append(tmp_path / f"{size}.parquet")
        write_table(files[-1], pd.concat(parts, ignore_index=True))
    assert len({file.read_bytes() for file in files}) == 1
    assert pd.read_parquet(files[0])["text"].tolist() == texts


def test_no_text_of_a_csv_file_is_a_formula_and_all_other_cells_stay_as_they_are(tmp_path: Path) -> None:
    codes = ["=1+1", "-3", "＝cmd", "0042", None]
    frame = pd.DataFrame({
        "household_id": codes,
        "kind": pd.Categorical(["@x", "a", "a", "a", "a"]),
        "size": [-1, 2, 3, 4, 5],
        "probability": [0.1, -0.5, np.nan, 1e-17, 1.0],
        "known": [True, False, True, False, True],
        "day": pd.to_datetime(["2024-01-31"] * 5),
    })  # fmt: skip
    write_table(tmp_path / "safe.csv", frame)
    frame.assign(household_id="c", kind="k").to_csv(tmp_path / "plain.csv", index=False, encoding="utf-8-sig")
    safe = pd.read_csv(tmp_path / "safe.csv", dtype=str, keep_default_na=False)
    plain = pd.read_csv(tmp_path / "plain.csv", dtype=str, keep_default_na=False)
    assert safe["household_id"].tolist() == ["'=1+1", "'-3", "'＝cmd", "0042", ""]
    assert safe["kind"].tolist() == ["'@x", "a", "a", "a", "a"]
    assert safe.drop(columns=["household_id", "kind"]).equals(plain.drop(columns=["household_id", "kind"]))


AT = ("--as-of", "2022-12-31", "--out")


@pytest.mark.parametrize("command", [
    ("train", "absent", "--out", "file/bundle"), ("report", "absent", "--out", "file/report.html"),
    ("report", "absent", "--out", "folder"), ("features", "absent", *AT, "file/features.csv"),
    ("features", "absent", *AT, "features.ods"), ("score", "absent", "absent", *AT, "file/scores.csv"),
    ("score", "absent", "absent", *AT, "scores.txt"),
])  # fmt: skip
def test_a_place_where_no_result_can_be_written_is_refused_before_anything_is_read(
    riskml: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("text")
    (tmp_path / "folder").mkdir()
    ran = riskml(*command)
    assert ran.code == 1
    assert command[-1] in ran.err
    assert "absent" not in ran.err

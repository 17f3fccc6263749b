"""If a value makes no sense, every command reports an error and writes no file, and the error is clear."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from riskml.cli.main import COMMANDS
from riskml.cli.options import parse_day
from riskml.cli.output import write_file
from riskml.cli.terminal import run
from riskml.errors import UsageError, explain_os_error
from riskml.text import load_chinese

Run = Callable[..., Any]

AT = "--as-of 2022-12-31"
GRID = {
    "train COUNTY --out NEW --window": "0 -1 99 x",
    "train COUNTY --out NEW --horizon": "0 -1 999 x",
    "train COUNTY --out NEW --step": "0 -1 x",
    "train COUNTY --out NEW --origins": "0 -1 99 x",
    "train COUNTY --out NEW --income-age": "-1 99",
    "train COUNTY --out NEW --test-from": "1990-01-31 2090-01-31 0001-01-31 9999-12-31 x EMPTY",
    "train COUNTY --out": "FILE FILE/x FOLDER EMPTY",
    "train --out NEW": "FILE FOLDER NEW EMPTY",
    "features COUNTY --out NEW.csv --as-of": "0001-01-01 9999-12-31 2024-13-01 1-2 EMPTY",
    f"features COUNTY {AT} --out NEW.csv --window": "0 99",
    f"features COUNTY {AT} --out NEW.csv --income-age": "-1 99",
    f"features COUNTY {AT} --out": "FOLDER FILE/x.csv NEW.ods EMPTY",
    "score BUNDLE COUNTY --out NEW.csv --as-of": "0001-01-01 9999-12-31 x EMPTY",
    f"score BUNDLE COUNTY {AT} --out": "FOLDER FILE/x.xlsx FILE/x.csv NEW.txt EMPTY",
    f"score BUNDLE COUNTY {AT} --out NEW.csv --policy": "NEW FOLDER FILE EMPTY",
    f"score BUNDLE COUNTY {AT} --out NEW.csv --skip-bad-rows": "NEW.txt EMPTY",
    f"score --out NEW.csv {AT}": "FILE FOLDER NEW EMPTY",
    "explain BUNDLE COUNTY H0000000 --as-of": "0001-01-01 9999-12-31 EMPTY",
    f"explain BUNDLE COUNTY {AT}": "NEW EMPTY",
    f"explain BUNDLE COUNTY H0000000 {AT} --svg": "FOLDER FILE/x.svg EMPTY",
    f"explain BUNDLE COUNTY H0000000 {AT} --png": "FOLDER FILE/x.png EMPTY",
    "report BUNDLE --out": "FOLDER FILE/x.html EMPTY",
    "report --out NEW.html": "FILE FOLDER NEW EMPTY",
    "compare BUNDLE": "FILE FOLDER NEW EMPTY",
    "compare BUNDLE BUNDLE --records": "FILE FOLDER NEW EMPTY",
    "release": "FILE FOLDER NEW EMPTY",
    "release --version": "-1 0 99 x",
    "release BUNDLE --key": "FILE FOLDER NEW EMPTY",
    "sign BUNDLE --key": "FILE FOLDER NEW EMPTY",
    "simulate NEW --households": "0 -5 x",
    "simulate NEW --months": "0 -1",
    "simulate NEW --seed": "-1 x",
    "simulate NEW --params": "NEW FILE FOLDER EMPTY",
    "simulate --households 10 --months 36": "FILE FILE/x EMPTY",
    "check": "FILE FOLDER NEW EMPTY",
    "partition COUNTY --out NEW --parts": "0 -1 x",
    "partition --out NEW --parts 2": "FILE FOLDER NEW EMPTY",
    "lists --out NEW": "FILE FOLDER NEW EMPTY",
    "template --out NEW.xlsx": "x EMPTY",
    "demo --no-serve --households": "0 -3 x",
    "demo --no-serve --seed": "-1",
    "demo --no-serve --households 300 --out": "FILE EMPTY",
}
CASES = [f"{command} {value}" for command, values in GRID.items() for value in values.split()]


@pytest.mark.parametrize("case", CASES)
def test_a_value_that_makes_no_sense_gives_an_error_and_writes_nothing(
    riskml: Run, bundle_path: Path, county: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.chdir(tmp_path)
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("text")
    folder.mkdir()
    (folder / "other.txt").write_text("text")
    words = {
        "COUNTY": county,
        "BUNDLE": bundle_path,
        "FILE": file,
        "FOLDER": folder,
        "NEW": tmp_path / "new",
        "EMPTY": "",
    }
    arguments = []
    for part in (f"{case} COUNTY" if case.startswith("score --out") else case).split():
        word = next((word for word in words if part.startswith(word)), None)
        arguments.append(part if word is None else f"{words[word]}{part.removeprefix(word)}")
    before = sorted(tmp_path.rglob("*"))
    ran = riskml(*arguments)
    assert ran.code in (1, 2)
    assert "Error" in ran.err or "fault(s)" in ran.out
    assert file.read_text() == "text"
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before and "mlflow" not in path.name] == []


def test_every_command_is_among_the_cases() -> None:
    assert {case.split()[0] for case in CASES} == {command.__name__ for command in COMMANDS}


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS, errno.ENAMETOOLONG, errno.EEXIST])
def test_the_reason_why_a_file_cannot_be_used_has_wording_in_both_languages(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(tmp_path / "x"))

    reason = explain_os_error(OSError(number, os.strerror(number)))
    assert str(reason) in load_chinese()
    with pytest.raises(UsageError, match=f"cannot be written: {reason}"):
        write_file(tmp_path / "out.csv", fail)
    with pytest.raises(SystemExit):
        run(fail)
    assert f"cannot be used: {reason}" in " ".join(capsys.readouterr().err.split())


def test_a_date_in_an_impossible_year_names_the_years() -> None:
    with pytest.raises(UsageError, match="--as-of is '0024-12-31'; the year must be from 1900 to 2199"):
        parse_day("0024-12-31", "--as-of")


def test_an_invisible_character_in_a_household_code_is_shown_and_the_right_code_suggested(
    riskml: Run, bundle_path: Path, county: Path
) -> None:
    for typed, shown in (("\ufeffH0000000", r"'\ufeffH0000000'"), ("H0000000\u3000", r"'H0000000\u3000'")):
        ran = riskml("explain", bundle_path, county, typed, "--as-of", "2022-12-31")
        assert ran.code == 1
        assert f"There is no household {shown}" in ran.err
        assert "did you mean 'H0000000'" in ran.err

"""Commands speak the language of the terminal, or the one that ``--lang`` names."""

import re
import shutil

import duckdb
import pytest

from riskml.records.contract.faults import Rule
from riskml.text import Text

ENGLISH = re.compile(r"[A-Za-z]{2,}[ ,]+[A-Za-z]{2,}[ ,]+[a-z]{2,}")
CODE = re.compile(r"`.*?`|'.*?'|/\S+|^用法.*$", re.MULTILINE)
CASES = {
    "no folder": ("features nowhere --as-of 2024-12-31 --out f.parquet", 1, "There is no records folder at nowhere."),
    "no bundle": ("report nowhere", 1, "There is no model bundle at nowhere."),
    "bad date": ("features {county} --as-of 2024-02-30 --out f.parquet", 1, "--as-of is '2024-02-30'"),
    "bad ending": (
        "score {bundle} {county} --as-of 2023-06-30 --out scores.txt",
        1,
        "unknown ending.",
    ),
    "bad setting": ("train {county} --out b --window 0", 1, "The window is 0 and must be a whole number"),
    "no policy": (
        "features {county} --as-of 2024-12-31 --out f.csv --policy no.yaml",
        1,
        "cannot be read: No such",
    ),
    "bad policy": ("features {county} --as-of 2024-12-31 --out f.parquet --policy {file}", 1, "must be a mapping"),
    "neither": ("release", 1, "Give either a bundle or a registered --version."),
    "no version": ("release --version 7", 1, "No version 7 of the model 'riskml'"),
    "unknown option": ("check nowhere --jsn", 2, "No such option: --jsn"),
    "missing argument": ("check", 2, "Missing argument 'records'."),
}


@pytest.fixture
def run(riskml, county, bundle_path, tmp_path, monkeypatch):
    """Return a function that runs a command line in an empty folder."""
    file = tmp_path / "file.yaml"
    file.write_text("text", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda words, *more: riskml(*words.format(county=county, bundle=bundle_path, file=file).split(), *more)


@pytest.mark.parametrize(("words", "code", "english"), CASES.values(), ids=CASES)
def test_errors_are_in_the_language_of_the_terminal(run, monkeypatch, words, code, english):
    ran = run(words)
    assert ran.code == code
    assert english in " ".join((ran.out + ran.err).split())
    assert not re.search("[一-鿿]", ran.err)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    ran = run(words)
    assert ran.code == code
    assert re.search("[一-鿿]", ran.out + ran.err)
    assert not ENGLISH.search(CODE.sub("", ran.out + ran.err)), ran.err


def test_the_option_names_the_language_before_or_after_the_command(run):
    for words in ("--lang zh report nowhere", "report nowhere --lang zh", "report nowhere --lang=zh"):
        assert "错误：nowhere 处没有模型包。" in run(words).err
    assert "Error: There is no model bundle" in run("--lang en report nowhere").err
    assert "错误：" in run("benchmark --lang zh ceiling nowhere nowhere nowhere").err


def test_the_option_overrides_the_terminal(run, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "Error: There is no model bundle" in run("report nowhere", "--lang", "en").err


def test_results_are_in_the_language_of_the_terminal(run, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    simulated = run("simulate small --households 60 --months 30 --seed 3")
    assert re.match(r"模拟县已写入 small：lines 14、", simulated.out)
    assert "12 个月内" in simulated.out
    written = run("features small --as-of 2025-12-31 --out f.parquet")
    assert re.match(r"\d+ 户、\d+ 个特征，研判日 2025-12-31：f.parquet", written.out)
    assert "晚于最后一次记录" in written.err
    checked = run("check small")
    assert "不能训练：" in " ".join(checked.out.split()) or "可以训练" in checked.out
    for ran in (simulated, written, checked):
        assert not ENGLISH.search(CODE.sub("", ran.out + ran.err))


def test_a_language_that_is_not_offered_gives_one_line_with_those_that_are(run):
    ran = run("check nowhere --lang de")
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == "Error: Invalid value for '--lang': 'de' is not one of 'zh', 'en'."


def test_commands_say_that_there_are_warnings_about_the_records(riskml, county, tmp_path):
    copy, homes = tmp_path / "copy", "households.parquet"
    shutil.copytree(county, copy)
    duckdb.sql(f"COPY (SELECT * REPLACE (400 AS size) FROM '{county / homes}') TO '{copy / homes}' (FORMAT parquet)")
    ran = riskml("features", copy, "--as-of", "2023-06-30", "--out", tmp_path / "f.parquet")
    assert ran.code == 0, ran.err
    assert f"warning(s) about the records; `riskml check {copy}` explains them." in ran.err


def test_the_place_of_a_finding_is_in_the_language_of_the_reader():
    rule = Rule("odd", "Odd", "异常", "Look.")
    unnamed = Text("column {number} without a name", number=1)
    assert rule.to_fault("income", unnamed, "odd").where.read("zh") == "income.第 1 列（无列名）"
    assert rule.to_fault("", "", "odd").where.read("zh") == "文件夹"

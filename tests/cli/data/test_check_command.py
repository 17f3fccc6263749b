"""``riskml check``: exit codes, and the output for people and for programs (JSON)."""

import json
import re

import pytest
from typer.testing import CliRunner

from riskml.cli.main import build_app
from riskml.errors import UsageError
from riskml.records.reading.folder import open_folder as real

HOUSEHOLDS = "household_id,region_code,size,kind\n0012,130529101001,3,exited\n0013,130529101001,2,ordinary\n"
INCOME = "household_id,period_start,months,source,amount\n0012,2023-01-01,1,wage,9000\n0013,2023-01-01,1,total,700.5\n"
LINES = "region_code,effective_from,amount\n13,2022-04-01,7300\n"


@pytest.fixture
def make(tmp_path):
    """Return a function that writes a valid records folder; an ``income`` table passed to it replaces the valid one."""

    def write(income=INCOME):
        for table, text in {"households": HOUSEHOLDS, "income": income, "lines": LINES}.items():
            (tmp_path / f"{table}.csv").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def run(*arguments):
    return CliRunner().invoke(build_app(), ["check", *map(str, arguments)])


def test_a_sound_folder_exits_with_0(make):
    result = run(make())
    assert result.exit_code == 0
    assert "Rows read: households 2, income 2, lines 1" in result.output
    assert "No faults and no warnings" in result.output


def test_warnings_exit_with_0(make):
    result = run(make(INCOME + INCOME.partition("\n")[2]))
    assert result.exit_code == 0
    assert "equal_rows" in result.output
    assert "0 fault(s) and 1 warning(s)" in result.output


def test_faults_exit_with_1_and_are_listed_with_advice(make):
    result = run(make(INCOME.replace("wage", "[red]wages[/]")))
    assert result.exit_code == 1
    assert "income.source" in result.output
    assert "unknown_code: Use the codes in data/README.md" in result.output
    assert "[red]wages[/]" in result.output.replace("\n", "").replace(" ", "")


def test_only_json_is_printed(make):
    result = run(make(INCOME.replace(",1,wage", ",0,wage")), "--json")
    assert result.exit_code == 1
    content = json.loads(result.output)
    assert [(fault["code"], fault["rows"]) for fault in content["faults"]] == [("below_minimum", [1])]


def test_a_sound_folder_gives_json_without_faults(make):
    result = run(make(), "--json")
    assert result.exit_code == 0
    report = json.loads(result.output)
    assert report.pop("training")
    assert re.search("[一-鿿]", report.pop("training_zh"))
    assert report == {
        "ok": True,
        "faults": [],
        "tables": {"households": 2, "income": 2, "lines": 1},
    }


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_missing_folder_is_reported_without_a_stack_trace(tmp_path, arguments):
    result = run(tmp_path / "nowhere", *arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "missing_folder" in result.output


def test_the_help_text_describes_the_command():
    result = run("--help")
    assert result.exit_code == 0
    assert "list every fault" in result.output


def test_checking_a_sound_folder_states_when_training_becomes_possible(make, county):
    short = "the records have 1 (2023-01 to 2023-01)"
    result = run(make())
    assert short in " ".join(result.output.split())
    assert "training is possible from 2025-12-31 on: `riskml train RECORDS --out BUNDLE`." in " ".join(
        result.output.split()
    )
    assert short in json.loads(run(make(), "--json").output)["training"]
    assert "Training is possible from 2022-12-31 on: `riskml train RECORDS --out BUNDLE`." in run(county).output


def test_the_tables_are_opened_once(make, monkeypatch):
    opened = []
    monkeypatch.setattr("riskml.records.checking.check.open_folder", lambda path: opened.append(path) or real(path))
    monkeypatch.setattr("riskml.records.panel.store.open_folder", lambda path: opened.append(path) or real(path))
    assert "possible" in run(make()).output
    assert len(opened) == 1


def test_known_warnings_are_counted_but_not_listed(make, tmp_path_factory, monkeypatch):
    twice = INCOME + INCOME.partition("\n")[2]
    known = tmp_path_factory.mktemp("known") / "known.json"
    known.write_text(run(make(twice), "--json").output, "utf-16")  # as some shells write it
    result = run(make(twice), "--known", known)
    assert result.exit_code == 0
    assert "equal_rows" not in result.output
    assert "No faults and no warnings" in result.output
    assert "1 known warning(s) left out." in " ".join(result.output.split())
    assert json.loads(run(make(twice), "--known", known, "--json").output)["known"] == 1
    more = run(make(twice + "0012,2023-01-01,1,wage,9000\n"), "--known", known)
    assert "0 fault(s) and 1 warning(s)" in more.output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "另有 1 处已知警告未列出。" in run(make(twice), "--known", known).output.replace("\n", "")


def test_known_faults_are_still_listed(make, tmp_path_factory):
    bad, known = INCOME.replace(",1,wage", ",0,wage"), tmp_path_factory.mktemp("known") / "known.json"
    known.write_text(run(make(bad), "--json").output, "utf-8")
    result = run(make(bad), "--known", known)
    assert result.exit_code == 1
    assert "1 fault(s) and 0 warning(s)" in result.output


def test_a_file_of_known_findings_that_is_not_a_report_is_refused(make, tmp_path_factory):
    other = tmp_path_factory.mktemp("known") / "known.json"
    for text in (
        "[]",
        "{}",
        "x",
        '{"faults": 3}',
        '{"faults": [{"table": 1, "column": null, "code": [], "count": "x"}]}',
    ):
        other.write_text(text)
        with pytest.raises(UsageError, match="does not hold the report"):
            CliRunner().invoke(build_app(), ["check", str(make()), "--known", str(other)], catch_exceptions=False)
    with pytest.raises(UsageError, match="cannot be read"):
        CliRunner().invoke(build_app(), ["check", str(make()), "--known", "absent.json"], catch_exceptions=False)

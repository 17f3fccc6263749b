"""The report that a check of records returns, the rules that it applies, and the rejection of folders with faults."""

import json
import re
from pathlib import Path

import pytest

from riskml.errors import RecordsError
from riskml.records.checking.check import check, refuse_faults
from riskml.records.contract.faults import CheckReport, Severity
from riskml.records.reading.rules import RULES

HERE = Path(__file__).parent


@pytest.fixture
def report(make):
    rows = make.rows("income")
    return check(make(income=[*rows, rows[0], rows[0] | {"months": 0}]))


def test_json_has_every_field_of_every_finding(report):
    content = json.loads(report.to_json())
    assert set(content) == {"ok", "faults", "tables"}
    assert content["ok"] is False
    assert content["tables"] == {"households": 2, "income": 4, "lines": 1}
    fault, warning = content["faults"]
    assert fault == {
        "table": "income",
        "column": "months",
        "code": "below_minimum",
        "severity": "fault",
        "count": 1,
        "rows": [4],
        "message": "1 row(s) have months below 1: '0'.",
        "what_to_do": "Correct the number; leave the cell empty where it is unknown.",
        "message_zh": "1 行的 months 小于 1：'0'。",
        "what_to_do_zh": "请更正数值；不清楚的留空。",
    }
    assert (warning["code"], warning["severity"]) == ("equal_rows", "warning")


def test_a_rejection_counts_faults_but_not_warnings(report):
    with pytest.raises(RecordsError, match=r"have 1 fault\(s\): income.months below_minimum \(1\)\.") as refused:
        refuse_faults(report)
    assert "--skip-bad-rows FILE" in refused.value.hint


def test_warnings_pass(report):
    assert not report.ok
    refuse_faults(CheckReport(report.path, report.warnings))


def test_an_empty_report_passes():
    refuse_faults(CheckReport("records"))


def test_at_most_five_rows_are_named(make):
    report = check(make(income=[make.rows("income", months=0, record_id=str(i))[0] for i in range(7)]))
    (fault,) = report.faults
    assert (fault.count, fault.rows) == (7, (1, 2, 3, 4, 5))


def test_codes_are_stable_and_distinct():
    codes = [rule.code for rule in RULES.values()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_every_rule_is_explained_in_both_languages_and_has_a_test(rule):
    assert rule.title[0].isupper()
    assert re.search(r"[一-鿿]", rule.zh)
    assert rule.what_to_do.endswith(".")
    assert rule.severity in Severity
    paths = [*HERE.glob("test_checking_[!r]*.py"), HERE / "test_checking_rows.py"]
    paths += (HERE.parent / "reading").glob("test_reading_*.py")
    tests = "".join(path.read_text(encoding="utf-8") for path in paths)
    assert f'"{rule.code}"' in tests

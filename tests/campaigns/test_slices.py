"""A report of `make machine` or `make fuzz` counts only slices in which nothing failed, and is continued."""

from __future__ import annotations

import json
import sys

from tests.campaigns.slices import main

SLICE = """
import json, os, sys
seed = int(os.environ["RISKML_SEED"])
with open(os.environ["RISKML_COUNTS"], "a") as file:
    file.write(json.dumps({"database": "sqlite", "count": int(os.environ["RISKML_MACHINE"])}) + chr(10))
print("slice", seed)
sys.exit(seed == 2)
"""


def test_a_report_is_continued_and_failed_slices_do_not_count(tmp_path, capsys):
    report, command = tmp_path / "build" / "machine.json", (sys.executable, "-c", SLICE)
    assert main("machine", 20, 10, report, *command) == 1  # the second of three slices failed
    slices = json.loads(report.read_text("utf-8"))
    assert [one["seed"] for one in slices] == [1, 2, 3]
    assert [one.get("failure", "")[:7] for one in slices] == ["", "slice 2", ""]
    assert "20 of 20 in 3 slices, 1 of them failed" in capsys.readouterr().out
    assert main("machine", 25, 10, report, *command) == 0
    slices = json.loads(report.read_text("utf-8"))
    assert [one["seed"] for one in slices] == [1, 2, 3, 4]
    assert len(slices[0]["commit"].split()[0]) == 40
    assert slices[0]["done"] == [{"database": "sqlite", "count": 10}]


def test_a_slice_that_reports_nothing_has_failed(tmp_path):
    report = tmp_path / "fuzz.json"
    assert main("fuzz", 20, 10, report, sys.executable, "-c", "") == 1
    assert all("failure" in one for one in json.loads(report.read_text("utf-8")))

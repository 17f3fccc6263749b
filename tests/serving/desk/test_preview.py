"""The preview shows what the import will bring."""

from __future__ import annotations

import pytest
from tests.serving.desk.conftest import BILLS, COUNTY, FIRST, NAMES, make_bill, make_number, write_csv
from typer.testing import CliRunner

from riskml_serving.commands.cli import app
from riskml_serving.desk import work

BIG = write_csv(BILLS, [make_bill("B-1", "2024-05-09", 180_000, 90_000)])
WATER = write_csv(
    ("姓名", "身份证号", "乡镇", "行政村", "饮水是否安全", "排查日期"),
    [(NAMES["A-1"], make_number("A-1"), "青石镇", "新民村", "否", "2024-05-20")],
)


@pytest.mark.parametrize(
    "files",
    [{"医保5月住院.csv": BIG}, {"饮水安全排查.csv": WATER}, {"医保5月住院.csv": BIG, "饮水安全排查.csv": WATER}],
    ids=["bill", "water", "both"],
)
def test_the_preview_foresees_what_the_import_brings(desk, files, monkeypatch):
    seen, known, judge, judge_range = {}, {}, work.preview.judge, work.preview.judge_range

    def keep(*values):
        seen.update(judge(*values))
        return dict(seen)

    def keep_known(model, tables, *values, **more):
        known.update({row["household_id"]: row["known_tables"] for row in tables["register"].to_pylist()})
        return judge_range(model, tables, *values, **more)

    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    monkeypatch.setattr(work.preview, "judge", keep)
    monkeypatch.setattr(work.preview, "judge_range", keep_known)
    desk.import_lists(files, "2024-06-05")
    assert len(seen) == len(files)
    query = "SELECT household_id, status, signal, rule_signal, rule_flags, probability, tier FROM current_scores"
    stored = {code: tuple(values) for code, *values in desk.read(query) if code in seen}
    assert {code: tuple(score.values()) for code, score in seen.items()} == stored
    registered = desk.read("SELECT household_id, known_tables FROM households")
    assert known == {code: names for code, names in registered if code in known}, "absent: known to be none"


def test_an_import_without_a_preview_judges_each_household_once_and_names_the_same_new_warnings(
    desk, tmp_path, monkeypatch
):
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    for name, value in desk.settings.to_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(work.preview, "judge", lambda *_: pytest.fail("the import judges the households anyway"))
    lists = tmp_path / "医保5月住院.csv"
    lists.write_bytes(BIG)
    done = CliRunner().invoke(app, ["lists", str(lists), "--region", COUNTY])
    assert done.exit_code == 0, done.output
    [(number,)] = desk.read("SELECT delivery_id FROM deliveries ORDER BY created_at DESC LIMIT 1")
    _, _, risen = desk.client.get(f"/lists/delivery?id={number}").text.partition("本月新增预警")
    assert lists.name in risen, "a new warning names its list"


def test_new_warnings_of_households_in_monitoring_are_told_from_those_on_the_work_list():
    score = {"signal": 2, "rule_signal": 2, "rule_flags": "medical_burden", "probability": None, "tier": None}
    after = {"a": {**score, "status": "at_risk"}, "b": {**score, "status": "monitored"}}
    risen = work.preview.compare({}, after, {})
    assert [(row["household_id"], row["monitored"]) for row in risen] == [("a", False), ("b", True)]


def test_an_answer_is_kept_by_the_button_that_goes_on_to_the_preview(desk):
    doubtful = write_csv(BILLS, [make_bill("B-1", "2024-05-09", 5_000, 2_000, name="吴南山")])
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    desk.upload({"医保5月住院.csv": doubtful}, "2024-06-05")
    desk.work()
    assert 'name="next" value="preview"' in desk.open("questions").text
    desk.post("/lists/answers", answer0="B-1", next="preview")
    desk.work()
    assert desk.step == "preview"
    assert "没有需要核对的人员" in desk.open("questions").text
    assert "<dt>就医</dt><dd>1</dd>" in desk.open("preview").text, "the row counts for the person who was chosen"

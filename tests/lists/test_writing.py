"""The file that says how columns were interpreted."""

from __future__ import annotations

from riskml.lists.reading.sheets import Column, Sheet
from riskml.lists.writing import write_columns


def test_of_several_tables_on_a_sheet_the_first_that_recognises_a_column_decides(tmp_path):
    first = [Column(1, "姓名", "name", "synonym"), Column(2, "金额", "help.amount", "synonym"), Column(3, "说明")]
    second = [Column(1, "户主", "head_name", "synonym"), Column(2, "村"), Column(3, "发放日期", "help.started_on")]
    write_columns(tmp_path / "c.csv", [Sheet("a.xlsx", "s", columns=own) for own in (first, second)])
    lines = (tmp_path / "c.csv").read_text("utf-8-sig").splitlines()[1:]
    assert [line.split(",")[2:5] for line in lines] == [
        ["1", "姓名", "name"],
        ["2", "金额", "help.amount"],
        ["3", "发放日期", "help.started_on"],
    ]


def test_facts_about_property_are_other_since_they_become_no_record(tmp_path):
    columns = [Column(1, "姓名", "name", "synonym"), Column(2, "车牌号", "fact.what", "synonym")]
    write_columns(tmp_path / "c.csv", [Sheet("a.xlsx", "s", columns=columns)])
    lines = (tmp_path / "c.csv").read_text("utf-8-sig").splitlines()[1:]
    assert [line.split(",")[4] for line in lines] == ["name", "other"]


def test_a_departments_header_is_never_a_formula(tmp_path):
    write_columns(tmp_path / "c.csv", [Sheet("a.xlsx", "s", columns=[Column(1, "=1+1")])])
    assert (tmp_path / "c.csv").read_text("utf-8-sig").splitlines()[1].split(",")[3] == "'=1+1"

"""A CSV file with two tables goes back as one sheet with both."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from riskml.lists.outcomes import RowOutcome
from riskml.lists.reading.headers import read_headers
from riskml.lists.reading.read import read_list
from riskml.lists.returning import name_copy, return_list


def test_tables_below_one_another_go_back_on_one_sheet(tmp_path):
    path = tmp_path / "户籍变动.csv"
    tables = "姓名,户籍地址,死亡日期\n甲某,下河村,2024-05-02\n姓名,户籍地址,迁出日期\n乙某,下河村,2024-05-03\n"
    path.write_text(tables, encoding="utf-8")
    sheets = read_list(path, read_headers())
    assert [sheet.topic for sheet in sheets] == ["death", "departure"]
    rows = [RowOutcome(path.name, "", row.number, "taken", "") for sheet in sheets for row in sheet.rows]
    book = load_workbook(return_list(path, sheets, rows, tmp_path / "returned" / "copy.xlsx", "zh"))
    assert len(book.worksheets) == 1
    assert [row[0] for row in book.worksheets[0].values] == ["姓名", "甲某", "姓名", "乙某"]


def test_tables_side_by_side_go_back_with_a_column_each(tmp_path):
    path = tmp_path / "2024年8月低保.csv"
    path.write_text("姓名,月保障金额,姓名,月保障金额\n甲某,300,乙某,400\n丙某,500,,\n", encoding="utf-8")
    sheets = read_list(path, read_headers())
    rows = [RowOutcome(path.name, "", row.number, "taken") for sheet in sheets for row in sheet.rows]
    rows[-1].outcome = "stranger"
    book = load_workbook(return_list(path, sheets, rows, tmp_path / "returned" / "copy.xlsx", "zh"))
    assert [row[4:] for row in book.worksheets[0].values] == [
        ("处理结果", None),
        ("已采用", "不在册"),
        ("已采用", None),
    ]


def test_lists_with_one_stem_have_copies_of_their_own():
    paths = [Path(name) for name in ("a.csv", "a.xlsx", "A.xls", "b.csv")]
    assert [name_copy(path, paths) for path in paths] == ["a.csv.xlsx", "a.xlsx", "A.xls.xlsx", "b.xlsx"]


def test_a_copy_can_be_read_only_by_its_owner(tmp_path):
    path, copy = tmp_path / "低保.csv", tmp_path / "returned" / "低保.xlsx"
    path.write_text("姓名,月保障金额\n甲某,300\n", encoding="utf-8")
    copy.parent.mkdir()
    copy.touch(mode=0o644)
    sheets = read_list(path, read_headers())
    rows = [RowOutcome(path.name, "", row.number, "taken") for sheet in sheets for row in sheet.rows]
    assert return_list(path, sheets, rows, copy, "zh").stat().st_mode & 0o777 == 0o600

"""The cells of workbooks and CSV files are read unchanged, with their types, and hidden rows are known."""

from __future__ import annotations

import re
from datetime import date, datetime, time

import pytest

from riskml.errors import UsageError
from riskml.lists.reading.grids import read_grids


def test_cells_keep_their_types_and_numbers_every_digit(save):
    row = [
        "姓名",
        1,
        2.5,
        9.90123198503122e17,
        True,
        date(2024, 3, 5),
        datetime(2024, 3, 5, 8, 30),
        time(8),
        "  ",
        None,
    ]
    (grid,) = read_grids(save([row, ["end"]]))
    (cells, _) = grid.rows
    assert cells == [
        "姓名",
        1,
        2.5,
        9.90123198503122e17,
        True,
        date(2024, 3, 5),
        datetime(2024, 3, 5, 8, 30),
        "08:00:00",
    ]
    assert [type(cell) for cell in cells[1:5]] == [int, float, float, bool]


def test_rows_and_columns_that_are_empty_count_from_the_first(save):
    (grid,) = read_grids(save([[], [None, "a"], [], ["b"], []]))
    assert grid.rows == [[None, None], [None, "a"], [None, None], ["b", None]]


def test_hidden_sheets_and_rows_and_merged_cells_are_known(save):
    def hide(page):
        page.sheet_state = "hidden" if page.title == "a & b" else "visible"
        page.row_dimensions[2].hidden = True
        page.column_dimensions["C"].hidden = True

    rows = [["a", "b", "c"], [1, 2, 3]]
    _, grid = read_grids(save({"now": rows, "a & b": rows}, merge=["A1:A2"], change=hide))
    assert (grid.hidden, grid.hidden_rows) == (True, {1})
    assert grid.merges == [(0, 0, 1, 0)]


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("gb18030", ","), ("gb18030", "\t"), ("utf-16", "\t")],
)
def test_csv_files_of_every_spreadsheet_are_read(save_csv, encoding, delimiter):
    path = save_csv([["姓名", "住址"], [], ["甲某", "1组,2号\n东边"]], encoding=encoding, delimiter=delimiter)
    (grid,) = read_grids(path)
    assert (grid.name, grid.rows) == ("", [["姓名", "住址"], [None, None], ["甲某", "1组,2号\n东边"]])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", b"<html>", "a.xlsx is not a workbook that can be read.\nOpen it in Excel"),
        ("a.xls", b"", "a.xls is not a workbook"),
        ("a.csv", b"\xff\x80", "a.csv is not a CSV file in UTF-8 or GB18030"),
        ("none.xlsx", None, "none.xlsx cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_to_do(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(message)) as raised:
        read_grids(path)
    assert (str(tmp_path) in str(raised.value)) == (content is None), "a received file lies in a folder of the service"

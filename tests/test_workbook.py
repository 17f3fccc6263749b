"""The command line and the service write workbooks with the same function, and no text in them is ever a formula."""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from riskml.cli.output import write_table
from riskml.workbook import Percent, write_workbook
from riskml_serving.web.shell.export import respond_with_workbook

NOTICES = ["仅供研判参考", "", "=1+1"]
HEADER = ["=HYPERLINK(1)", "n", "day"]
DAY = dt.date(2024, 1, 31)
ROWS = [
    ("=1+1", -1.5, DAY),
    ("@SUM(1)", 2.0, None),
    (" +1", float("nan"), None),
    ("-3 户", 0.0, None),
    ("\t=1", 1.0, None),
    ("a\x00b", 1.0, None),
    ("东沟村", 1.0, None),
    (None, 1.0, None),
]


def write_by_command(tmp_path):
    frame = pd.DataFrame(ROWS, columns=HEADER)
    write_table(tmp_path / "scores.xlsx", frame, lambda: ("scores", HEADER, ROWS), NOTICES)
    return (tmp_path / "scores.xlsx").read_bytes()


def write_by_service(_):
    return respond_with_workbook([("scores", HEADER, ROWS)], NOTICES, "scores.xlsx").body


@pytest.mark.parametrize("write", [write_by_command, write_by_service])
def test_text_is_never_a_formula_even_if_the_sheet_is_saved_as_csv_and_opened_again(write, tmp_path):
    sheet = load_workbook(io.BytesIO(write(tmp_path)))["scores"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not [text for text in texts if text.lstrip()[:1] in tuple("=+-@")]
    assert {text for text in texts if text[0] == "'"} == {
        "'=HYPERLINK(1)", "'=1+1", "'@SUM(1)", "' +1", "'-3 户", "'\t=1"
    }  # fmt: skip
    assert sheet["A8"].value == "ab"


@pytest.mark.parametrize("write", [write_by_command, write_by_service])
def test_notices_come_first_and_numbers_and_dates_stay_what_they_are(write, tmp_path):
    notice, header, first, *_, last = load_workbook(io.BytesIO(write(tmp_path)))["scores"].values
    assert notice[0] == "仅供研判参考 · =1+1"
    assert header[1:] == ("n", "day")
    assert first[1:] == (-1.5, dt.datetime(2024, 1, 31))
    assert last == (None, 1.0, None)


def test_a_workbook_may_have_several_sheets_with_long_titles():
    file = io.BytesIO()
    write_workbook(file, [("一" * 40, ["a"], []), ("b", ["a"], [])], ["notice"])
    assert load_workbook(file).sheetnames == ["一" * 31, "b"]


def test_codes_stay_text_shares_are_percentages_and_columns_are_wide_enough_to_read():
    file = io.BytesIO()
    rows = [("990101101000003", Percent(0.123), "东沟村\n第一行比第二行长"), ("x" * 300, Percent(0), None)]
    write_workbook(file, [("s", ["户码", "概率", "说明"], rows)], ["notice"])
    sheet = load_workbook(file).active
    code, share, text = sheet[3]
    assert (code.value, code.data_type, code.number_format) == ("990101101000003", "s", "@")
    assert (share.value, share.number_format) == (0.123, "0.0%")
    assert text.alignment.wrap_text
    assert sheet.freeze_panes == "A3"
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [60, 14, 18]


READ_AGAIN = {
    "riskml/lists/persons/register.py": "the register of persons, which is read again",
    "riskml/records/checking/aside.py": "every row is one JSON text",
    "riskml/simulation/lists/files.py": "lists as departments send them",
    "riskml/simulation/lists/write.py": "a made-up register, which is read again",
    "riskml_serving/commands/demo/county.py": "made-up names of regions, which are read again",
    "riskml_serving/judging/importing/repository.py": "rows on their way into PostgreSQL",
}


def test_whatever_else_writes_csv_files_for_people_escapes_formulas():
    root, writes = Path(__file__).parents[1], r"csv\.(\w*[wW]riter|write_csv)|\.to_csv|FORMAT csv, HEADER true"
    code = {path: path.read_text("utf-8") for top in ("src", "serving") for path in (root / top).rglob("*.py")}
    writers = [path for path, text in code.items() if re.search(writes, text)]
    bare = {path.relative_to(root).as_posix().partition("/")[2] for path in writers if "escape_text" not in code[path]}
    assert bare == READ_AGAIN.keys()

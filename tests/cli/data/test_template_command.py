"""``riskml template`` writes empty lists that `riskml lists` reads without confirmation."""

from __future__ import annotations

import pytest
from openpyxl import load_workbook

from riskml.lists.reading.headers import read_headers
from riskml.lists.reading.read import read_list

HEADERS = read_headers()
DEPARTMENTS = sorted({topic.department for topic in HEADERS.topics.values()} - {""})
EXAMPLES = {
    **dict.fromkeys(("name", "head_name"), "上官文武"),
    **dict.fromkeys(("id_number", "head_id"), "990777197001020113"),
    "town": "云岭镇",
    "village": "石桥村",
    "relation": "户主",
}


def fill(sheet):
    """Write two rows of plausible values below the header."""
    for column in sheet.iter_cols(max_row=1):
        header, letter = column[0].value, column[0].column_letter
        for row in (2, 3):
            choice = next((c for c in sheet.data_validations.dataValidation if f"{letter}2" in str(c.sqref)), None)
            meaning = HEADERS.find("", [header])
            value = EXAMPLES.get(meaning.field) if meaning else None
            if choice:
                value = choice.formula1.strip('"').split(",")[0]
            elif value is None:
                value = "2024-03-05" if header.endswith(("时间", "日期", "月", "周期", "月份")) else 1200 + row
            sheet[f"{letter}{row}"] = value


@pytest.mark.parametrize("department", DEPARTMENTS)
def test_every_column_of_a_template_is_understood(riskml, tmp_path, department):
    path = tmp_path / "list.xlsx"
    assert riskml("template", department, "--out", path).code == 0
    book = load_workbook(path)
    filled = book.worksheets
    for sheet in filled:
        fill(sheet)
    book.save(path)
    read = read_list(path, HEADERS)
    assert [sheet.department for sheet in read] == [department] * len(filled)
    assert len({sheet.topic for sheet in read}) == len(filled)
    for sheet in read:
        assert [column.header for column in sheet.columns if column.field == "other" or not column.how] == []


def test_an_unknown_department_is_refused_with_all_names(riskml, tmp_path):
    ran = riskml("template", "post", "--out", tmp_path / "list.xlsx")
    assert ran.code == 1
    assert ", ".join(DEPARTMENTS) in " ".join(ran.err.split())
    assert riskml("template", "medical", "--out", tmp_path / "list.csv").code == 1

"""Lists from departments, invented by the tests: ID numbers begin with 99, the code of a region that does not exist."""

from __future__ import annotations

import csv

import pytest
from openpyxl import Workbook

from riskml.lists.persons.villages import Village, Villages
from riskml.lists.reading.headers import read_headers
from riskml.lists.reading.read import read_list

NAMES = [("东沟镇", "下河村"), ("东沟镇", "老庄村"), ("西山乡", "下河村"), ("西山乡", "梁家坪村")]


@pytest.fixture(scope="session")
def headers():
    return read_headers()


@pytest.fixture(scope="session")
def villages():
    return Villages(Village(f"99012310{i}20{i}", town, name) for i, (town, name) in enumerate(NAMES, 1))


@pytest.fixture
def save(tmp_path):
    """Save rows as a workbook: sheets by name, with merged cells and other changes to make."""

    def save(rows, name="list.xlsx", sheet="Sheet1", merge=(), change=None):
        sheets = rows if isinstance(rows, dict) else {sheet: rows}
        book = Workbook()
        book.remove(book.active)
        for title, own in sheets.items():
            page = book.create_sheet(title)
            for row in own:
                page.append(row)
            for cells in merge:
                page.merge_cells(cells)
            if change:
                change(page)
        book.save(tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def save_csv(tmp_path):
    def save(rows, name="list.csv", encoding="utf-8", delimiter=","):
        with (tmp_path / name).open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
        return tmp_path / name

    return save


@pytest.fixture
def read(save, headers, villages):
    """Read rows back from a workbook: its only sheet, or all sheets."""

    def read(rows, *, known=villages, **options):
        sheets = read_list(save(rows, **options), headers, known)
        return sheets if isinstance(rows, dict) or len(sheets) > 1 else sheets[0]

    return read


@pytest.fixture(scope="session")
def list_fields():
    return lambda sheet: [column.field for column in sheet.columns]


@pytest.fixture(scope="session")
def list_kinds():
    return lambda sheet: [row.kind for row in sheet.rows]

"""How cells of records are converted from Parquet types and CSV texts to the declared types."""

import datetime as dt

import duckdb
import pandas as pd
import pytest

from riskml.records.contract.schema import Kind
from riskml.records.reading.cell_sql import convert_attribute, convert_cell
from riskml.records.reading.folder import open_folder


def cast(kind, value, sql_type, *, text=False):
    cell = convert_cell("x", kind, sql_type, text=text)
    if cell.wrong:
        return "wrong"
    query = f"SELECT {cell.value}, {cell.raw or 'NULL'} FROM (SELECT {value}::{sql_type} AS x)"
    return duckdb.connect().execute(query).fetchall()[0]


DAY = dt.date(2023, 1, 5)


@pytest.mark.parametrize(
    ("kind", "value", "sql_type", "expected"),
    [
        (Kind.TEXT, "'0012'", "VARCHAR", ("0012", None)),
        (Kind.TEXT, "''", "VARCHAR", (None, None)),
        (Kind.TEXT, "12", "BIGINT", "wrong"),
        (Kind.TEXT, "12", "DOUBLE", "wrong"),
        (Kind.REGION, "13", "INTEGER", "wrong"),
        (Kind.CODE, "'a'", "ENUM('a')", ("a", None)),
        (Kind.DATE, "'2023-01-05'", "DATE", (DAY, None)),
        (Kind.DATE, "'2023-01-05 13:00'", "TIMESTAMP", (DAY, None)),
        (Kind.DATE, "'2023-01-05'", "TIMESTAMP_NS", (DAY, None)),
        # When it is the evening of the fourth in Greenwich, it is the morning of the fifth in Shanghai.
        (Kind.DATE, "'2023-01-04 20:00+00'", "TIMESTAMPTZ", (DAY, None)),
        (Kind.DATE, "'2023/1/5'", "VARCHAR", (DAY, None)),
        (Kind.DATE, "20230105", "INTEGER", "wrong"),
        (Kind.MONTH_START, "'x'", "VARCHAR", (None, "x")),
        (Kind.COUNT, "3", "BIGINT", (3, None)),
        (Kind.COUNT, "3", "UTINYINT", (3, None)),
        (Kind.COUNT, "3", "DOUBLE", (3, None)),
        (Kind.COUNT, "3.5", "DOUBLE", (None, "3.5")),
        (Kind.COUNT, "'nan'", "DOUBLE", (None, "nan")),
        (Kind.COUNT, "3000000000", "BIGINT", (None, "3000000000")),
        (Kind.COUNT, "'3'", "VARCHAR", "wrong"),
        (Kind.AMOUNT, "2.5", "DECIMAL(9,2)", (2.5, None)),
        (Kind.AMOUNT, "2", "SMALLINT", (2.0, None)),
        (Kind.AMOUNT, "'2'", "VARCHAR", "wrong"),
        (Kind.AMOUNT, "true", "BOOLEAN", "wrong"),
        (Kind.FLAG, "true", "BOOLEAN", (True, None)),
        (Kind.FLAG, "0", "BIGINT", (False, None)),
        (Kind.FLAG, "2", "BIGINT", (None, "2")),
        (Kind.FLAG, "'true'", "VARCHAR", "wrong"),
        (Kind.TEXT, "[1]", "INTEGER[]", "wrong"),
    ],
)
def test_parquet_types_are_checked(kind, value, sql_type, expected):
    described = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}.get(sql_type, sql_type)
    cell = convert_cell("x", kind, described)
    if expected == "wrong":
        assert cell.wrong
        return
    query = f"SELECT {cell.value}, {cell.raw or 'NULL'} FROM (SELECT {value}::{sql_type} AS x)"
    assert duckdb.connect().execute(query).fetchall() == [expected]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (Kind.DATE, "2023-1-5", (DAY, None)),
        (Kind.DATE, " 2023/01/05 ", (DAY, None)),
        (Kind.DATE, "2023-02-30", (None, "2023-02-30")),
        (Kind.DATE, "2023-1/5", (None, "2023-1/5")),
        (Kind.DATE, "20230105", (None, "20230105")),
        (Kind.DATE, "5.1.2023", (None, "5.1.2023")),
        (Kind.DATE, "infinity", (None, "infinity")),
        (Kind.DATE, "", (None, None)),
        (Kind.COUNT, "3", (3, None)),
        (Kind.COUNT, "3.0", (3, None)),
        (Kind.COUNT, "3.5", (None, "3.5")),
        (Kind.COUNT, "99999999999", (None, "99999999999")),
        (Kind.AMOUNT, " -1.5e3 ", (-1500.0, None)),
        (Kind.AMOUNT, "+.5", (0.5, None)),
        (Kind.AMOUNT, "1,000", (None, "1,000")),
        (Kind.AMOUNT, "1_000", (None, "1_000")),
        (Kind.AMOUNT, "0x10", (None, "0x10")),
        (Kind.AMOUNT, "nan", (None, "nan")),
        (Kind.AMOUNT, "inf", (None, "inf")),
        (Kind.AMOUNT, "五百", (None, "五百")),
        (Kind.FLAG, "TRUE", (True, None)),
        (Kind.FLAG, "0", (False, None)),
        (Kind.FLAG, "maybe", (None, "maybe")),
        (Kind.TEXT, " 0012", (" 0012", None)),
    ],
)
def test_csv_texts_are_parsed(kind, text, expected):
    assert cast(kind, f"'{text}'", "VARCHAR", text=True) == expected


def test_a_column_without_values_fits_every_type(make):
    folder = make()
    frame = pd.DataFrame(make.rows("income")).assign(record_id=None, recorded_on=None, months=None)
    frame.to_parquet(folder / "income.parquet")
    with open_folder(folder) as opened:
        assert opened.faults == []
        assert opened.connection.execute(
            f"SELECT DISTINCT record_id, recorded_on, months FROM {opened.get_view('income')}"
        ).fetchall() == [(None, None, 1)]


def read_attributes(folder):
    with open_folder(folder) as opened:
        names = ", ".join(f'"attribute {name}"' for name in opened.attributes)
        query = f"SELECT {names} FROM {opened.get_view('households')} ORDER BY household_id"
        return opened.attributes, opened.connection.execute(query).fetchall()


def test_csv_attributes_are_numbers_unless_a_cell_is_a_code(make):
    text = (
        "household_id,region_code,size,land,village_no,crop,账号,none,ratio\n"
        "0012,13,3,4.5,007,maize,12345678901234567890,,1e-1\n"
        "0013,13,3,,12,,2,,-0.5\n"
    )
    kinds, rows = read_attributes(make.csv(households=text))
    assert kinds == {
        "land": "number",
        "village_no": "text",
        "crop": "text",
        "账号": "text",
        "none": "number",
        "ratio": "number",
    }
    assert rows == [
        (4.5, "007", "maize", "12345678901234567890", None, 0.1),
        (None, "12", None, "2", None, -0.5),
    ]


def test_parquet_attributes_keep_their_type(make):
    rows = make.rows("households", land=3, crop="maize", no="12", insured=True, value=float("nan"))
    rows[1] |= {"value": 2.0}
    kinds, values = read_attributes(make(households=rows))
    assert kinds == {"land": "number", "crop": "text", "no": "text", "insured": "text", "value": "number"}
    assert values == [(3.0, "maize", "12", "true", None), (None, None, None, None, 2.0)]


def test_nested_attributes_are_rejected():
    assert convert_attribute("x", "INTEGER[]", "text").wrong
    assert convert_attribute("x", "STRUCT(a INTEGER)", "text").wrong

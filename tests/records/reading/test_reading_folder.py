"""Opening a records folder: every table becomes the same typed view, whatever its file format."""

import datetime as dt
import os

import duckdb
import pytest

from riskml.errors import RecordsError
from riskml.records.contract.schema import TABLES
from riskml.records.reading import cell_sql
from riskml.records.reading.cell_sql import SQL_TYPES
from riskml.records.reading.folder import open_folder


def fetch(folder, table, columns="*"):
    return folder.connection.execute(f"SELECT {columns} FROM {folder.get_view(table)} ORDER BY ALL").fetchall()


def make_all_tables(make):
    day = dt.date(2023, 1, 5)
    home = {"household_id": "0012"}
    return {
        "members": [home | {"member_id": "01", "birth_year": 1960, "sex": "f", "left_on": None}],
        "illness": [home | {"occurred_on": day, "kind": "inpatient", "cost": 100.0, "self_paid": 20.0}],
        "disaster": [{"region_code": "1305", "occurred_on": day, "kind": "flood", "household_id": None}],
        "events": [home | {"occurred_on": day, "kind": "visit", "channel": "hotline", "record_id": "7"}],
        "help": [home | {"started_on": day, "measure": "低保", "emergency": True, "ended_on": None}],
        "monitoring": [home | {"category": "borderline", "entered_on": day, "causes": "illness;work"}],
    }


@pytest.mark.parametrize("form", ["parquet", "csv", "parts"])
def test_every_table_has_every_declared_column_in_order_with_its_type(make, form):
    with open_folder(make(form, **make_all_tables(make))) as folder:
        assert folder.faults == []
        assert folder.tables == list(TABLES)
        for name, table in TABLES.items():
            described = folder.connection.execute(f"DESCRIBE {folder.get_view(name)}").fetchall()
            assert [(row[0], row[1]) for row in described] == [(c.name, SQL_TYPES[c.kind]) for c in table.columns]


def test_all_file_formats_hold_the_same_rows(make):
    tables = make_all_tables(make)
    opened = [open_folder(make(form, **tables)) for form in ("parquet", "csv", "parts")]
    for name in TABLES:
        first, *others = (fetch(folder, name) for folder in opened)
        assert first
        assert all(rows == first for rows in others)
    assert len({folder.fingerprint() for folder in opened}) == 1


def test_absent_columns_are_null_and_defaults_are_filled_in(make):
    with open_folder(make(**make_all_tables(make))) as folder:
        assert fetch(folder, "income", "DISTINCT months, recorded_on, record_id") == [(1, None, None)]
        assert fetch(folder, "illness", "visits, withdrawn") == [(1, None)]


def test_parquet_files_are_never_copied(make):
    with open_folder(make("parts")) as folder:
        folder.fingerprint()
        assert folder.connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_an_absent_table_is_not_an_empty_one(make):
    absent, empty = make(), make()
    make.write_table(empty, "disaster", [])
    with open_folder(absent) as folder, open_folder(empty) as other:
        assert not folder.has("disaster")
        assert other.has("disaster")
        assert other.count_rows("disaster") == 0
        assert folder.fingerprint() != other.fingerprint()
        with pytest.raises(RecordsError, match="no readable table 'disaster'"):
            folder.get_view("disaster")


def test_a_missing_records_folder_is_an_error(tmp_path):
    with pytest.raises(RecordsError, match="no records folder at"):
        open_folder(tmp_path / "nowhere")


def test_closing_frees_the_connection(make):
    with open_folder(make()) as folder:
        pass
    with pytest.raises(duckdb.Error):
        folder.connection.execute("SELECT 1")


def test_closing_frees_what_was_loaded(make):
    def measure():
        query = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
        return cell_sql.connect().execute(query).fetchall()

    before = measure()
    with open_folder(make("csv")) as folder:
        assert folder.connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() != [(0,)]
        assert measure() > before
        assert cell_sql.connect().execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    assert measure() == before


def test_a_duckdb_that_an_error_has_made_unusable_is_replaced(make):
    cell_sql._start(os.getpid()).close()
    with open_folder(make()) as folder:
        assert folder.count_rows("income") == 2


def test_parts_may_differ_in_columns_and_types(make):
    folder = make()
    (folder / "income.parquet").unlink()
    one, two = make.rows("income")
    (folder / "income").mkdir()
    connection = duckdb.connect()
    for name, row, extra in (("a", one, "3::BIGINT AS months"), ("b", two, "'R1' AS record_id")):
        connection.execute(
            f"COPY (SELECT '{row['household_id']}' AS household_id, {extra}, '{row['source']}' AS source, "
            f"5::DECIMAL(9, 2) AS amount, TIMESTAMP '2023-01-01' AS period_start) "
            f"TO '{folder / 'income' / name}.parquet'"
        )
    (folder / "income" / "_SUCCESS").touch()
    with open_folder(folder) as opened:
        assert [fault.code for fault in opened.faults] == ["passed_over_file"]
        start = dt.date(2023, 1, 1)
        assert fetch(opened, "income") == [
            ("0012", start, 3, "wage", 5.0, None, None, None, None),
            ("0013", start, 1, "total", 5.0, None, None, None, "R1"),
        ]


def test_file_names_may_contain_brackets_and_quotes(make):
    folder = make("parts")
    (folder / "income" / "part-0.parquet").rename(folder / "income" / "it's [0]*.parquet")
    with open_folder(folder) as opened:
        assert opened.faults == []
        assert opened.count_rows("income") == 2


def test_repeated_records_are_searched_for_again_after_rows_are_left_out(make):
    rows = [
        row | {"record_id": "R", "recorded_on": dt.date(2024, 1, 1 + i)} for i, row in enumerate(make.rows("income"))
    ]
    with open_folder(make(income=[*rows, rows[0] | {"record_id": "S"}])) as folder:
        name = folder.find_repeated_records("income")
        assert folder.connection.execute(f"SELECT * FROM {name}").fetchall() == [("R",)]
        folder.connection.execute("""CREATE TEMP TABLE bad AS SELECT '' AS "#file", 1::BIGINT AS "#row" """)
        folder.leave_out("income", "bad")
        assert folder.count_rows("income") == 2
        assert folder.connection.execute(f"SELECT * FROM {folder.find_repeated_records('income')}").fetchall() == []

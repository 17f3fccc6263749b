"""Faults in the folders, files and columns of records: each gives one finding with its own code, never a crash."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskml.errors import RecordsError
from riskml.records.checking.check import check, check_folder
from riskml.records.reading.folder import open_folder


def list_faults(folder):
    return [(fault.table, fault.column, fault.code, fault.count) for fault in check(folder).faults]


def test_a_sound_folder_has_no_faults(make):
    report = check(make())
    assert report.ok
    assert report.faults == ()
    assert report.tables == {"households": 2, "income": 2, "lines": 1}


def test_missing_folder(tmp_path):
    assert list_faults(tmp_path / "nowhere") == [("", "", "missing_folder", 1)]
    (tmp_path / "file").touch()
    assert list_faults(tmp_path / "file") == [("", "", "missing_folder", 1)]


def test_missing_table(make):
    folder = make()
    for name in ("households", "income", "lines"):
        (folder / f"{name}.parquet").unlink()
    expected = [(name, "", "missing_table", 1) for name in ("households", "income", "lines")]
    assert list_faults(folder) == expected


@pytest.mark.parametrize("second", ["csv", "parts"])
def test_both_forms(make, second):
    folder = make()
    make.write_table(folder, "lines", make.rows("lines"), second)
    (fault,) = check(folder).faults
    assert (fault.table, fault.code) == ("lines", "both_forms")
    assert "lines.parquet" in fault.message


def test_tables_that_lie_one_folder_deeper(make):
    folder = make()
    faults = {fault.code: fault for fault in check(folder.parent).faults}
    assert f"{folder.name}/ holds tables: name that folder" in faults["unknown_file"].message
    assert f"{folder.name}/ 里有数据表" in faults["unknown_file"].message.read("zh")


def test_unknown_file(make):
    folder = make()
    for name in ("incomes.csv", "notes.txt", ".DS_Store"):
        (folder / name).touch()
    (folder / "old").mkdir()
    fault, passed = check(folder).faults
    assert (fault.table, fault.code, fault.count) == ("", "unknown_file", 2)
    assert (passed.severity, passed.code, passed.count) == ("warning", "passed_over_file", 2)
    assert ".DS_Store, notes.txt" in passed.message
    assert "incomes.csv, old/" in fault.message
    assert "incomes.csv seems to be a second copy of income.parquet" in fault.message


def test_a_truth_table_is_allowed(make):
    folder = make()
    (folder / "truth.parquet").touch()
    assert list_faults(folder) == []


def test_an_unknown_file_among_table_parts_is_reported(make, only_fault):
    folder = make("parts")
    (folder / "income" / "part.csv").touch()
    fault = only_fault(folder)
    assert (fault.table, fault.code) == ("income", "unknown_file")


def test_no_parts(make, only_fault):
    folder = make()
    (folder / "events").mkdir()
    fault = only_fault(folder)
    assert (fault.table, fault.code) == ("events", "no_parts")


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing of the kind PAR1", b"household_id,size\n"])
def test_damaged_file(make, only_fault, content):
    folder = make()
    (folder / "help.parquet").write_bytes(content)
    fault = only_fault(folder)
    assert (fault.table, fault.code) == ("help", "damaged_file")
    assert "help.parquet cannot be read" in fault.message


def test_damage_inside_a_readable_file_is_found_and_other_tables_are_checked(make):
    folder = make(lines=make.rows("lines", amount=-1.0))
    path = folder / "households.parquet"
    rows = [{"size": i * 7919 % 997 + 1, "household_id": f"{i:04d}", "region_code": "13"} for i in range(5000)]
    make.write_table(folder, "households", rows)
    content = bytearray(path.read_bytes())
    content[10:1000] = bytes(990)
    path.write_bytes(content)
    with open_folder(folder) as opened:
        assert opened.has("households")
        report = check_folder(opened)
    assert [(fault.table, fault.code) for fault in report.faults] == [
        ("households", "damaged_file"),
        ("lines", "below_minimum"),
    ]


def test_damage_inside_a_column_of_codes_is_found(make):
    folder = make(income=[make.rows("income")[0] | {"record_id": f"{i:05d}"} for i in range(5000)])
    content = bytearray((folder / "income.parquet").read_bytes())
    content[10 : 2 * len(content) // 3] = bytes(2 * len(content) // 3 - 10)
    (folder / "income.parquet").write_bytes(content)
    assert list_faults(folder) == [("income", "", "damaged_file", 1)]


def test_the_other_parts_are_checked_if_one_is_damaged(make):
    folder = make("parts", income=[*make.rows("income"), make.rows("income", amount=float("inf"))[0]])
    (folder / "income" / "part-9.parquet").write_bytes(b"PAR1")
    codes = [(fault.code, fault.rows) for fault in check(folder).faults]
    assert codes == [("damaged_file", ()), ("not_finite", ("part-0.parquet:2",))]


def test_a_failure_outside_the_files_is_reported_clearly(make):
    with open_folder(make()) as folder:
        folder.connection.execute("DROP VIEW records_households")
        with pytest.raises(RecordsError, match=r"Checking .* failed: Catalog Error"):
            check_folder(folder)


def test_unreadable_text(make, only_fault):
    folder = make()
    (folder / "help.csv").write_bytes("household_id,started_on,measure\n".encode("utf-16"))
    assert only_fault(folder).code == "unreadable_text"


def test_duplicate_column(make, only_fault):
    fault = only_fault(make.csv(lines="effective_from,amount,amount\n2020-01-01,6000,7000\n"))
    assert (fault.column, fault.code) == ("amount", "duplicate_column")


def test_missing_column(make):
    folder = make.csv(income="household_id,start,amont\n0012,2023-01-01,3\n")
    faults = check(folder).faults
    assert [(fault.column, fault.code) for fault in faults] == [
        ("period_start", "missing_column"),
        ("source", "missing_column"),
        ("amount", "missing_column"),
        ("start", "unknown_column"),
        ("amont", "unknown_column"),
    ]
    assert "Did you mean 'amont'?" in faults[2].message
    assert "Did you mean 'amount'?" in faults[4].message


def test_a_column_missing_from_some_parts_is_reported(make):
    folder = make("parts")
    pq.write_table(pa.table({"household_id": ["0014"]}), folder / "households" / "part-2.parquet")
    columns = [(fault.column, fault.code) for fault in check(folder).faults]
    # The part lacks some columns. They are reported, and so are its cells in these columns, which count as empty.
    assert columns[:2] == [("region_code", "missing_column"), ("size", "missing_column")]
    assert columns[2:] == [("region_code", "missing_value"), ("size", "missing_value")]


def test_unknown_columns_are_reported_unless_they_are_attributes(make):
    assert list_faults(make(households=make.rows("households", village="x"))) == []
    assert list_faults(make(lines=make.rows("lines", village="x"))) == [("lines", "village", "unknown_column", 1)]


def test_an_attribute_cannot_differ_from_a_declared_column_only_by_case(make, only_fault):
    rows = [{"household_id": code, "region_code": "13", "size": 1, "Kind": "exited"} for code in ("0012", "0013")]
    fault = only_fault(make(households=rows))
    assert (fault.column, fault.code) == ("Kind", "unknown_column")
    assert "Did you mean 'kind'?" in fault.message


@pytest.mark.parametrize(
    ("table", "column", "values", "type_"),
    [
        ("households", "household_id", [12, 13], "BIGINT"),
        ("households", "region_code", [13, 13], "BIGINT"),
        ("households", "size", ["3", "2"], "VARCHAR"),
        ("households", "crops", [["maize"], []], "VARCHAR[]"),
        ("income", "amount", ["3", "2"], "VARCHAR"),
        ("income", "source", [0, 1], "BIGINT"),
        ("income", "period_start", [20230101, 20230101], "BIGINT"),
        ("income", "record_id", [1.0, 2.0], "DOUBLE"),
    ],
)
def test_wrong_type(make, only_fault, table, column, values, type_):
    folder = make()
    sound = make.to_arrow(table, make.rows(table))
    if column in sound.column_names:
        sound = sound.drop_columns(column)
    pq.write_table(sound.append_column(column, pa.array(values)), folder / f"{table}.parquet")
    fault = only_fault(folder)
    assert (fault.table, fault.column, fault.code) == (table, column, "wrong_type")
    assert type_ in fault.message


def test_mixed_attribute(make, only_fault):
    folder = make("parts")
    for part, value in enumerate([1.5, "maize"]):
        row = make.rows("households")[part] | {"crop": value}
        pq.write_table(make.to_arrow("households", [row]), folder / "households" / f"part-{part}.parquet")
    fault = only_fault(folder)
    assert (fault.column, fault.code) == ("crop", "mixed_attribute")


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_empty_table(make, form):
    folder = make(form, households=[], income=[], lines=[])
    assert list_faults(folder) == [(name, "", "empty_table", 1) for name in ("households", "income")]


def test_ragged_row(make, only_fault):
    fault = only_fault(make.csv(lines="effective_from,amount\n2020-01-01,6000\n2021-01-01\n"))
    assert (fault.code, fault.count, fault.rows) == ("ragged_row", 1, (2,))

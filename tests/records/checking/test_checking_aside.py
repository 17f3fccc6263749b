"""Faulty rows of a records folder can be set aside: they are written to a file, counted and skipped, and all other rows
are used."""

import datetime as dt
import json

import duckdb
import pytest

from riskml.errors import RecordsError, UsageError
from riskml.records.checking.aside import set_aside
from riskml.records.checking.check import check_folder, open_checked
from riskml.records.reading.folder import open_folder


def read(file):
    reader = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json", "jsonl": "read_json"}
    source = f"{reader[file.suffix[1:]]}('{file}')"
    query = f'SELECT "table", "row"::VARCHAR, code, message, content::VARCHAR, message_zh FROM {source}'
    return duckdb.connect().execute(query).fetchall()


def make_bad_folder(make):
    row = make.rows("income")[0]
    return make(income=[*make.rows("income"), row | {"source": "x", "months": 0}, row | {"household_id": "99"}])


@pytest.mark.parametrize("ending", ["parquet", "csv", "json", "jsonl"])
def test_bad_rows_are_written_counted_and_left_out(make, tmp_path, ending):
    file = tmp_path / "aside" / f"bad.{ending}"
    with open_checked(make_bad_folder(make), file) as folder:
        assert folder.count_rows("income") == 2
        assert folder.skipped == {"below_minimum": 1, "unknown_code": 1, "unknown_household": 1}
        assert folder.report is not None
        assert folder.report.ok
    rows = read(file)
    assert [row[:4] for row in rows] == [
        ("income", "3", "below_minimum", "A number is smaller than allowed (months)"),
        ("income", "3", "unknown_code", "A code is not allowed (source)"),
        ("income", "4", "unknown_household", "A household is not in the table of households (household_id)"),
    ]
    content = json.loads(rows[0][4])
    assert content["household_id"] == "0012"
    assert (content["source"], content["months"], content["record_id"]) == ("x", "0", None)


def test_a_sound_folder_gives_a_file_without_rows(make, tmp_path):
    with open_checked(make(), tmp_path / "bad.parquet") as folder:
        assert folder.skipped == {}
        assert folder.count_rows("income") == 2
    assert read(tmp_path / "bad.parquet") == []


def test_unreadable_cells_and_ragged_rows_keep_their_original_text(make, tmp_path):
    folder = make.csv(lines="effective_from,amount\n2020-01-01,6000\n2021-13-01,six\n2022-01-01,7000,8000\n")
    with open_checked(folder, tmp_path / "bad.json") as opened:
        assert opened.count_rows("lines") == 1
        assert opened.skipped == {"bad_date": 1, "bad_number": 1, "ragged_row": 1}
    rows = read(tmp_path / "bad.json")
    assert {row[1] for row in rows} == {"2", "3"}
    assert json.loads(rows[0][4])["effective_from"] == "2021-13-01"
    assert json.loads(rows[1][4])["amount"] == "six"
    assert json.loads(rows[2][4]) == ["2022-01-01", "7000", "8000"]


def test_all_conflicting_rows_and_their_dependants_are_set_aside(make, tmp_path):
    rows = make.rows("households")
    folder = make(households=[*rows, rows[0] | {"size": 9}])
    with open_checked(folder, tmp_path / "bad.csv") as opened:
        assert (opened.count_rows("households"), opened.count_rows("income")) == (1, 1)
        assert opened.skipped == {"duplicate_version": 2, "unknown_household": 1}


def test_rows_in_table_parts_are_named_by_their_file(make, tmp_path):
    folder = make("parts", income=[*make.rows("income"), make.rows("income", months=0)[0]])
    with open_checked(folder, tmp_path / "bad.csv") as opened:
        assert opened.count_rows("income") == 2
    assert [row[1] for row in read(tmp_path / "bad.csv")] == ["part-0.parquet:2"]


def test_warnings_are_not_set_aside(make, tmp_path):
    with open_checked(make(income=make.rows("income") * 2), tmp_path / "bad.csv") as folder:
        assert folder.count_rows("income") == 4
        assert folder.report is not None
        assert [fault.code for fault in folder.report.warnings] == ["equal_rows"]


def test_data_without_the_bad_rows_have_the_same_fingerprint_as_clean_data(make, tmp_path):
    with open_checked(make()) as clean, open_checked(make_bad_folder(make), tmp_path / "bad.csv") as cleaned:
        # A column that had a value only in the bad row remains, filled with its default.
        assert cleaned.fingerprint() == clean.fingerprint()


def test_faults_in_files_are_still_rejected(make, tmp_path):
    folder = make_bad_folder(make)
    (folder / "other.csv").touch()
    with pytest.raises(RecordsError, match=r"folder unknown_file \(1\), income.source unknown_code \(1\)") as refused:
        open_checked(folder, tmp_path / "bad.csv")
    assert "--skip-bad-rows" not in refused.value.hint
    assert not (tmp_path / "bad.csv").exists()


def test_a_damaged_file_does_not_stop_bad_rows_from_being_set_aside(make, tmp_path):
    folder = make(income=[make.rows("income")[0] | {"record_id": f"{i:05d}"} for i in range(5000)])
    content = bytearray((folder / "income.parquet").read_bytes())
    content[10 : len(content) // 3] = bytes(len(content) // 3 - 10)
    (folder / "income.parquet").write_bytes(content)
    with open_folder(folder) as opened:
        set_aside(opened, tmp_path / "bad.csv")
        report = check_folder(opened)
    assert [fault.code for fault in report.faults] == ["damaged_file"]


def test_setting_rows_aside_must_not_empty_a_table(make, tmp_path):
    folder = make(income=[row | {"months": 0} for row in make.rows("income")])
    with pytest.raises(RecordsError, match=r"income empty_table \(1\)"):
        open_checked(folder, tmp_path / "bad.csv")


def test_bad_rows_are_rejected_with_a_hint_if_no_file_is_chosen(make):
    with pytest.raises(RecordsError, match=r"have 3 fault\(s\): income.source unknown_code \(1\), ") as refused:
        open_checked(make_bad_folder(make))
    assert "`riskml check" in refused.value.hint
    assert "--skip-bad-rows FILE" in refused.value.hint


def test_the_file_must_be_outside_the_folder_with_a_known_extension(make, tmp_path):
    folder = make_bad_folder(make)
    with pytest.raises(UsageError, match="lies in the records folder"):
        open_checked(folder, folder / "bad.csv")
    with pytest.raises(UsageError, match="cannot be written to") as refused:
        open_checked(folder, tmp_path / "bad.xlsx")
    assert ".parquet, .csv, .json, .jsonl" in refused.value.hint
    (tmp_path / "file").touch()
    with pytest.raises(RecordsError, match="cannot be written"):
        open_checked(folder, tmp_path / "file" / "bad.csv")


def test_a_missing_folder_is_rejected(tmp_path):
    with pytest.raises(RecordsError, match="no records folder"):
        open_checked(tmp_path / "nowhere")


def test_corrections_are_recomputed_without_the_bad_rows(make, tmp_path):
    record = {"record_id": "R", "recorded_on": dt.date(2023, 2, 1)}
    first, second = (row | {"household_id": "0012"} for row in make.rows("income"))
    rows = [first | record, second | {"source": "wage"} | record, first | {"record_id": "S"}]
    with open_checked(make(income=rows), tmp_path / "bad.csv") as folder:
        assert folder.skipped == {"duplicate_record": 2}
        repeated = folder.connection.execute(f"SELECT * FROM {folder.find_repeated_records('income')}").fetchall()
        assert repeated == []


def test_the_file_says_in_both_languages_what_is_wrong(make, tmp_path):
    with open_checked(make_bad_folder(make), tmp_path / "bad.csv"):
        pass
    assert ("A number is smaller than allowed (months)", "数值小于允许的最小值（months）") in {
        (row[3], row[5]) for row in read(tmp_path / "bad.csv")
    }

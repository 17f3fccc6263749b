"""CSV files as people send them: encodings, line endings, quotes, blank and ragged rows."""

import itertools

import pytest

from riskml.records.reading import csv_files as reading_csv
from riskml.records.reading.folder import open_folder

HEADER = "household_id,region_code,size,名称\n"
ROWS = "0012,130529,3,张家\n0013,130529,2,李家\n"
EXPECTED = [(1, "0012", 3, "张家"), (2, "0013", 2, "李家")]


def read_households(folder):
    with open_folder(folder) as opened:
        assert opened.faults == []
        view = opened.get_numbered_view("households")
        query = f'SELECT "#row", household_id, size, "attribute 名称" FROM {view} ORDER BY "#row"'
        return opened.connection.execute(query).fetchall()


def write_bytes(make, content):
    folder = make()
    (folder / "households.parquet").unlink()
    (folder / "households.csv").write_bytes(content)
    return folder


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_encodings_are_detected(make, encoding):
    assert read_households(write_bytes(make, (HEADER + ROWS).encode(encoding))) == EXPECTED


def test_characters_split_between_chunks_are_decoded(make, monkeypatch):
    monkeypatch.setattr(reading_csv, "_CHUNK", 7)
    assert read_households(write_bytes(make, (HEADER + ROWS).encode("gb18030"))) == EXPECTED


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_all_kinds_of_line_endings_are_read(make, end):
    assert read_households(write_bytes(make, (HEADER + ROWS).replace("\n", end).encode())) == EXPECTED


def test_the_last_line_ending_may_be_missing_and_blank_lines_are_skipped(make):
    text = HEADER + "\n" + ROWS.replace("\n", "\n\n").rstrip()
    assert read_households(write_bytes(make, text.encode())) == EXPECTED


def test_line_endings_may_be_mixed_with_blank_lines(make):
    text = HEADER.replace("\n", "\r\n") + "\r\n" + ROWS
    assert read_households(write_bytes(make, text.encode())) == EXPECTED


def test_spaces_around_column_names_do_not_matter(make):
    text = HEADER.replace(",", " , ") + ROWS
    assert read_households(write_bytes(make, text.encode())) == EXPECTED


def test_quoted_cells_may_contain_commas_quotes_and_line_breaks(make):
    text = HEADER + '"0012",130529,3,"张,""家""\n二"\n'
    assert read_households(write_bytes(make, text.encode())) == [(1, "0012", 3, '张,"家"\n二')]


def test_a_quote_within_a_cell_does_not_stop_reading(make):
    text = HEADER + '0012,130529,3,张"家"\n0013,130529,2,李家\n'
    assert [row[:3] for row in read_households(write_bytes(make, text.encode()))] == [(1, "0012", 3), (2, "0013", 2)]


def test_ragged_rows_are_named_and_other_rows_keep_their_numbers(make):
    text = HEADER + "0011,130529,3\n" + ROWS + "0014,130529,3,a,b\n"
    with open_folder(write_bytes(make, text.encode())) as folder:
        (fault,) = folder.faults
        assert (fault.code, fault.count, fault.rows) == ("ragged_row", 2, (1, 4))
        query = f'SELECT "#row", household_id FROM {folder.get_numbered_view("households")} ORDER BY 1'
        assert folder.connection.execute(query).fetchall() == [(2, "0012"), (3, "0013")]
        assert folder.layouts["households"].ragged[4] == ["0014", "130529", "3", "a", "b"]


def test_rows_in_a_long_file_are_numbered_in_order(make, monkeypatch):
    monkeypatch.setattr(reading_csv, "_BATCH", 1000)
    lines = [f"{i:06d},130529,3,x\n" for i in range(1, 60_001)]
    fast = write_bytes(make, (HEADER + "".join(lines)).encode())
    slow = write_bytes(make, (HEADER + "".join(lines) + "ragged\n").encode())
    for folder, faults in ((fast, 0), (slow, 1)):
        with open_folder(folder) as opened:
            assert len(opened.faults) == faults
            query = (
                f'SELECT count(*), bool_and("#row" = household_id::INT) FROM {opened.get_numbered_view("households")}'
            )
            assert opened.connection.execute(query).fetchall() == [(60_000, True)]


def test_a_header_without_rows_is_an_empty_table(make):
    assert read_households(write_bytes(make, HEADER.encode())) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "damaged_file"),
        (b"\n\n", "damaged_file"),
        ((HEADER + ROWS).encode("utf-16"), "unreadable_text"),
        ((HEADER + ROWS).encode("utf-16-le"), "unreadable_text"),
        (HEADER.encode() + b"\xff\xff\xff", "unreadable_text"),
        (HEADER.encode() + b'0012,13,"' + b"x" * 200_000, "unclosed_quote"),
    ],
    ids=["empty", "blank", "utf-16", "utf-16-without-bom", "binary", "endless-cell"],
)
def test_a_file_that_is_not_csv_is_a_fault(make, content, code):
    with open_folder(write_bytes(make, content)) as folder:
        assert [(fault.table, fault.code) for fault in folder.faults] == [("households", code)]
        assert not folder.has("households")


def test_a_repeated_column_is_a_fault_and_the_first_is_used(make):
    text = "household_id,region_code,size,Size\n0012,13,3,9\n"
    with open_folder(write_bytes(make, text.encode())) as folder:
        (fault,) = folder.faults
        assert (fault.code, fault.column) == ("duplicate_column", "Size")
        assert folder.connection.execute(f"SELECT size FROM {folder.get_view('households')}").fetchall() == [(3,)]


def test_a_column_without_a_name_is_a_fault(make):
    with open_folder(make.csv(lines="effective_from,amount,\n2020-01-01,6000,old\n")) as folder:
        (fault,) = folder.faults
        assert (fault.code, fault.column) == ("unknown_column", "column 3 without a name")


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        ([("utf-8", 3), ("gb18030", 3)], (2, 5)),
        ([("gb18030", 40), ("utf-8", 1)], (42, 2)),
        ([("utf-8", 40), ("gb18030", 1)], (2, 42)),
        ([("gb18030", 500)], None),
        ([("utf-8", 500)], None),
    ],
)
def test_files_of_different_encodings_put_together_are_refused(make, parts, lines):
    numbers, content = iter(range(1000)), b"household_id,region_code,size,crop\n"
    crops = ("女", "玉米", "联通", "茶叶、水稻", "是", "养殖（生猪）")
    for encoding, count in parts:
        rows = (f"{n:04},130529101001,3,{crops[n % 6]}\n" for n in itertools.islice(numbers, count))
        content += "".join(rows).encode(encoding)
    with open_folder(write_bytes(make, content)) as opened:
        faults = opened.faults
    named = [(fault.code, fault.message.values["utf8"], fault.message.values["other"]) for fault in faults]
    assert named == ([("mixed_encoding", *lines)] if lines else [])

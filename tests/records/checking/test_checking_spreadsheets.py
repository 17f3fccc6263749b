"""What spreadsheets and other programs leave behind in a folder and its files: passed over with a warning, or a fault
that says what to do."""

import pyarrow.parquet as pq
import pytest

from riskml.records.checking.check import check, open_checked
from riskml.records.reading.folder import open_folder

HOMES = "household_id,region_code,size,备注\n0012,130529101001,3,{note}\n0013,130529101001,2,\n"
INCOME = "household_id,period_start,source,amount,record_id\n"


def list_codes(folder):
    return [(fault.table, fault.code) for fault in check(folder).faults]


def advise(folder, lang="en"):
    (fault,) = [fault for fault in check(folder).faults if fault.code == "unknown_file"]
    return fault.message.read(lang)


LEFT_BEHIND = "~$income.xlsx Thumbs.db THUMBS.DB desktop.ini _SUCCESS .DS_Store .~lock.income.csv# 说明.txt README.md"


@pytest.mark.parametrize("name", LEFT_BEHIND.split())
def test_files_that_hold_no_table_are_passed_over_with_a_warning(make, name):
    folder = make()
    (folder / name).write_text("text")
    report = check(folder)
    assert report.ok
    assert [(fault.table, fault.code, fault.count) for fault in report.faults] == [("", "passed_over_file", 1)]
    assert name in report.faults[0].message
    with open_checked(folder) as opened:
        assert opened.count_rows("income") == 2


def test_folders_that_other_programs_make_are_passed_over_whole(make):
    folder = make("parts")
    for path in (folder / "__MACOSX", folder / "income" / "_temporary" / "0"):
        path.mkdir(parents=True)
        (path / "part-7.parquet").write_bytes(b"nothing")
    (folder / "income" / ".part-0.parquet.crc").touch()
    (fault,) = check(folder).faults
    assert (fault.code, fault.count) == ("passed_over_file", 3)
    assert "__MACOSX, income/.part-0.parquet.crc, income/_temporary" in fault.message


def test_a_table_saved_as_a_text_file_is_not_passed_over(make):
    folder = make()
    (folder / "events.csv.txt").touch()
    (folder / "help.txt").touch()
    assert "Did you mean events.csv for events.csv.txt?" in advise(folder)
    assert "help.txt is not a CSV file" in advise(folder)


@pytest.mark.parametrize(
    ("above", "row"),
    [
        ("2023年收入表,,,,\n", 2),
        ("2023年收入表\n填报单位：某县\n", 3),
        (",,,,\n2023年收入表,,,,\n", 3),
        (",,,,\n", 2),
        ('\n"2023年\n收入表"\n\n', 4),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_title_above_the_header_is_one_fault_that_names_the_row_of_the_header(make, only_fault, above, row, encoding):
    folder = make.csv(income="")
    text = above + " Household_ID ,period_start,source,amount,record_id\n0012,2023-01-01,wage,900,1\n"
    (folder / "income.csv").write_text(text, encoding=encoding)
    fault = only_fault(folder)
    assert (fault.table, fault.code) == ("income", "late_header")
    assert f"in row {row}: delete the rows above it" in fault.message
    assert f"第 {row} 行：请删除表头上方的各行" in fault.message.read("zh")
    assert "另存为“CSV UTF-8" in fault.what_to_do.read("zh")


def test_a_title_above_the_header_of_households_is_not_reported_as_unknown_households(make, only_fault):
    folder = make.csv(households="农户表\n" + HOMES)
    assert only_fault(folder).code == "late_header"


def test_a_header_of_other_names_or_after_blank_lines_is_the_header(make):
    others = make.csv(income="户编码,期间,来源,金额\n" + "0012,2023-01-01,wage,900\n" * 30)
    assert {code for _, code in list_codes(others)} == {"missing_column", "unknown_column"}
    assert check(make.csv(income="\n\n" + INCOME + "0012,2023-01-01,wage,900,1\n")).ok


SEPARATORS = {
    ";": ("semicolons", "分号"),
    "\t": ("tabs", "制表符"),
    "|": ("vertical bars", "竖线"),
    "；": ("full-width semicolons", "全角分号"),
    "，": ("full-width commas", "全角逗号"),
}
STYLES = {
    "plain": "{text}",
    "title above": "2023年收入表\n\n{text}",
    "other rows": "{text}0012{mark}三月{mark}wage{mark}1234,56{mark}1\n",
    "many columns": "户,主{mark}{text}",
}


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mark", SEPARATORS)
def test_another_separator_is_the_only_fault_of_a_file(make, only_fault, mark, style, encoding, quoted):
    folder = make.csv(income="")
    rows = ["Household_ID", "period_start", "source", "amount", "record_id"], ["0012", "2023-01-01", "wage", "9,5", ""]
    text = "".join(mark.join(f'"{cell}"' if quoted else cell for cell in row) + "\r\n" for row in rows)
    (folder / "income.csv").write_text(STYLES[style].format(text=text, mark=mark), encoding=encoding)
    fault = only_fault(folder)
    assert (fault.table, fault.code) == ("income", "wrong_separator")
    en, zh = SEPARATORS[mark]
    assert fault.message == f"The columns of income.csv are separated by {en}, not by commas."
    assert fault.message.read("zh") == f"income.csv 的各列是用{zh}隔开的，应使用英文逗号。"
    assert "1234.56" in fault.what_to_do.read("zh")


def test_every_table_with_another_separator_is_one_fault(make):
    folder = make("csv")
    for path in folder.glob("*.csv"):
        path.write_text(path.read_text("utf-8").replace(",", ";"), "utf-8")
    assert [code for _, code in list_codes(folder)] == ["wrong_separator"] * 3


def test_another_separator_within_a_column_name_is_none(make):
    header = "household_id,region_code,size,面积;亩|等级\n"
    assert check(make.csv(households=header + "0012,130529101001,3,一等\n0013,130529101001,2,\n")).ok


@pytest.mark.parametrize("amount", ["1234,56", "1.234,56", "12,5"])
def test_a_decimal_comma_is_a_fault_and_never_another_number(make, only_fault, amount):
    rows = f'0012,2023-01-01,wage,"{amount}",1\n0013,2023-01-01,wage,800.5,2\n'
    assert only_fault(make.csv(income=INCOME + rows)).code == "bad_number"


@pytest.mark.parametrize("name", ["events.xlsx", "events.xls", "Events (1).et", "事件与线索.xlsx"])
def test_a_workbook_is_to_be_saved_as_csv(make, name):
    folder = make()
    (folder / name).touch()
    assert f"{name} is a workbook" in advise(folder)
    assert advise(folder).endswith("save its sheet as CSV UTF-8 named events.csv.")
    assert "“另存为”→“CSV UTF-8（逗号分隔）”，文件名填 events.csv" in advise(folder, "zh")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        (
            "全县.xlsx",
            "全县.xlsx is a workbook: open it in a spreadsheet program and save its sheet as CSV UTF-8 named",
        ),
        ("events.CSV", "Did you mean events.csv for events.CSV?"),
        ("events_2024.csv", "Did you mean events.csv for events_2024.csv?"),
        ("events.csv.gz", "events.csv.gz is compressed: unpack it into events.csv or events.parquet."),
        ("events.tsv", "events.tsv is not a CSV file: open it in a spreadsheet program"),
    ],
)
def test_advice_suits_the_kind_of_file(make, name, advice):
    folder = make()
    (folder / name).touch()
    assert advice in advise(folder)


def test_a_folder_of_csv_parts_is_refused_with_advice(make):
    folder = make()
    (folder / "events.csv").mkdir()
    assert "events.csv is a folder: only Parquet may be in parts" in advise(folder)


@pytest.mark.parametrize("root", ["income.parquet", "income"])
def test_a_folder_of_nested_parts_is_read_and_its_levels_add_no_column(make, root):
    folder = make()
    whole = pq.read_table(folder / "income.parquet")
    (folder / "income.parquet").unlink()
    for year in (2022, 2023):
        (folder / root / f"year={year}" / "source=wage").mkdir(parents=True)
        pq.write_table(whole.slice(year - 2022, 1), folder / root / f"year={year}" / "source=wage" / "part-0.parquet")
    (folder / root / "_SUCCESS").touch()
    with open_folder(folder) as opened:
        assert [fault.code for fault in opened.faults] == ["passed_over_file"]
        query = f'SELECT "#file", "#row", source FROM {opened.get_numbered_view("income")} ORDER BY ALL'
        assert opened.connection.execute(query).fetchall() == [
            ("year=2022/source=wage/part-0.parquet", 1, "wage"),
            ("year=2023/source=wage/part-0.parquet", 1, "total"),
        ]


def test_a_column_that_occurs_only_in_the_names_of_folders_is_a_fault(make):
    folder = make("parts")
    (folder / "income" / "recorded_on=2024-01-05").mkdir()
    (folder / "income" / "part-1.parquet").rename(folder / "income" / "recorded_on=2024-01-05" / "part-1.parquet")
    (fault,) = check(folder).faults
    assert (fault.table, fault.column, fault.code) == ("income", "recorded_on", "missing_column")
    assert "(recorded_on=…)" in fault.message


def test_levels_above_the_records_folder_add_no_attribute(make, tmp_path):
    folder = make("parts")
    (tmp_path / "run=5").mkdir()
    folder = folder.rename(tmp_path / "run=5" / "records")
    with open_folder(folder) as opened:
        assert opened.attributes == {}


def test_both_forms_of_a_table_are_named_as_they_stand_in_the_folder(make):
    folder = make("parts")
    (folder / "income").rename(folder / "income.parquet")
    (folder / "income.csv").write_text(INCOME)
    (fault,) = check(folder).faults
    assert fault.message == "The table is present as income.csv, income.parquet/."


def test_empty_rows_and_empty_columns_without_a_name_are_passed_over(make):
    folder = make.csv(
        households="household_id,region_code,size,\n,,,\n0012,13,3,\n \u3000,,,\n0013,13,2,\n,,,\n",
        income=INCOME.replace("\n", ",\n") + "0012,2023-01-01,wage,1,,\n,,,,,\n,,\n",
    )
    report = check(folder)
    assert report.ok
    assert report.tables == {"households": 2, "income": 1, "lines": 1}
    assert [(fault.table, fault.code, fault.count, fault.rows) for fault in report.faults] == [
        ("households", "empty_row", 3, (1, 3, 5)),
        ("households", "passed_over_column", 1, ()),
        ("income", "empty_row", 2, (2, 3)),
        ("income", "passed_over_column", 1, ()),
    ]
    assert "第 4 列（无列名）" in report.faults[1].message.read("zh")
    with open_folder(folder) as opened:
        query = f'SELECT "#row" FROM {opened.get_numbered_view("households")} ORDER BY 1'
        assert opened.connection.execute(query).fetchall() == [(2,), (4,)]
        assert opened.attributes == {}


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__", "...1"])
def test_columns_of_row_numbers_are_passed_over_in_every_table(make, name):
    folder = make.csv(
        households=f"{name},household_id,region_code,size\n0,0012,13,3\n1,0013,13,2\n",
        income=f"{name},{INCOME}0,0012,2023-01-01,wage,1,\n1,0013,2023-01-01,wage,1,\n",
    )
    assert list_codes(folder) == [("households", "passed_over_column"), ("income", "passed_over_column")]
    with open_folder(folder) as opened:
        assert opened.attributes == {}


def test_an_index_in_parquet_is_passed_over(make):
    folder = make()
    for name in ("households", "lines"):
        table = pq.read_table(folder / f"{name}.parquet")
        index = table.append_column("__index_level_0__", [list(range(7, 7 + len(table)))])
        pq.write_table(index, folder / f"{name}.parquet")
    assert list_codes(folder) == [("households", "passed_over_column"), ("lines", "passed_over_column")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_break_in_a_column_name_loses_no_row(make, end):
    text = f'household_id,region_code,size,"家庭\n人口"{end}0012,13,3,1{end}0013,13,2,2{end}'
    report = check(make.csv(households=text))
    assert (report.faults, report.tables["households"]) == ((), 2)


def test_a_column_without_a_name_but_with_values_is_a_fault(make):
    folder = make.csv(income=f"{INCOME[:-1]},\n0012,2023-01-01,wage,1,,paid\n0013,2023-01-01,wage,1,,paid\n")
    assert list_codes(folder) == [("income", "unknown_column")]


@pytest.mark.parametrize("name", ["\ufeffsize", "size\u3000", "\u200bsize", "size\t"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_invisible_characters_around_column_names_are_removed_with_a_warning(make, name, form):
    if form == "csv":
        folder = make.csv(households=f"household_id,region_code,{name}\n0012,13,3\n0013,13,2\n")
    else:
        folder = make()
        table = pq.read_table(folder / "households.parquet")
        names = [name if own == "size" else own for own in table.column_names]
        pq.write_table(table.rename_columns(names), folder / "households.parquet")
    (fault,) = check(folder).faults
    assert (fault.table, fault.column, fault.code, fault.severity) == ("households", "size", "blank_in_name", "warning")
    assert repr(name) in fault.message


ROWS = [f"0012,2023-{month:02d}-01,wage,{month}00,W-{month}" for month in range(1, 13)]
UNCLOSED = ROWS[2].replace("W-3", '"W-3')


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([*ROWS[:2], UNCLOSED, *ROWS[3:]], 4),
        ([*ROWS[:2], UNCLOSED, *ROWS[3:7], '0012,2023-08-01,wage,1,"W-8"', *ROWS[8:]], 4),
        ([*ROWS[:2], UNCLOSED, *ROWS[3:7], '0012,2023-08-01,wage,1,W-8"', *ROWS[8:]], 4),
        ([*ROWS[:4], '0012,"2023-05-01,wage,500,W-5', *ROWS[5:]], 6),
        ([*ROWS[:4], '"0012,2023-05-01,wage,500,W-5', '0012",2023-06-01,wage,500,W-6', *ROWS[6:]], 6),
        ([*ROWS[:9], '"00\n12",2023-10-01,wage,1,"W-10', *ROWS[10:]], 12),
        ([*ROWS[:2], UNCLOSED, *ROWS[3:] * 800], 4),
    ],
    ids=["to-the-end", "another-quoted-cell", "closed-below", "in-the-middle", "same-column", "second-quote", "long"],
)
def test_an_unclosed_quote_is_a_fault_that_names_its_line(make, rows, line):
    report = check(make.csv(income=INCOME + "\n".join(rows) + "\n"))
    (fault,) = [fault for fault in report.faults if fault.table == "income"]
    assert (fault.code, fault.severity) == ("unclosed_quote", "fault")
    assert f"on line {line} " in fault.message
    assert "income" not in report.tables


def test_an_unclosed_quote_in_the_header_is_a_fault(make):
    report = check(make.csv(income=INCOME.replace("source", '"source') + "\n".join(ROWS)))
    assert [(fault.table, fault.code) for fault in report.faults] == [("income", "unclosed_quote")]
    assert "on line 1 " in report.faults[0].message


NOTES = [
    '"first\nsecond, line\n\nlast"',
    '"一,二,三\n四"',
    '"she said ""no""\n,"',
    '"ends\n"',
    '5" pipe',
    '"三保障"户',
]


@pytest.mark.parametrize("note", NOTES)
def test_notes_with_quotes_and_line_breaks_are_allowed(make, note):
    assert list_codes(make.csv(households=HOMES.format(note=note))) == []


@pytest.mark.parametrize(
    ("date", "advice"),
    [
        ("44927", "单元格格式设为日期 yyyy-mm-dd"),
        ("2023-01-01 00:00:00", "带有时刻"),
        ("2023/1/1 0:00", "带有时刻"),
        ("2023-01-01T00:00:00Z", "带有时刻"),
        ("2023年1月1日", "带有文字"),
        ("1-Jan-23", "带有文字"),
        ("20230101", "“分列”"),
        ("2023.1.1", "“分列”"),
        ("2022年11月", "写全年月日"),
        ("2022-11", "写全年月日"),
        ("2016", "写全年月日"),
        ("11/1/2022", "年份写在最前"),
        ("2021．07．01", "全角字符"),
    ],
)
def test_dates_that_cannot_be_read_get_advice_for_their_form_and_cause_no_other_findings(make, date, advice):
    folder = make.csv(
        households="household_id,recorded_on,region_code,size\n" + f"0012,{date},13,3\n" * 2,
        income="household_id,period_start,source,amount,recorded_on,record_id\n"
        + f"0012,{date},wage,1,,\n" * 2
        + f"0012,2023-01-01,total,1,{date},R\n" * 2,
    )
    faults = check(folder).faults
    assert [(fault.table, fault.column, fault.code, fault.count) for fault in faults] == [
        ("households", "recorded_on", "bad_date", 2),
        ("income", "period_start", "bad_date", 2),
        ("income", "recorded_on", "bad_date", 2),
    ]
    assert all(advice in fault.message.read("zh") for fault in faults)


def test_rows_set_aside_as_csv_can_be_opened_in_a_spreadsheet(make, tmp_path):
    with open_checked(make(income=make.rows("income", household_id="东沟")), tmp_path / "bad.csv"):
        pass
    content = (tmp_path / "bad.csv").read_bytes()
    assert content.startswith("\ufefftable,row,".encode())
    assert "东沟" in content.decode("utf-8-sig")


@pytest.mark.parametrize("name", ["index", "level_0", "序号", "编号", "ROWNUM", "row_id"])
@pytest.mark.parametrize("first", [0, 1])
def test_columns_with_usual_names_of_row_numbers_are_passed_over_if_they_hold_row_numbers(make, name, first):
    homes = "household_id,region_code,size\n{},0012,13,3\n{},0013,13,2\n"
    folder = make.csv(households=f"{name}," + homes.format(first, first + 1))
    assert list_codes(folder) == [("households", "passed_over_column")]
    with open_folder(make.csv(households=f"{name}," + homes.format(7, 3))) as opened:
        assert opened.attributes == {name: "number"}


@pytest.mark.parametrize(
    ("name", "zh"),
    [
        ("income.csv.bak", "已从 income.csv 读取"),
        ("income.csv~", "已从 income.csv 读取"),
        ("收入.xlsx", "已从 income.csv 读取"),
        ("income(1).csv", "只保留一份"),
    ],
)
def test_no_advice_would_overwrite_a_table_that_is_there(make, name, zh):
    folder = make.csv(income=INCOME + "0012,2023-01-01,wage,1,\n")
    (folder / name).write_text("")
    (fault,) = [fault for fault in check(folder).faults if fault.code == "unknown_file"]
    assert zh in fault.message.read("zh")
    assert "另存为" not in fault.message.read("zh")

"""Codes as spreadsheets leave them: turned into numbers, cut after 15 digits, or with invisible characters."""

import datetime as dt

import duckdb
import pytest

from riskml.records.checking.check import check
from riskml.records.reading.folder import open_folder


def list_faults(folder):
    return [(fault.table, fault.column, fault.code, fault.count, fault.rows) for fault in check(folder).faults]


def replace_codes(make, codes, form="parquet"):
    homes = [make.rows("households")[0] | {"household_id": code} for code in codes]
    income = [make.rows("income")[0] | {"household_id": code, "amount": 9000.0} for code in codes]
    return make(form, households=homes, income=income)


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize(
    "code",
    [
        "1.30529E+14",
        "1E+14",
        "1.30529101e14",
        "1.0E9",
        "130529101001.0",
        "########",
        "1305·",
        "'1305",
        '="1305"',
        "１３０５２９",
        "130,529,101",
    ],
)
def test_a_code_turned_into_a_number_is_a_fault(make, form, code):
    report = check(replace_codes(make, ["130529101001001", code], form))
    assert [(fault.table, fault.code, fault.count, fault.rows) for fault in report.faults] == [
        ("households", "spoilt_code", 1, (2,)),
        ("income", "spoilt_code", 1, (2,)),
    ]
    assert repr(code) in report.faults[0].message
    assert "“自文本/CSV”" in report.faults[0].what_to_do.read("zh")


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize(
    "word", ["nan", "NULL", "None", "<NA>", "#N/A", "#REF!", "--", "无", "合计", "某村小计", "Total"]
)
def test_a_word_in_place_of_a_code_is_a_fault(make, form, word):
    faults = list_faults(replace_codes(make, ["130529101001001", word], form))
    assert faults == [
        ("households", "household_id", "no_code", 1, (2,)),
        ("income", "household_id", "no_code", 1, (2,)),
    ]


@pytest.mark.parametrize("word", ["None", "/"])
def test_a_member_none_does_not_turn_all_income_into_one_persons_part(make, word):
    income = make.rows("income", member_id=word)
    assert list_faults(make(income=income)) == [("income", "member_id", "no_code", 1, (1,))]


def test_a_header_in_the_middle_is_named(make):
    folder = make("csv")
    file = folder / "income.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines, lines[0]]), encoding="utf-8")
    codes = {fault.code for fault in check(folder).faults}
    assert "no_code" in codes
    assert "unknown_household" not in codes


def test_identity_card_and_telephone_numbers_in_texts_are_a_warning_that_shows_none(make):
    numbers = ["11010519491231002X", "110105194912310038"]
    income = make.rows("income")
    income = [{**row, "record_id": number} for row, number in zip([*income, *income], numbers, strict=False)]
    helped = {"household_id": "0012", "started_on": dt.date(2023, 1, 5)}
    texts = ["低保", "联系张三13912345678"]
    report = check(make(income=income, help=[helped | {"measure": text} for text in texts]))
    wheres = [(fault.where, fault.count) for fault in report.faults if fault.code == "personal_number"]
    assert wheres == [("income.record_id", len(income)), ("help.measure", 1)]
    assert not any(text in report.to_json() for text in (*numbers, "13912345678"))
    assert report.ok


@pytest.mark.parametrize(
    ("codes", "refused"),
    [
        (["11010519491231002X", "110105194912310038"], 2),
        (["11010519491231002X"], 1),
        (["p1", "p2", "11010519491231002X"], 0),
        (["370112202306010028"], 0),  # region, day and number
        (["13001011234", "13001011235"], 0),
        (["张三13912345678"], 1),
    ],
)
def test_codes_that_say_who_a_person_is_are_a_fault_that_shows_none(make, codes, refused):
    report = check(make(members=[{"household_id": "0012", "member_id": code} for code in codes]))
    wheres = [(fault.where, fault.count) for fault in report.faults if fault.code == "personal_code"]
    assert wheres == [("members.member_id", refused)] * bool(refused)
    assert not any(code in report.to_json() for code in codes if len(code) > 2)
    assert report.ok is not bool(refused)


def test_every_column_of_codes_is_checked_and_a_region_is_reported_once(make):
    rows = make.rows("income", record_id="1.2E+12")
    members = [{"household_id": "0012", "member_id": "13.0"}]
    folder = make(households=make.rows("households", region_code="1.30529E+11"), income=rows, members=members)
    assert [fault[:3] for fault in list_faults(folder)] == [
        ("households", "region_code", "spoilt_code"),
        ("members", "member_id", "spoilt_code"),
        ("income", "record_id", "spoilt_code"),
    ]


@pytest.mark.parametrize(
    "code", ["1E14", "7E3", "1.3", "E+14", "A-1.0", "12E+1", "#3", "东沟１号", "1,2", "O'Neil", "Nana"]
)
def test_codes_that_only_resemble_such_numbers_are_kept(make, code):
    assert list_faults(replace_codes(make, ["0013", code])) == []


def test_long_codes_that_all_end_in_zeros_are_a_warning(make):
    cut = [f"1305291010010{i:02d}000" for i in range(6)]
    report = check(replace_codes(make, cut))
    assert report.ok
    assert {(fault.table, fault.code, fault.count) for fault in report.faults} - {
        ("households", "little_income", 6)
    } == {
        ("households", "lost_digits", 6),
        ("income", "lost_digits", 6),
    }
    assert list_faults(replace_codes(make, [*cut, "130529101001001234"])) == []
    assert list_faults(replace_codes(make, cut[:4])) == []


@pytest.mark.parametrize("form", ["parquet", "csv", "parts"])
@pytest.mark.parametrize("blank", ["\t", "\u3000", "\xa0", "\u200b", "\ufeff", " ", "\n"])
def test_blanks_around_codes_are_removed_with_a_warning(make, form, blank):
    region = f"{blank}130529101001{blank}"
    rows = make.rows("households", household_id=f"0012{blank}", region_code=region, kind=f"exited{blank}")
    folder = make(form, households=rows)
    report = check(folder)
    assert report.ok
    assert [(fault.column, fault.code, fault.count) for fault in report.faults] == [
        ("household_id", "blank_around_code", 1),
        ("region_code", "blank_around_code", 1),
        ("kind", "blank_around_code", 1),
    ]
    assert repr(f"0012{blank}") in report.faults[0].message
    with open_folder(folder) as opened:
        query = f"SELECT household_id, region_code, kind FROM {opened.get_view('households')} ORDER BY ALL"
        assert opened.connection.execute(query).fetchall()[0] == ("0012", "130529101001", "exited")


def test_blanks_are_also_removed_from_columns_of_the_enum_type(make):
    folder = make()
    path = folder / "households.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT household_id || chr(9) AS household_id, * EXCLUDE (household_id) FROM '{path}')"
        f" TO '{folder / 'copy.parquet'}'"
    )
    (folder / "copy.parquet").replace(path)
    assert [(fault[2], fault[3]) for fault in list_faults(folder)] == [("blank_around_code", 2)]


def test_a_code_of_blanks_alone_is_missing(make):
    folder = make(income=make.rows("income", household_id="\u3000 "))
    assert [fault[1:3] for fault in list_faults(folder)] == [
        ("household_id", "missing_value"),
    ]


def test_a_character_inside_a_code_is_kept_and_can_be_seen_in_messages(make):
    (fault,) = check(make(income=make.rows("income", household_id="00\ufeff12"))).faults
    assert fault.code == "unknown_household"
    assert r"'00\ufeff12'" in fault.message


def test_free_text_keeps_its_blanks(make):
    assert list_faults(make(lines=make.rows("lines", source=" notice\u3000"))) == []


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_rows_with_spoilt_codes_are_not_compared_with_one_another(make, form):
    codes = {"household_id": "3.70112E+14"}
    homes = [make.rows("households")[0] | codes | {"size": size} for size in (2, 3, 4)]
    income = [make.rows("income")[0] | {"household_id": "3.70112E+14"} for _ in range(4)]
    members = [{"household_id": "3.70112E+14", "member_id": f"{i:02d}"} for i in range(9)]
    report = check(make(form, households=homes, income=income, members=members))
    assert {fault.code for fault in report.faults} == {"spoilt_code"}


def test_records_with_spoilt_numbers_and_rows_without_a_required_cell_are_not_compared(make):
    rows = [make.rows("income")[0] | {"record_id": "2.02300E+15"} for _ in range(3)]
    assert [fault[2] for fault in list_faults(make(income=rows))] == ["spoilt_code"]
    rows = [make.rows("income")[0] | {"source": None, "record_id": None} for _ in range(3)]
    assert [fault[2] for fault in list_faults(make(income=rows))] == ["missing_value"]


def test_long_codes_that_became_equal_are_explained(make):
    report = check(replace_codes(make, ["370112101000000000"] * 3))
    faults = {fault.code: fault for fault in report.faults if fault.table == "households"}
    assert faults.keys() == {"lost_digits", "duplicate_version"}
    assert "delete no row" in faults["duplicate_version"].message
    assert "不要删行" in faults["duplicate_version"].message.read("zh")


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("code", [".", "..", "东沟村/1号", "../x", "00\n12", "00\t12", "00\x7f12", "7" * 129])
def test_codes_with_which_no_page_could_be_opened_are_a_fault(make, form, code):
    report = check(replace_codes(make, ["0013", code], form))
    assert [(fault.table, fault.column, fault.code, fault.rows) for fault in report.faults] == [
        ("households", "household_id", "unusable_code", (2,)),
        ("income", "household_id", "unusable_code", (2,)),
    ]
    assert repr(code[:40]) in report.faults[0].message
    assert "CLEAN 函数" in report.faults[0].what_to_do.read("zh")


def test_other_identifiers_may_be_dots_but_hold_no_control_characters(make):
    members = [{"household_id": "0012", "member_id": code} for code in (".", "1\n2")]
    folder = make(members=members, income=make.rows("income", record_id="1\t2"))
    assert list_faults(folder) == [
        ("members", "member_id", "unusable_code", 1, (2,)),
        ("income", "record_id", "unusable_code", 1, (1,)),
    ]


@pytest.mark.parametrize("code", ["...", ".a", "..a", "a.", "东沟村／1号", "a\\b", "0 12", "7" * 128])
def test_codes_with_dots_and_blanks_inside_are_kept(make, code):
    assert list_faults(replace_codes(make, ["0013", code])) == []


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_codes_spoilt_in_one_table_are_not_blamed_on_the_tables_that_name_them(make, form):
    codes = [f"13052910100100{i}" for i in range(3)]
    sound = {
        "income": [make.rows("income")[0] | {"household_id": code} for code in codes],
        "members": [{"household_id": code, "member_id": f"{code}01"} for code in codes],
    }
    bill = {"occurred_on": make.rows("income")[0]["period_start"], "kind": "other"}
    sound["illness"] = [bill | row for row in sound["members"]]
    sound["disaster"] = [bill | {"kind": "flood", "region_code": "130529"}]
    homes = [make.rows("households")[0] | {"household_id": code} for code in codes]

    spoilt = [homes[0] | {"household_id": "1.30529E+14"}]
    assert [fault[:3] for fault in list_faults(make(form, **sound, households=spoilt))] == [
        ("households", "household_id", "spoilt_code")
    ]
    regions = [home | {"region_code": "1.30529E+11"} for home in homes]
    assert [fault[:3] for fault in list_faults(make(form, **sound, households=regions))] == [
        ("households", "region_code", "spoilt_code")
    ]
    members = [row | {"member_id": "1.30529E+16"} for row in sound["members"]]
    assert [fault[:3] for fault in list_faults(make(form, **sound | {"members": members}, households=homes))] == [
        ("members", "member_id", "spoilt_code")
    ]
    lines = make.rows("lines", region_code="13.0")
    assert [fault[:3] for fault in list_faults(make(form, **sound, households=homes, lines=lines))] == [
        ("lines", "region_code", "spoilt_code")
    ]
    unknown = [*sound["income"], make.rows("income")[0]]
    assert [fault[2] for fault in list_faults(make(form, **sound | {"income": unknown}, households=homes))] == [
        "unknown_household"
    ]


def test_households_whose_codes_were_cut_explain_unknown_households(make):
    codes = [f"37011210100100{i}00{i}" for i in range(1, 7)]
    homes = [make.rows("households")[0] | {"household_id": f"{code[:15]}000"} for code in codes]
    income = [make.rows("income")[0] | {"household_id": code, "amount": 9000.0} for code in codes]
    faults = {fault.code: fault for fault in check(make(households=homes, income=income)).faults}
    assert faults.keys() == {"lost_digits", "unknown_household"}
    assert "a spreadsheet has cut them" in faults["unknown_household"].message
    assert "被 Excel 截断" in faults["unknown_household"].message.read("zh")

"""``riskml lists`` turns lists from departments into a records folder; all persons and places here are invented."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date

import pandas as pd
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook, load_workbook

from riskml.records.contract.personal import compute_check_digit


def make_number(birth, serial):
    body = f"990777{birth}{serial:03}"
    return body + compute_check_digit(body)


HEAD, WIFE, CHILD, OTHER = (
    make_number(*own) for own in (("19700102", 11), ("19720304", 22), ("20100506", 31), ("19650708", 53))
)
PERSONS = [
    ("m1", "h1", "欧阳春林", HEAD, "m", "1970-01-02", "户主", "云岭镇", "石桥村", "990777101201", "10010000001"),
    ("m2", "h1", "蒋秀兰", WIFE, "f", "1972-03-04", "配偶", "云岭镇", "石桥村", "990777101201", "10010000001"),
    ("m3", "h1", "欧阳小满", CHILD, "m", "2010-05-06", "之子", "云岭镇", "石桥村", "990777101201", "10010000001"),
    ("m4", "h2", "邵德发", OTHER, "m", "1965-07-08", "户主", "云岭镇", "柏树村", "990777101202", "10010000002"),
]
COLUMNS = "person_id,household_id,known_from,name,id_number,sex,birth_date,relation,town,village,village_code,phone"
STRANGER = make_number("19800908", 77)

MEDICAL = [
    ["云岭县2024年4月住院人员费用明细表"],
    ["单位：元"],
    ["序号", "姓名", "身份证号码", "村", "医疗类别", "入院日期", "总费用", "个人自付"],
    [1, "欧阳春林", HEAD, "石桥村", "普通住院", "2024.4.3", "12,000.50", 5000],
    [2, "蒋秀兰", WIFE, "石桥村", "门诊慢特病", 20240410, 300, 90.5],
    [3, "邵德发", OTHER, "柏树村", "住院", "2024-02-31", 900, 100],
    [4, "邵德发", OTHER, "柏树村", "住院", "2024年4月9日", 900, 9000],
    [5, "邵德发", OTHER, "柏树村", "住院", "2042-04-09", 900, 90],
    [6, "秦有福", STRANGER, "柏树村", "住院", "2024-04-09", 800, 80],
    [7, "蒋秀兰", HEAD, "石桥村", "住院", "2024-04-21", 700, 70],
    ["合计", None, None, None, None, None, 15600.5, 14330.5],
    ["填表人：某某"],
]
CUMULATIVE = [
    ["姓名", "身份证号码", "村", "医疗类别", "入院日期", "总费用", "个人自付"],
    ["欧阳春林", HEAD, "石桥村", "普通住院", "2024-04-03", 12000.5, 3000],
    ["蒋秀兰", WIFE, "石桥村", "门诊慢特病", "2024-04-10", 300, 90.5],
    ["邵德发", OTHER, "柏树村", "住院", "2024-05-02", 400, 60],
    ["邵德发", OTHER, "柏树村", "住院", "2024-05-02", -400, -60],
]
WAGES = [
    ["2024年4月外出务工人员台账"],
    ["姓名", "身份证号", "所在村", "务工地", "月工资"],
    ["欧阳春林", HEAD, "石桥村", "外省某市", "4500元"],
    ["邵德发", OTHER, "柏树村", "本县", 3000],
]
DEATHS = [["姓名", "公民身份号码", "户籍地址", "死亡日期"], ["邵德发", OTHER, "柏树村", "2024-03-20"]]
HOUSES = [
    ["户主姓名", "户主身份证号", "村", "鉴定等级", "鉴定时间"],
    ["欧阳春林", HEAD, "石桥村", "D级", "2024-04-02"],
    ["邵德发", OTHER, "柏树村", "A级", "2024-04-02"],
]
FILES = {
    "医保局4月住院名单.xlsx": (MEDICAL, "2024-05-03"),
    "医保局1-5月大额费用.xlsx": (CUMULATIVE, "2024-06-04"),
    "人社局务工台账.xlsx": (WAGES, "2024-05-06"),
    "住建局农村房屋鉴定.xlsx": (HOUSES, "2024-05-07"),
}


def write_workbook(path, rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


@pytest.fixture
def lists(tmp_path):
    """A register and lists as received; returns the arguments of the command."""
    (tmp_path / "register").mkdir()
    persons = [",".join((*row[:2], "2024-01-01", *row[2:])) for row in PERSONS]
    (tmp_path / "register" / "persons.csv").write_text("\n".join([COLUMNS, *persons]) + "\n", "utf-8")
    villages = "village_code,town,village\n990777101201,云岭镇,石桥村\n990777101202,云岭镇,柏树村\n"
    (tmp_path / "register" / "villages.csv").write_text(villages, "utf-8")
    paths = [write_workbook(tmp_path / name, rows) for name, (rows, _) in FILES.items()]
    received = "".join(f"{name},{day}\n" for name, (_, day) in FILES.items())
    (tmp_path / "received.csv").write_text(f"file,received_on\n{received}", "utf-8-sig")
    (tmp_path / "lines.csv").write_text("region_code,effective_from,amount\n990777,2023-01-01,8000\n", "utf-8")
    outputs = {name: tmp_path / name for name in ("out", "audit.parquet", "columns.csv", "returned")}
    return [
        *("lists", *paths, "--register", tmp_path / "register", "--received", tmp_path / "received.csv"),
        *("--lines", tmp_path / "lines.csv", "--out", outputs["out"], "--audit", outputs["audit.parquet"]),
        *("--columns", outputs["columns.csv"], "--returned", outputs["returned"]),
    ]


def read_audit(folder):
    frame = pq.read_table(folder / "audit.parquet").to_pandas()
    frame["row"] = frame["row"].astype(int)
    return frame


def describe(frame, file):
    rows = frame[frame.file == file].drop_duplicates("row")
    return {row.row: (row.decision, row.reason) for row in rows.itertuples() if row.decision != "ignored"}


def test_every_row_has_one_outcome(riskml, lists, tmp_path):
    assert riskml(*lists).code == 0
    frame = read_audit(tmp_path)
    for name, (rows, _) in FILES.items():
        assert sorted(set(frame[frame.file == name].row)) == list(range(1, len(rows) + 1))
    assert not frame[frame.table == ""].duplicated(["file", "sheet", "row"]).any()
    assert describe(frame, "医保局4月住院名单.xlsx") == {
        4: ("matched", ""),
        5: ("matched", ""),
        6: ("refused", "bad_date"),
        7: ("refused", "inconsistent"),
        8: ("refused", "future_date"),
        9: ("stranger", ""),
        10: ("matched", ""),
    }
    assert describe(frame, "医保局1-5月大额费用.xlsx") == {
        2: ("matched", "corrects"),
        3: ("repeat", ""),
        4: ("matched", ""),
        5: ("matched", "withdraws"),
    }
    assert describe(frame, "住建局农村房屋鉴定.xlsx") == {2: ("matched", ""), 3: ("nothing", "")}


def test_the_name_of_one_and_the_number_of_another_member_is_their_household(riskml, lists, tmp_path):
    riskml(*lists)
    row = read_audit(tmp_path).query("file == '医保局4月住院名单.xlsx' and row == 10").iloc[0]
    assert (row.household_id, row.person_id) == ("h1", "")


def test_sums_are_compared_with_their_parts_and_never_added(riskml, lists, tmp_path):
    header = ["姓名", "身份证号", "村", "4月工资", "5月工资", "工资合计"]
    people = ["欧阳春林", HEAD, "石桥村"], ["邵德发", OTHER, "柏树村"], ["蒋秀兰", WIFE, "石桥村"]
    wages = (1000, 2000, 3000), (1500, 1500, 3000), (1200, 1300, 2600)
    rows = [[*who, *paid] for who, paid in zip(people, wages, strict=True)]
    path = write_workbook(tmp_path / "人社局工资.xlsx", [["2024年4-5月务工工资"], header, *rows])
    ran = riskml(lists[0], path, *lists[1:])
    assert "Sheet!F: 1 sum(s) differ from their parts (row 5: 2,600.00, not 2,500.00)" in ran.out
    income = pq.read_table(tmp_path / "out" / "income.parquet").to_pandas()
    assert sorted(income[income.member_id == "m2"].amount) == [1200, 1300]
    page = load_workbook(tmp_path / "returned" / path.name).active
    assert page.cell(5, 7).value == "taken; F is 2,600.00, but its parts give 2,500.00"
    assert "parts" not in page.cell(4, 7).value


def test_questions_name_the_codes_that_are_possible(riskml, lists, tmp_path):
    twin = [MEDICAL[2], [1, "欧阳春林", STRANGER, "石桥村", "住院", "2024-04-08", 500, 50]]
    path = write_workbook(tmp_path / "医保局补报.xlsx", twin)
    riskml(lists[0], path, *lists[1:])
    row = read_audit(tmp_path).query("file == '医保局补报.xlsx' and row == 2").iloc[0]
    assert (row.decision, row.candidates) == ("ask", "m1")


def test_records_are_what_the_lists_say(riskml, lists, tmp_path):
    riskml(*lists)
    assert riskml("check", tmp_path / "out").code == 0
    bills = pd.read_parquet(tmp_path / "out" / "illness.parquet")
    first, corrected = bills[bills.cost == 12000.5].sort_values("recorded_on").itertuples()
    assert first.record_id == corrected.record_id
    assert (first.self_paid, corrected.self_paid) == (5000, 3000)
    assert (str(first.recorded_on), str(corrected.recorded_on)) == ("2024-05-03", "2024-06-04")
    assert bills[bills.cost == 400].withdrawn.tolist() == [True]
    wages = pd.read_parquet(tmp_path / "out" / "income.parquet").set_index("member_id")
    assert wages.amount.to_dict() == {"m1": 4500, "m4": 3000}
    assert set(wages.period_start) == {date(2024, 4, 1)}
    members = pd.read_parquet(tmp_path / "out" / "members.parquet")
    assert members[members.working.notna()].set_index("member_id").working.to_dict() == {"m1": "migrant", "m4": "local"}
    assert members[members.member_id == "m1"].birth_year.tolist() == [1970, 1970]
    homes = pd.read_parquet(tmp_path / "out" / "households.parquet").set_index("household_id")
    assert homes["size"].to_dict() == {"h1": 3, "h2": 1}


def test_the_audit_has_the_sums_of_the_records(riskml, lists, tmp_path):
    riskml(*lists)
    frame = read_audit(tmp_path).query("table != ''")
    for table, amount in (("illness", "self_paid"), ("income", "amount"), ("events", None)):
        stored = pd.read_parquet(tmp_path / "out" / f"{table}.parquet")
        audited = frame[frame.table == table].drop_duplicates(["record_id", "recorded_on"])
        assert Counter(audited.household_id) == Counter(stored.household_id)
        if amount:
            sums = pd.to_numeric(audited[amount]).groupby(audited.household_id).sum()
            assert sums.to_dict() == pytest.approx(stored.groupby("household_id")[amount].sum().to_dict())


def test_the_last_row_about_a_record_in_the_audit_file_has_the_values_of_the_records(riskml, lists, tmp_path):
    amounts = [(3, -900, -300), (3, 900, 300), (5, 800, 200), (5, -800, -200), (5, 800, 150)]
    settled = [["欧阳春林", HEAD, "石桥村", "住院", f"2024-07-0{day}", *bill] for day, *bill in amounts]
    marked = ["姓名", "身份证号码", "村", "医疗类别", "入院日期", "总费用", "个人自付", "备注"]
    zero = ["欧阳春林", HEAD, "石桥村", "普通住院", "2024-04-03", 0, 0, "已退费"]
    paths = [write_workbook(tmp_path / "医保局7月住院.xlsx", [CUMULATIVE[0], *settled])]
    paths.append(write_workbook(tmp_path / "医保局退费住院.xlsx", [marked, zero]))
    assert riskml(lists[0], *paths, *lists[1:]).code == 0
    keys = ["record_id", "household_id", "self_paid", "withdrawn"]
    sums = []
    stored = pd.read_parquet(tmp_path / "out" / "illness.parquet").sort_values("recorded_on")
    for bills in (read_audit(tmp_path).query("table == 'illness'").sort_values("recorded_on", kind="stable"), stored):
        last = bills[keys].drop_duplicates("record_id", keep="last")
        standing = last[last.withdrawn.astype(str).str.lower() != "true"]
        sums.append(pd.to_numeric(standing.self_paid).groupby(standing.household_id).sum().to_dict())
    assert sums[0] == pytest.approx(sums[1])
    assert sums[0] == {"h1": 90.5 + 150 + 70}


def test_nobody_can_be_recognised_in_what_is_written_or_printed(riskml, lists, tmp_path):
    ran = riskml(*lists)
    numbers = [HEAD, WIFE, CHILD, OTHER, STRANGER, *(row[10] for row in PERSONS)]
    personal = [
        *numbers,
        *(number[:14] for number in numbers if len(number) == 18),
        *(row[2] for row in PERSONS),
        "秦有福",
    ]
    texts = [ran.out, ran.err, (tmp_path / "columns.csv").read_text("utf-8-sig")]
    tables = [*(tmp_path / "out").glob("*.parquet"), tmp_path / "audit.parquet"]
    assert len(tables) > 5
    texts += [pd.read_parquet(path).to_csv() for path in tables]
    assert not [text for text in personal for part in texts if text in part]


def test_a_person_who_has_died_earns_nothing_afterwards(riskml, lists, tmp_path):
    path = write_workbook(tmp_path / "公安局死亡注销.xlsx", DEATHS)
    (tmp_path / "received.csv").write_text(
        (tmp_path / "received.csv").read_text("utf-8-sig") + f"{path.name},2024-07-02\n", "utf-8-sig"
    )
    riskml(lists[0], path, *lists[1:])
    assert describe(read_audit(tmp_path), "人社局务工台账.xlsx")[4] == ("refused", "dead")
    members = pd.read_parquet(tmp_path / "out" / "members.parquet")
    assert str(members[members.member_id == "m4"].left_on.dropna().item()) == "2024-03-20"


def test_returned_lists_say_what_became_of_each_row(riskml, lists, tmp_path):
    riskml(*lists)
    original = load_workbook(tmp_path / "医保局4月住院名单.xlsx").active
    sheet = load_workbook(tmp_path / "returned" / "医保局4月住院名单.xlsx").active
    assert [sheet.cell(row, 9).value for row in (3, 4, 9, 11)] == ["Result", "taken", "not in the register", None]
    assert sheet["I6"].value == "refused; the date cannot be read"
    assert sheet["F6"].fill.start_color.rgb == sheet["I6"].fill.start_color.rgb != "00000000"
    assert sheet["C4"].value == original["C4"].value


def test_answers_decide_questions(riskml, lists, tmp_path):
    answers = "file,sheet,row,person_id\n医保局4月住院名单.xlsx,Sheet,9,m4\n医保局4月住院名单.xlsx,Sheet,10,stranger\n"
    (tmp_path / "answers.csv").write_text(answers, "utf-8")
    riskml(*lists, "--decisions", tmp_path / "answers.csv")
    outcomes = describe(read_audit(tmp_path), "医保局4月住院名单.xlsx")
    assert outcomes[9] == ("matched", "")
    assert outcomes[10] == ("stranger", "decided")


def test_an_answer_about_a_row_with_two_persons_is_about_the_one_who_was_asked(riskml, lists, tmp_path):
    register = tmp_path / "register" / "persons.csv"
    namesake = ",".join(("m5", "h3", "2024-01-01", "蒋秀兰", make_number("19820304", 62), *PERSONS[1][4:]))
    register.write_text(f"{register.read_text('utf-8')}{namesake}\n", "utf-8")
    head = ["姓名", "身份证号码", "村", "月保障金额"]
    roll = [[*head, *head], ["邵德发", OTHER, "柏树村", 300, "蒋秀兰", "", "石桥村", 400]]
    path = write_workbook(tmp_path / "2024年4月低保.xlsx", roll)
    (tmp_path / "answers.csv").write_text(f"file,sheet,row,person_id\n{path.name},Sheet,2,m5\n", "utf-8")
    persons = []
    for options in ((), ("--decisions", tmp_path / "answers.csv")):
        assert riskml(lists[0], path, *lists[1:], *options).code == 0
        frame = read_audit(tmp_path)
        persons.append(frame[(frame.file == path.name) & (frame.decision == "matched")].person_id.tolist())
    assert persons == [["m4"], ["m4", "m5"]]


def test_the_command_says_why_rows_were_left_out_and_which_sheet_is_not_clear(riskml, lists, tmp_path):
    book = load_workbook(tmp_path / "医保局4月住院名单.xlsx")
    book.active.row_dimensions[9].hidden = True
    book.save(tmp_path / "医保局4月住院名单.xlsx")
    rows = [["姓名", "身份证号", "数"], ["邵德发", OTHER, 1], ["蒋秀兰", "", 2]]
    unclear = write_workbook(tmp_path / "名单.xlsx", rows)
    text = " ".join(riskml(lists[0], unclear, *lists[1:]).out.split())
    assert "1 hidden row(s) are left out" in text
    assert "refused 1: the date cannot be read (Sheet!F)" in text
    assert "to be decided 2: it is not clear what the sheet is about (Sheet)" in text
    assert "answer: the topic of the sheet, such as illness" in text


def test_lists_of_earlier_years_leave_the_day_of_recording_open(riskml, lists, tmp_path):
    first = next(iter(FILES))
    rest = [part for part in lists if part != tmp_path / first]
    (tmp_path / "earlier").mkdir()
    (tmp_path / first).rename(tmp_path / "earlier" / first)
    (tmp_path / "earlier" / f"~${first}").write_bytes(b"left by Excel")
    assert riskml(*rest, "--history", tmp_path / "earlier").code == 0
    assert riskml("check", tmp_path / "out").code == 0
    bills = pd.read_parquet(tmp_path / "out" / "illness.parquet")
    assert bills[bills.cost == 12000.5].recorded_on.isna().tolist().count(True) == 1
    homes = pd.read_parquet(tmp_path / "out" / "households.parquet")
    assert "recorded_on" not in homes


def test_a_register_without_days_and_villages_counts_from_the_start(riskml, lists, tmp_path):
    path = tmp_path / "register" / "persons.csv"
    frame = pd.read_csv(path, dtype=str).drop(columns="known_from")
    frame.loc[frame.household_id == "h2", ["town", "village", "village_code"]] = None
    frame.to_csv(path, index=False)
    assert riskml(*lists).code == 0
    assert riskml("check", tmp_path / "out").code == 0
    homes = pd.read_parquet(tmp_path / "out" / "households.parquet").set_index("household_id")
    assert homes.region_code.to_dict() == {"h1": "990777101201", "h2": "990777"}
    assert "recorded_on" not in homes


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--received", "name,day\na,b\n", "lacks the column file"),
        ("--received", "file;received_on\na.xlsx;2024-06-01\n", "separated by semicolons, not by commas"),
        ("--lines", "effective_from\tamount\n2024-01-01\t7000,50\n", "separated by tabs, not by commas"),
        ("--received", "file,received_on\na.xlsx,soon\n", "row 2: received_on cannot be read"),
        ("--decisions", "file,sheet,row,person_id\na.xlsx,,x,m1\n", "row 2: row cannot be read"),
        ("--decisions", "file,sheet,row,person_id\na.xlsx,,1,m1\n", "1 answer(s) are about a row without data"),
        ("--lines", "region_code,effective_from,amount\n,2024-01-01,-5\n", "row 2: amount cannot be read"),
    ],
)
def test_side_files_that_cannot_be_used_are_refused(riskml, lists, tmp_path, option, text, message):
    (tmp_path / "side.csv").write_text(text, "utf-8")
    ran = riskml(*lists, option, tmp_path / "side.csv")
    assert ran.code == 1
    assert message in " ".join(ran.err.split())


def test_two_lists_with_the_same_name_are_refused(riskml, lists, tmp_path):
    (tmp_path / "more").mkdir()
    path = write_workbook(tmp_path / "more" / next(iter(FILES)), MEDICAL)
    ran = riskml(lists[0], path, *lists[1:])
    assert ran.code == 1
    assert "1 file name(s) are given twice" in ran.err


def test_the_file_of_columns_says_how_they_were_interpreted(riskml, lists, tmp_path):
    riskml(*lists)
    with (tmp_path / "columns.csv").open(encoding="utf-8-sig") as file:
        fields = {(row["file"], row["header"]): row["field"] for row in csv.DictReader(file)}
    assert fields["医保局4月住院名单.xlsx", "个人自付"] == "illness.self_paid"
    assert fields["住建局农村房屋鉴定.xlsx", "鉴定等级"] == "events.kind"


@pytest.mark.parametrize(("header", "reason"), [("保障类别", "unknown_column"), ("备注", "unknown_list")])
def test_an_amount_under_an_unknown_header_is_a_question_until_it_is_confirmed(riskml, lists, tmp_path, header, reason):
    roll = [["云岭县2024年4月农村低保"], ["姓名", "身份证号", header, "入户金额"], ["邵德发", OTHER, "低保", 300]]
    path = write_workbook(tmp_path / "花名册.xlsx", roll)
    (tmp_path / "map.yaml").write_text("confirmed:\n- {header: 入户金额, field: help.amount}\n", "utf-8")
    assert riskml(lists[0], path, *lists[1:]).code == 0
    assert describe(read_audit(tmp_path), path.name) == {3: ("ask", reason)}
    assert riskml(lists[0], path, *lists[1:], "--mapping", tmp_path / "map.yaml").code == 0
    assert describe(read_audit(tmp_path), path.name) == {3: ("matched", "")}


@pytest.mark.parametrize("option", ["--returned", "--audit", "--columns", "--register-out"])
@pytest.mark.parametrize("folder", ["out", "register"])
def test_nothing_is_written_into_the_records_or_the_register_by_mistake(riskml, lists, tmp_path, option, folder):
    before = sorted((tmp_path / "register").iterdir())
    ran = riskml(*lists, option, tmp_path / folder / "inside")
    assert ran.code == 1
    assert f"{option} must not be inside the" in ran.err
    assert sorted((tmp_path / "register").iterdir()) == before
    assert not (tmp_path / "out").exists()


def test_records_and_register_must_be_separate_folders(riskml, lists, tmp_path, monkeypatch):
    inside = [tmp_path / "register" / "out" if part == tmp_path / "out" else part for part in lists]
    assert "--out must not be inside the register" in riskml(*inside).err
    same = [tmp_path / "register" if part == tmp_path / "out" else part for part in lists]
    assert "--register must not be inside the records folder" in riskml(*same).err
    around = [tmp_path if part == tmp_path / "out" else part for part in lists]
    assert riskml(*around).code == 1
    monkeypatch.setenv("RISKML_LISTS_SECRET", str(tmp_path / "out" / "secret"))
    assert "RISKML_LISTS_SECRET must not be inside the records folder" in riskml(*lists).err


def test_a_code_that_is_not_a_countys_is_refused_even_with_a_register(riskml, lists):
    ran = riskml(*lists, "--region", "99")
    assert ran.code == 1
    assert "6 digits" in ran.err


def test_empty_lists_and_mistyped_names_are_named(riskml, lists, tmp_path):
    (tmp_path / "民政局低保.csv").write_text("", "utf-8")
    text = (tmp_path / "received.csv").read_text("utf-8-sig") + "医保局5月住院名単.xlsx,2024-06-01\n"
    (tmp_path / "received.csv").write_text(text, "utf-8")
    ran = riskml("lists", tmp_path / "民政局低保.csv", *lists[1:])
    assert ran.code == 0
    notes = " ".join(ran.err.split())
    assert "1 list(s) are empty: 民政局低保.csv" in notes
    assert "1 file(s) of --received are not among the lists; compare the names: 医保局5月住院名単.xlsx" in notes

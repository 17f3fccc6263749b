"""``riskml lists`` keeps the register: from exports, with codes in a key file or a folder; all persons are invented."""

from __future__ import annotations

import stat

import pandas as pd
import pytest

from riskml.lists.persons.key_file import SECRET_VARIABLE
from riskml.lists.persons.register import Register
from riskml.records.contract.personal import compute_check_digit


def make_number(birth, serial):
    first = f"990777{birth}{serial:03}"
    return first + compute_check_digit(first)


HEAD, WIFE, SON, OTHER, CHILD = (
    make_number(*own)
    for own in (("19700102", 11), ("19720304", 22), ("19990506", 31), ("19650708", 53), ("20240301", 71))
)
HEADER = (
    "乡（镇）,行政村,姓名,证件号码,与户主关系,家庭人口数,工资性收入,生产经营性收入,财产性收入,转移性收入,户联系电话"
)
HOME = "云岭镇,石桥村,{name},{number},{relation},{size},{wage},0,0,{transfer},{phone}"
NAMES = ("欧阳春林", "蒋秀兰", "欧阳小满", "邵德发", "欧阳多多")


def format_row(name, number, relation, size=3, wage=30000, transfer=900, phone="10010000001"):
    values = {"size": size, "wage": wage, "transfer": transfer, "phone": phone}
    return HOME.format(name=name, number=number, relation=relation, **values)


MARCH = [
    format_row("欧阳春林", HEAD, "户主"),
    format_row("蒋秀兰", WIFE, "配偶"),
    format_row("欧阳小满", SON, "之子"),
    format_row("邵德发", OTHER, "户主", 1, 8000, 100, "10010000002"),
]
JUNE = [
    format_row("欧阳小满", SON, "户主", 2, 10000, 0, "10010000003"),
    format_row("欧阳多多", CHILD, "之女", 2, 10000, 0, "10010000003"),
    format_row("欧阳春林", HEAD, "户主", 2, 20000, 900),
    format_row("蒋秀兰", WIFE, "配偶", 2, 20000, 900),
    format_row("邵德发", OTHER, "户主", 1, 8000, 100, "10010000002"),
]
BILLS = [
    "姓名,身份证号码,村,医疗类别,入院日期,总费用,个人自付",
    f"欧阳小满,{SON},石桥村,住院,2024-04-03,5000,1200",
    f"蒋秀兰,{WIFE},石桥村,住院,2024-04-08,900,300",
]
FILES = {
    "监测系统导出0301.csv": ([HEADER, *MARCH], "2024-03-01"),
    "医保局4月住院名单.csv": (BILLS, "2024-05-05"),
    "监测系统导出0630.csv": ([HEADER, *JUNE], "2024-06-30"),
}


@pytest.fixture
def lists(tmp_path, monkeypatch):
    """Two exports of a register and a list of bills between them; returns the arguments of the command."""
    monkeypatch.setenv(SECRET_VARIABLE, str(tmp_path / "secret"))
    for name, (rows, _) in FILES.items():
        (tmp_path / name).write_text("\n".join(rows) + "\n", "utf-8-sig")
    received = "".join(f"{name},{day}\n" for name, (_, day) in FILES.items())
    (tmp_path / "received.csv").write_text(f"file,received_on\n{received}", "utf-8")
    paths = [tmp_path / name for name in FILES]
    return ["lists", *paths, "--received", tmp_path / "received.csv", "--out", tmp_path / "out"]


def read(tmp_path, table):
    return pd.read_parquet(tmp_path / "out" / f"{table}.parquet")


def test_without_a_register_codes_come_from_the_exports_and_stay_in_an_encrypted_key_file(riskml, lists, tmp_path):
    ran = riskml(*lists, "--region", "990777")
    key_file = tmp_path / "out.codes"
    assert (ran.code, key_file.name in ran.out) == (0, True)
    assert riskml("check", tmp_path / "out").code == 0
    homes = read(tmp_path, "households")
    assert sorted(set(homes.household_id)) == ["H0000001", "H0000002", "H0000003"]
    assert set(homes.region_code) == {"990777100200"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (key_file, tmp_path / "secret")} == {0o600}
    content = key_file.read_bytes()
    assert not [text for text in (*NAMES, HEAD, "H0000001", "10010000001") if text.encode() in content]
    assert [one.name for one in Register.read_key_file(key_file).versions["P0000005"]] == ["欧阳多多"]


def test_nobody_can_be_recognised_without_the_key_file(riskml, lists, tmp_path):
    ran = riskml(*lists, "--region", "990777", "--audit", tmp_path / "audit.parquet")
    tables = [*(tmp_path / "out").glob("*.parquet"), tmp_path / "audit.parquet"]
    texts = [ran.out, ran.err, *(pd.read_parquet(path).to_csv() for path in tables)]
    personal = [*NAMES, HEAD, WIFE, SON, OTHER, CHILD, "10010000001", "石桥村"]
    assert not [text for text in personal for part in texts if text in part]


def test_another_run_keeps_the_codes_and_needs_no_region(riskml, lists, tmp_path):
    riskml(*lists, "--region", "990777", "--audit", tmp_path / "first.parquet")
    assert riskml(*lists, "--audit", tmp_path / "second.parquet").code == 0
    assert (tmp_path / "first.parquet").read_bytes() == (tmp_path / "second.parquet").read_bytes()


def test_a_key_file_without_its_secret_is_not_overwritten(riskml, lists, tmp_path):
    riskml(*lists, "--region", "990777")
    content = (tmp_path / "out.codes").read_bytes()
    (tmp_path / "secret").unlink()
    ran = riskml(*lists, "--region", "990777")
    assert (ran.code, SECRET_VARIABLE in ran.err) == (1, True)
    assert (tmp_path / "out.codes").read_bytes() == content


def test_a_split_household_leaves_its_successor_the_past_of_those_who_moved(riskml, lists, tmp_path):
    ran = riskml(*lists, "--region", "990777")
    assert "passed on to new households after splits and merges: 1" in ran.out
    bills = read(tmp_path, "illness")
    assert [tuple(map(str, row)) for row in bills[["household_id", "member_id", "recorded_on"]].values] == [
        ("H0000001", "P0000002", "2024-05-05"),
        ("H0000001", "P0000003", "2024-05-05"),
        ("H0000001", "P0000003", "2024-06-30"),
        ("H0000003", "P0000003", "2024-06-30"),
    ]
    assert bills.withdrawn.fillna(False).tolist() == [False, False, True, False]
    assert bills.record_id[3] == f"{bills.record_id[1]}-from-H0000001-to-H0000003"
    income = read(tmp_path, "income").query("source == 'wage'")
    stated = {(row.household_id, str(row.recorded_on)): row.amount for row in income.itertuples()}
    assert stated == {
        ("H0000001", "2024-03-01"): 30000,
        ("H0000002", "2024-03-01"): 8000,
        ("H0000001", "2024-06-30"): 20000,
        ("H0000002", "2024-06-30"): 8000,
        ("H0000003", "2024-06-30"): 10000,
    }


def test_a_register_folder_keeps_its_codes_and_is_updated_into_another_folder(riskml, lists, tmp_path):
    folder = tmp_path / "register"
    folder.mkdir()
    person = f"A-1,A,2023-12-31,欧阳春林,{HEAD},云岭镇,石桥村,990777101201"
    columns = "person_id,household_id,known_from,name,id_number,town,village,village_code"
    (folder / "persons.csv").write_text(f"{columns}\n{person}\n", "utf-8")
    (folder / "villages.csv").write_text("village_code,town,village\n990777101201,云岭镇,石桥村\n", "utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    ran = riskml(*lists, "--register", folder)
    assert (ran.code, "4 person(s) are new" in ran.err) == (0, True)
    ran = riskml(*lists, "--register", folder, "--register-out", tmp_path / "new")
    assert (ran.code, "are new" in ran.err) == (0, False)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not (tmp_path / "out.codes").exists()
    updated = Register.read(tmp_path / "new")
    assert sorted(updated.versions) == ["A-1", "P0000001", "P0000002", "P0000003", "P0000004"]
    assert [version.household_id for version in updated.versions["A-1"]] == ["A", "A", "A"]
    assert set(read(tmp_path, "households").region_code) == {"990777101201"}


def test_the_updated_register_is_never_written_among_the_records(riskml, lists, tmp_path):
    ran = riskml(*lists, "--region", "990777", "--register-out", tmp_path / "out" / "register")
    assert (ran.code, "must not be inside the records folder" in ran.err) == (1, True)
    assert not (tmp_path / "out").exists()


def test_years_of_birth_come_from_id_numbers_if_an_export_has_no_days_of_birth(riskml, lists, tmp_path):
    assert riskml(*lists, "--region", "990777").code == 0
    members = read(tmp_path, "members")
    present = members[members.left_on.isna()]
    assert set(present.birth_year) == {1970, 1972, 1999, 1965, 2024}
    assert set(present.sex) <= {"f", "m"}


def test_without_a_register_nobody_can_be_found(riskml, lists, tmp_path):
    ran = riskml("lists", lists[2], *lists[4:], "--region", "990777")
    assert ran.code == 1
    assert "There is no register" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_first_delivery_may_be_history_only(riskml, lists, tmp_path):
    history = [part for path in lists[1:4] for part in ("--history", path)]
    assert riskml("lists", *history, *lists[4:], "--region", "990777").code == 0
    assert not read(tmp_path, "illness").empty
    ran = riskml("lists", *lists[4:])
    assert ran.code == 1
    assert "No lists are given" in ran.err

"""The lists of a simulated county: invented people, readable files, and a truth that a careful reader would confirm."""

from __future__ import annotations

import csv
import hashlib
import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from riskml.errors import SimulationError
from riskml.records.contract.personal import compute_check_digit
from riskml.simulation import simulate
from riskml.simulation.lists import write_lists
from riskml.simulation.lists.identities import NUMBERS, Reader, Seen, write_name
from riskml.simulation.lists.people import People, Person

DAY = date(2024, 3, 1)


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    folder = tmp_path_factory.mktemp("county")
    simulate(folder, 90, 36, 4, truth="none", income="register")
    return folder


@pytest.fixture(scope="module", params=["1", "2"])
def lists(request, county, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"style{request.param}")
    write_lists(county, folder, request.param, 4)
    return folder


def read_cells(path, sheet):
    if path.suffix == ".csv":
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        return list(csv.reader(text.splitlines()))
    return [[cell.value for cell in row] for row in load_workbook(path)[sheet].rows]


@pytest.mark.integration
def test_every_row_of_every_sheet_has_a_truth(lists):
    truth = pd.read_parquet(lists / "truth.parquet")
    for (file, sheet), rows in truth.groupby(["file", "sheet"]):
        path = next(lists.glob(f"*/{file}"))
        cells = read_cells(path, sheet)
        assert sorted(set(rows["row"])) == list(range(1, len(cells) + 1)), (file, sheet)
        blank = rows.loc[rows["row_kind"] == "blank", "row"]
        assert not any(any(cells[row - 1]) for row in blank)


@pytest.mark.integration
def test_the_truth_agrees_with_the_cells(lists):
    truth = pd.read_parquet(lists / "truth.parquet").query(
        "decision == 'matched' and faults == '' and table == 'illness'"
    )
    register = pd.read_csv(lists / "register/persons.csv", dtype=str).drop_duplicates("person_id", keep="last")
    register = register.set_index("person_id")
    checked = 0
    for (file, sheet), rows in truth.groupby(["file", "sheet"]):
        cells = read_cells(next(lists.glob(f"*/{file}")), sheet)
        for row in rows.itertuples():
            person = register.loc[row.person_id]
            texts = [str(cell) for cell in cells[row.row - 1]]
            assert person["name"] in texts
            assert person["id_number"] in texts
            checked += 1
    assert checked > 50


@pytest.mark.integration
def test_people_are_invented(lists):
    persons = pd.read_csv(lists / "register/persons.csv", dtype=str)
    assert persons["id_number"].str.startswith("99").all()
    assert persons["phone"].str.fullmatch(r"100\d{8}").all()
    assert persons["id_number"].map(lambda number: compute_check_digit(number[:17]) == number[17]).all()
    for path in lists.glob("*/*.csv"):
        raw = path.read_bytes()
        numbers = re.findall(rb"(?<![\d-])\d{17}[\dX](?!\d)", raw)
        assert all(number.startswith(b"99") for number in numbers)


@pytest.mark.integration
def test_both_styles_hold_every_kind_of_row_and_decision(lists):
    truth = pd.read_parquet(lists / "truth.parquet")
    assert {"data", "title", "header", "total", "note", "signature", "hidden"} <= set(truth["row_kind"])
    assert {"matched", "ask", "stranger", "refused", "ignored"} == set(truth["decision"])
    assert {"illness", "help", "events", "disaster", "income", "households", "members", "monitoring"} <= set(
        truth["table"]
    )
    faults = set(truth["faults"].str.split(";").explode())
    assert {"corrected", "reversal", "again", "stranger", "id:other", "id:number"} <= faults


@pytest.mark.integration
def test_undecidable_rows_name_nobody(lists):
    undecidable = pd.read_parquet(lists / "truth.parquet").query("decision == 'ask'")
    assert (undecidable["person_id"] == "").all()
    strangers = undecidable["faults"].str.contains("stranger")
    assert (undecidable.loc[~strangers, "real_person_id"] != "").all()


@pytest.mark.integration
def test_the_same_seed_gives_the_same_files(county, lists, tmp_path):
    style = lists.name[5]
    write_lists(county, tmp_path, style, 4)
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        twin = lists / path.relative_to(tmp_path)
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(twin.read_bytes()).digest(), path.name


@pytest.mark.integration
def test_too_short_a_county_and_an_unknown_style_are_refused(county, tmp_path):
    with pytest.raises(SimulationError, match=r"style of lists is .3."):
        write_lists(county, tmp_path, "3", 1)
    simulate(tmp_path / "short", 20, 12, 1, truth="none")
    with pytest.raises(SimulationError, match="at least 24 recorded months"):
        write_lists(tmp_path / "short", tmp_path / "lists", "1", 1)


@pytest.mark.integration
@pytest.mark.parametrize(("households", "income"), [(40, "monthly"), (12, "mixed")])
def test_a_small_county_and_monthly_income_give_lists_as_well(households, income, tmp_path):
    simulate(tmp_path / "county", households, 24, 2, truth="none", income=income)
    for style in ("1", "2"):
        write_lists(tmp_path / "county", tmp_path / style, style, 2)
        truth = pd.read_parquet(tmp_path / style / "truth.parquet")
        wages = truth.query("table == 'income' and event_id.str.startswith('wage') and decision == 'matched'")
        assert (pd.to_numeric(wages["amount"]) > 0).all()
        assert len(wages)


# ---- the careful reader


def make_person(code, name, serial, village="990101101200", relation="户主", sex="m"):
    first = f"99010119800101{serial:03}"
    number = first + compute_check_digit(first)
    born = date(1980, 1, 1)
    home = [(date(2020, 1, 1), code[:2])]
    return Person(code, name, number, sex, born, relation, village, f"100{serial:08}", date(2020, 1, 1), home)


@pytest.fixture
def reader():
    persons = [
        make_person("H1-1", "王建国", 11),
        make_person("H1-2", "李红梅", 12, relation="配偶", sex="f"),
        make_person("H2-1", "王建国", 13),
        make_person("H3-1", "陈永福", 15, village="990101101201"),
        make_person("H4-1", "陈勇富", 17, village="990101101200"),
    ]
    villages = {"990101101200": ("石桥镇", "东风村"), "990101101201": ("石桥镇", "新华村")}
    return Reader(People({p.person_id: p for p in persons}, villages, [date(2024, 1, 1)]))


HERE = frozenset(["990101101200"])


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "fault", "code", "expected"),
    [
        ("王建国", "", "H1-1", ("matched", set())),
        ("王建国", "missing", "H1-1", ("ask", set())),  # two of this name live here
        ("李红梅", "missing", "H1-2", ("matched", {"ask"})),
        ("李红梅", "number", "H1-2", ("matched", set())),
        ("王建国", "mask_tail", "H1-1", ("ask", set())),  # both share the first 14 digits
        ("王建国", "mask_mid", "H1-1", ("matched", set())),
        ("陈勇富", "", "H4-1", ("matched", set())),
        ("陈永福", "missing", "H4-1", ("matched", {"ask"})),  # sounds alike, and the village agrees
        ("赵无此", "missing", "H1-1", ("ask", {"stranger"})),
    ],
)
def test_a_careful_reader_decides_only_what_the_row_shows(reader, name, fault, code, expected):
    person = reader.people.persons[code]
    _, number, quality = (
        NUMBERS[fault](person.number, np.random.default_rng(1)) if fault else (None, person.number, "full")
    )
    decision, accept, _ = reader.judge(Seen(name, number, quality, HERE), person, "person", DAY)
    assert (decision, accept) == expected


@pytest.mark.unit
def test_the_number_of_somebody_else_is_undecidable(reader):
    owner = reader.people.persons["H3-1"]
    decision, _, _ = reader.judge(
        Seen("李红梅", owner.number, "full", HERE), reader.people.persons["H1-2"], "person", DAY
    )
    assert decision == "ask"


@pytest.mark.unit
def test_the_number_of_a_relative_leaves_the_household_certain(reader):
    seen = Seen("李红梅", reader.people.persons["H1-1"].number, "full", HERE)
    assert reader.judge(seen, reader.people.persons["H1-2"], "person", DAY) == ("matched", {"ask"}, "household")


@pytest.mark.unit
@pytest.mark.parametrize("fault", [name for name in NUMBERS if name not in ("typo", "swap", "short", "missing")])
def test_what_is_known_about_a_number_fits_it(fault):
    number = "99010119800101011" + compute_check_digit("99010119800101011")
    _, seen, _ = NUMBERS[fault](number, np.random.default_rng(0))
    assert re.fullmatch(seen.replace("?", "."), number)


@pytest.mark.unit
def test_a_wife_is_named_after_the_head(reader):
    head, wife = (reader.people.persons[code] for code in ("H1-1", "H1-2"))
    cell, name, wife_of = write_name("wife", wife, head, np.random.default_rng(0))
    assert cell.startswith("王建国")
    assert cell.endswith("妻")
    assert (name, wife_of) == ("王建国", True)

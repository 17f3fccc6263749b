"""Nine small lists from departments: outcomes of rows and records are what a careful reader would expect."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from openpyxl import Workbook

from riskml.lists.deliveries import read_deliveries
from riskml.lists.persons.register import Register
from riskml.lists.taking import take
from riskml.lists.writing import read_back

CONTENT = yaml.safe_load(Path(__file__).with_name("department_lists.yaml").read_text(encoding="utf-8"))
KINDS = {"help": "measure", "income": "source"}
DAYS = {"help": "started_on", "income": "period_start"}
AMOUNTS = {"illness": ("cost", "self_paid"), "disaster": ("loss",)}


def write_csv(path, rows, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)


def write_workbook(path, content):
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in content["sheets"].items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
        for cells in content.get("merged", ()):
            sheet.merge_cells(cells)
    book.save(path)


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Return the folder with the records from the lists, the outcomes of their rows, and the conversions of values."""
    folder = tmp_path_factory.mktemp("department-lists")
    write_csv(folder / "persons.csv", CONTENT["persons"])
    write_csv(folder / "villages.csv", [("village_code", "town", "village"), *CONTENT["villages"]])
    for content in CONTENT["lists"]:
        path = folder / content["file"]
        if path.suffix == ".csv":
            write_csv(path, content["sheets"][""], "gb18030")
        else:
            write_workbook(path, content)
    files = [folder / content["file"] for content in CONTENT["lists"]]
    received = {content["file"]: content["received_on"] for content in CONTENT["lists"]}
    register = Register.read(folder)
    taken = take(read_deliveries(files, [], register, received, date.max, None, lambda _: None), register, {})
    taken.book.write(folder / "records", None)
    return folder / "records", read_back(folder / "records", taken.rows).to_pylist(), taken.conversions


def list_records(folder):
    """List the records that count in the end, in the format of `department_lists.yaml`."""
    records = Counter()
    for table in ("illness", "help", "income", "disaster", "events"):
        latest = {}
        rows = pq.read_table(folder / f"{table}.parquet").to_pylist()
        for row in sorted(rows, key=lambda row: row["recorded_on"] or date.min):
            latest[row["record_id"]] = row
        for row in latest.values():
            if not row.get("withdrawn"):
                amounts = (row.get(name) for name in AMOUNTS.get(table, ("amount",)))
                day, kind = row[DAYS.get(table, "occurred_on")], row[KINDS.get(table, "kind")]
                records[(table, row["household_id"], row.get("member_id"), day, kind, *amounts)] += 1
    return records


def test_every_row_has_the_outcome_that_a_careful_reader_expects(taken):
    rows = {
        (row["file"], row["sheet"], int(row["row"])): (row["decision"], row["person_id"], row["household_id"])
        for row in taken[1]
        if row["decision"] != "ignored"
    }
    wrong = {}
    for content in CONTENT["lists"]:
        for sheet, number, decision, who in content["outcomes"]:
            own = rows.pop((content["file"], sheet, number))
            if own[0] != decision or (who and who not in own[1:]):
                wrong[content["file"], sheet, number] = (own, decision, who)
    assert (wrong, rows) == ({}, {})


def test_the_records_say_what_the_lists_say_in_the_end(taken):
    expected = Counter(tuple(row) for row in CONTENT["records"])
    records = list_records(taken[0])
    assert (records - expected, expected - records) == (Counter(), Counter())


def test_the_audit_has_as_many_records_and_as_much_money_as_the_records_folder(taken):
    folder, audit, _ = taken
    for table in ("illness", "help", "income", "disaster", "events"):
        amounts = AMOUNTS.get(table, ("amount",))
        stored = pq.read_table(folder / f"{table}.parquet").to_pylist()
        audited = {}
        for row in (row for row in audit if row.get("table") == table):  # a bill and its reversal are one record
            values = {name: value for name, value in row.items() if value}
            audited[row["record_id"], row["recorded_on"]] = values | audited.get(
                (row["record_id"], row["recorded_on"]), {}
            )
        tallies = []
        for rows in (stored, audited.values()):
            tally = Counter()
            for row in rows:
                tally[row["household_id"], "records"] += 1
                tally.update({(row["household_id"], name): round(float(row.get(name) or 0), 2) for name in amounts})
            tallies.append(tally)
        assert stored
        assert tallies[0] == tallies[1], table


def test_every_conversion_is_counted(taken):
    counts = {file.split(".")[0]: dict(own) for file, own in taken[2].items()}
    assert counts["畜禽损失核查表"]["disaster.loss", "thousands"] == 4
    assert counts["畜禽损失核查表"]["disaster.occurred_on", "year_from_title"] == 4
    destitute = counts["特困供养资金发放明细(2024"]
    assert destitute["village", "from_title"] == destitute["town", "from_title"] == 4
    assert (destitute["id_number", "number_restored"], destitute["id_number", "number_of_15"]) == (1, 1)
    assert counts["柳河青石两乡镇4—6月医疗费用"]["id_number", "number_restored"] == 1
    assert counts["公岗补贴"]["id_number", "number_form"] == 2
    assert counts["农村住房安全动态监测"]["town", "from_title"] == 5

"""``POST /v1/records`` agrees with ``riskml check``: a row with a fault is refused, and the response has the same
warnings."""

from __future__ import annotations

import csv

import pytest

from riskml.policy import load_policy
from riskml.records.checking.check import check
from riskml.records.checking.registry import CHECKS
from riskml.records.contract.faults import Severity
from riskml_serving.store.records.repository import read_rows

VILLAGE, TODAY = "370112001001", "2023-06-30"
HOME = {"household_id": "h1", "region_code": VILLAGE, "size": 2}
BILL = {"household_id": "h1", "occurred_on": "2023-06-01", "kind": "inpatient", "cost": 900, "self_paid": 300}


def make_income(month=1, **own):
    return {"household_id": "h1", "period_start": f"2023-{month:02d}-01", "source": "wage", "amount": 1000, **own}


def make_members(n, **own):
    return [{"household_id": "h1", "member_id": str(i), "birth_year": 1980, **own} for i in range(n)]


YEAR = [make_income(month, period_start=f"2022-{month:02d}-01") for month in range(1, 13)]
WARNINGS = {
    "size of 400": ("households", [{**HOME, "size": 400}], {"above_plausible"}),
    "born 2062": ("members", make_members(1, birth_year=2062), {"future_day"}),
    "bill of 2052": ("illness", [{**BILL, "occurred_on": "2052-03-01"}], {"future_day", "recorded_before_day"}),
    "period of 60 months": ("income", [make_income(months=60, amount=60000)], {"above_plausible"}),
    "self-paid above cost": ("illness", [{**BILL, "self_paid": 9000}], {"self_paid_above_cost"}),
    "twice the same": ("income", [make_income(), make_income()], {"equal_rows"}),
    "long ago": (
        "events",
        [{"household_id": "h1", "occurred_on": "2015-01-01", "kind": "accident", "recorded_on": TODAY}],
        {"recorded_very_late"},
    ),
    "year beside its months": (
        "income",
        [*YEAR, make_income(period_start="2022-01-01", months=12, amount=12000)],
        {"sum_beside_parts"},
    ),
    "codes of a survey": ("income", [make_income(month, amount=-8) for month in (3, 4, 5)], {"survey_code"}),
    "year beside nine of its months": (
        "income",
        [*YEAR[:9], make_income(period_start="2022-01-01", months=12, amount=16000)],
        {"sum_beside_parts"},
    ),
    "years that overlap": (
        "income",
        [make_income(period_start=day, months=12, amount=12000) for day in ("2021-10-01", "2022-01-01")],
        {"sum_beside_parts"},
    ),
    "income of a billion": ("income", [make_income(amount=1e9)], {"above_plausible", "much_income"}),
    "roster of five": ("members", make_members(5), {"size_against_members"}),
    "zero for a month to come": (
        "income",
        [make_income(7, amount=0.0)],
        {"zero_ahead", "recorded_before_day"},
    ),
    "record numbers that start again": (
        "income",
        [
            make_income(month, amount=900 + 10 * month + number, record_id=str(number), recorded_on=day)
            for month, day in ((3, TODAY), (4, "2023-07-15"))
            for number in (1, 2)
        ],
        {"record_numbers_reused"},
    ),
    "corrections": (
        "income",
        [
            make_income(3, amount=amount, record_id=str(number), recorded_on=day)
            for amount, day in ((900, TODAY), (950, "2023-07-15"))
            for number in (1, 2)
        ],
        set(),
    ),
    "wages in ten thousands": (
        "income",
        [make_income(month, period_start=f"2022-{month:02d}-01", amount=month * month / 100) for month in range(1, 8)],
        {"amount_in_ten_thousands"},
    ),
    "wages in fen": (
        "income",
        [make_income(month, period_start=f"2022-{month:02d}-01", amount=300_000 + month) for month in range(1, 8)],
        {"amount_in_fen", "much_income"},
    ),
    "bills in ten thousands": (
        "illness",
        [{**BILL, "occurred_on": f"2023-0{i}-09", "cost": i / 10, "self_paid": i / 20} for i in range(1, 7)],
        {"amount_in_ten_thousands"},
    ),
    "fees of a village clinic": (
        "illness",
        [
            {**BILL, "kind": "outpatient", "occurred_on": f"2023-0{i}-09", "cost": 3 + i, "self_paid": i}
            for i in range(1, 7)
        ],
        set(),
    ),
    "help in fen": (
        "help",
        [
            {"household_id": "h1", "started_on": f"2023-0{i}-01", "measure": "grant", "amount": 300_000 + i}
            for i in range(1, 7)
        ],
        {"amount_in_fen"},
    ),
    "day of 1970": ("illness", [{**BILL, "occurred_on": "1970-01-01"}], {"early_day"}),
    "plain": ("income", [make_income()], set()),
    "full roster": ("members", make_members(2), set()),
}
AID = {"household_id": "h1", "started_on": "2023-05-01", "measure": "grant"}
STATEMENT = make_income(period_start="2022-01-01", months=12, amount=12000, statement=True)
LINE = {"region_code": "37", "effective_from": "2022-01-01", "amount": 6000}
FAULTS = {
    "a number as a code": ("members", [{"household_id": "h1", "member_id": "11010519491231002X"}], "personal_code"),
    "size of two thousand million": ("households", [{**HOME, "size": 2_000_000_000}], "above_maximum"),
    "size of nobody": ("households", [{**HOME, "size": 0}], "below_minimum"),
    "region of five digits": ("households", [{**HOME, "region_code": "37011"}], "bad_region"),
    "telephone": ("households", [{**HOME, "联系电话": "13812345678"}], "personal_attribute"),
    "period of 2000 months": ("income", [make_income(months=2000)], "above_maximum"),
    "period that ends after 2100": ("income", [make_income(months=1100)], "date_out_of_range"),
    "period and a half": ("income", [make_income(months=1.5)], "not_whole"),
    "period from the second": ("income", [make_income(period_start="2023-01-02")], "not_month_start"),
    "amount in words": ("income", [make_income(amount="三千")], "bad_number"),
    "no source": ("income", [make_income(source=None)], "missing_value"),
    "other source": ("income", [make_income(source="rent")], "unknown_code"),
    "null amount": ("income", [make_income(amount=None)], "withdraws_nothing"),
    "record number of Java": ("income", [make_income(record_id="9.90101000001E14")], "spoilt_code"),
    "record twice": ("income", [make_income(n, record_id="1") for n in (3, 4)], "duplicate_record"),
    "statement twice": ("income", [STATEMENT, STATEMENT | {"amount": 13000}], "duplicate_statement"),
    "total beside a source": ("income", [make_income(3), make_income(3, source="total")], "total_and_sources"),
    "born 2262": ("members", make_members(1, birth_year=2262), "date_out_of_range"),
    "member twice": ("members", make_members(1) * 2, "duplicate_version"),
    "bill of 2152": ("illness", [{**BILL, "occurred_on": "2152-03-01"}], "date_out_of_range"),
    "bill of some day in May": ("illness", [{**BILL, "occurred_on": "2023.5"}], "bad_date"),
    "bill of a sum": ("illness", [{**BILL, "household_id": "合计"}], "no_code"),
    "bill of a slash": ("illness", [{**BILL, "household_id": "h/1"}], "unusable_code"),
    "bill of somebody unknown": ("illness", [{**BILL, "household_id": "h9"}], "unknown_household"),
    "help that ends before it starts": ("help", [{**AID, "ended_on": "2023-04-01"}], "ends_before_start"),
    "perhaps urgent help": ("help", [{**AID, "emergency": "perhaps"}], "bad_flag"),
    "flood nowhere": ("disaster", [{"occurred_on": "2023-05-01", "kind": "flood"}], "household_or_region"),
    "line twice": ("lines", [LINE, LINE | {"amount": 6500}], "duplicate_line"),
}


@pytest.fixture
def send(client, key):
    headers = key()

    def post(**tables):
        return client.post("/v1/records", json={"tables": tables}, headers=headers)

    assert post(households=[HOME], income=[make_income(2)]).status_code == 200
    return post


@pytest.fixture
def check_folder(tmp_path):
    """Return a function that checks the same rows in a folder, as recorded today, and returns the codes by severity."""

    folder = tmp_path / "records"
    folder.mkdir()

    def run(table, rows):
        tables = {
            "households": [HOME],
            "income": [make_income(2)],
            "lines": [{"effective_from": "2020-01-01", "amount": 6000}],
        }
        tables[table] = rows if table == "households" else [*tables.get(table, []), *rows]
        for name, all_rows in tables.items():
            if name not in ("lines", "households"):
                all_rows = [{"recorded_on": TODAY, **row} for row in all_rows]
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(dict.fromkeys(column for row in all_rows for column in row)))
                writer.writeheader()
                writer.writerows(all_rows)
        return {
            severity: {f.code for f in check(folder).faults if f.severity == severity}
            for severity in ("fault", "warning")
        }

    return run


@pytest.mark.parametrize("kind", WARNINGS)
def test_the_response_has_the_warnings_of_riskml_check(kind, send, check_folder):
    table, rows, codes = WARNINGS[kind]
    answer = send(**{table: rows})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {warning["code"] for warning in body["warnings"]} == codes
    assert body["warning_count"] == len(body["warnings"])
    assert all(warning["path"].startswith(f"tables.{table}[") for warning in body["warnings"])
    assert not any(str(rows[0].get(name)) in str(body["warnings"]) for name in ("amount", "self_paid", "birth_year"))
    codes_there = check_folder(table, rows)
    only_there = {"one_recording_day"} | ({"no_line", "recorded_very_late"} if kind != "long ago" else set())
    assert codes_there["fault"] == set()
    assert codes_there["warning"] - only_there == codes


@pytest.mark.parametrize("kind", FAULTS)
def test_rows_with_a_fault_in_riskml_check_are_refused(kind, send, check_folder):
    table, rows, code = FAULTS[kind]
    answer = send(**{table: rows})
    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["errors"][0]["path"].startswith(f"tables.{table}[")
    assert code in check_folder(table, rows)["fault"]


def test_every_fault_of_a_row_is_refused_in_requests():
    faults = {rule.code for rule in CHECKS if rule.severity is Severity.FAULT}
    assert faults - {code for *_, code in FAULTS.values()} == {"not_finite"}  # neither CSV nor JSON can hold it


@pytest.mark.parametrize("numbered", [False, True])
def test_a_delivery_sent_again_is_reported_once(make_client, send, key, numbered):
    rows = [make_income(month, period_start=f"2022-{month:02d}-01") for month in range(1, 7)]
    if numbered:
        rows = [{**row, "record_id": f"a{i}"} for i, row in enumerate(rows)]
    assert send(income=rows).json()["warnings"] == []
    later = make_client(today="2023-07-31")
    if numbered:
        same = later.post("/v1/records", json={"tables": {"income": rows}}, headers=key())
        assert same.json()["warnings"] == []  # each row corrects the one with its number
        rows = [{**row, "record_id": f"b{i}", "amount": 1100} for i, row in enumerate(rows)]
        assert later.post("/v1/records", json={"tables": {"income": rows}}, headers=key()).json()["warnings"] == []
        later = make_client(today="2023-08-31")
        rows = [{**row, "record_id": f"c{i}"} for i, row in enumerate(rows)]
    (warning,) = later.post("/v1/records", json={"tables": {"income": rows}}, headers=key()).json()["warnings"]
    assert (warning["path"], warning["code"]) == ("tables.income[0].recorded_on", "delivered_twice")
    assert warning["detail"] == "不同登记日期的两批数据内容相同"


@pytest.mark.parametrize("kind", WARNINGS)
def test_scores_come_with_the_same_warnings(kind, client, key):
    table, rows, codes = WARNINGS[kind]
    income = rows if table == "income" else [make_income(2)]
    tables = {"households": [HOME], "income": income} | {table: rows}
    codes = codes - {"recorded_before_day", "zero_ahead"}  # without a day of recording
    answer = client.post("/v1/scores", json={"tables": tables}, headers=key())
    assert answer.status_code == 200, answer.text
    assert {warning["code"] for warning in answer.json()["warnings"]} == codes
    assert answer.json()["warning_count"] == len(answer.json()["warnings"])


def test_a_first_delivery_of_old_rows_is_not_late(send):
    rows = [make_income(period_start=f"2015-{month:02d}-01") for month in range(1, 13)]
    assert send(income=rows).json()["warnings"] == []
    rows = [{**row, "period_start": f"2014{row['period_start'][4:]}", "recorded_on": TODAY} for row in rows]
    assert {warning["code"] for warning in send(income=rows).json()["warnings"]} == {"recorded_very_late"}


@pytest.mark.parametrize("amount", [600, 7200, 70000])
def test_lines_far_from_the_usual_ones_are_reported(amount, send, client, key):
    line = {"region_code": "370112", "effective_from": "2022-01-01", "amount": amount, "source": "county"}
    sent = [
        client.post("/v1/records", json={"tables": {"lines": [line]}}, headers=key("", "write", "admin")),
        client.post(
            "/v1/scores",
            json={"tables": {"households": [HOME], "income": [make_income()], "lines": [line]}},
            headers=key(),
        ),
    ]
    for answer in sent:
        assert answer.status_code in (200, 202), answer.text
        reported = [(warning["path"], warning["code"]) for warning in answer.json()["warnings"]]
        assert reported == [("tables.lines[0].amount", "implausible_line")] * (amount != 7200)


def test_a_line_far_from_the_one_before_is_reported(client, key):
    lines = [
        {"region_code": "370112", "effective_from": f"{year}-01-01", "amount": amount, "source": "county"}
        for year, amount in ((2021, 2600), (2022, 8000))
    ]
    headers = key("", "write", "admin")
    for line, codes in zip(lines, ([], ["implausible_line"]), strict=True):
        answer = client.post("/v1/records", json={"tables": {"lines": [line]}}, headers=headers)
        assert [warning["code"] for warning in answer.json()["warnings"]] == codes, answer.text


LINES = {
    "one ten times too high": (6200, 6900, 65000, 7500, 8000),
    "first one monthly": (520, 6900, 7200),
    "all a twelfth": (520, 570, 610),
    "steep but plausible": (2500, 8000, 9000),
    "two jumps": (2500, 2600, 8000, 8100),
    "down again": (6000, 19000, 6100, 6200),
}


@pytest.mark.parametrize("region", ["370112", "99"])  # the policy table has lines for the first one's province
@pytest.mark.parametrize("kind", LINES)
def test_lines_are_compared_as_in_a_folder(kind, region, client, key, tmp_path):
    lines = [
        {"region_code": region, "effective_from": f"{2018 + i}-01-01", "amount": amount, "recorded_on": ""}
        for i, amount in enumerate(LINES[kind])
    ]
    lines[1] |= {"recorded_on": lines[1]["effective_from"]}
    home = {**HOME, "region_code": "370112001001"}
    for name, rows in {"households": [home], "income": [make_income()], "lines": lines}.items():
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    report = check(tmp_path, usual_lines=load_policy().usual_lines)
    (there,) = [fault.rows for fault in report.faults if fault.code == "implausible_line"] or [()]
    sent = [{**line, "recorded_on": line["recorded_on"] or None} for line in lines]
    tables = {"households": [home], "income": [make_income()], "lines": sent}
    answer = client.post("/v1/scores", json={"tables": tables}, headers=key())
    assert answer.status_code == 200, answer.text
    here = [one["path"] for one in answer.json()["warnings"] if one["code"] == "implausible_line"]
    assert here == [f"tables.lines[{row - 1}].amount" for row in there]


def test_end_dates_far_ahead_are_accepted_as_in_a_folder(send):
    rows = [{"household_id": "h1", "started_on": "2023-05-01", "ended_on": "2999-12-31", "measure": "grant"}]
    answer = send(help=rows)
    assert (answer.status_code, answer.json()["warnings"]) == (200, [])


def test_columns_of_row_numbers_are_passed_over_as_in_a_folder(client, key):
    income = [{"index": i, **make_income(i + 1), "Unnamed: 0": i} for i in range(3)]
    homes = [{**HOME, "__index_level_0__": 7, "": "x", "序号": 1, "index": 4}]
    for address in ("/v1/records", "/v1/scores"):
        answer = client.post(address, json={"tables": {"households": homes, "income": income}}, headers=key())
        assert answer.status_code == 200, answer.text
        passed = {one["path"] for one in answer.json()["warnings"] if one["code"] == "passed_over_column"}
        assert passed == {
            "tables.households[0].__index_level_0__",
            "tables.households[0].",
            "tables.households[0].序号",
            "tables.income[0].index",
            "tables.income[0].Unnamed: 0",
        }
    answer = client.post("/v1/records", json={"tables": {"income": [{**make_income(4), "level": 1}]}}, headers=key())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "extra_forbidden")


def test_an_attribute_of_the_model_is_read_as_riskml_check_reads_it(client, key, monkeypatch):
    model = client.app.state.holder.current
    monkeypatch.setitem(vars(model), "attributes", {"land": "number", "crop": "text"})
    cells = {"h1": ("-", 3), "h2": ("1,200 亩", "玉米"), "h3": ("2.5", True), "h4": (None, None), "h5": (True, 2.5)}
    homes = [{**HOME, "household_id": home, "land": land, "crop": crop} for home, (land, crop) in cells.items()]
    for address in ("/v1/scores", "/v1/records"):
        tables = {"households": homes, "income": [make_income()]}
        answer = client.post(address, json={"tables": tables}, headers=key())
        assert answer.status_code == 200, answer.text
        odd = [one["path"] for one in answer.json()["warnings"] if one["code"] == "odd_attribute"]
        assert odd == [f"tables.households[{i}].land" for i in (0, 1, 4)]
    with client.app.state.engine.connect() as connection:
        columns = read_rows(connection, "households", sorted(cells))
    assert columns["land"] == [None, 1200.0, 2.5, None, None]
    assert columns["crop"] == ["3", "玉米", "true", None, "2.5"]


@pytest.mark.parametrize(
    ("as_of", "words"),
    [("2030-12-31", "no income is recorded after 2023-02"), ("2019-12-31", "no income is recorded before 2023-02")],
)
def test_a_date_outside_the_records_is_reported_with_the_words_of_riskml_score(client, key, as_of, words):
    tables = {"households": [HOME], "income": [make_income(2)]}
    answer = client.post("/v1/scores", json={"as_of": as_of, "tables": tables}, headers=key())
    (warning,) = answer.json()["warnings"]
    assert (warning["path"], warning["code"]) == ("as_of", "as_of_outside")
    assert words in warning["detail_en"]
    assert "收入" in warning["detail"]
    answer = client.post("/v1/scores", json={"as_of": "2023-03-15", "tables": tables}, headers=key())
    assert answer.json()["warnings"] == []

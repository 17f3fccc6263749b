"""What staff find on visits can be exported as records for retraining, and `riskml check` accepts the export."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from riskml.records.checking.check import check_folder
from riskml.records.reading.folder import open_folder

HERE = "370112001001"


def confirm(client, headers, code, category="borderline", **more):
    body = {"outcome": "confirmed", "category": category, **more}
    answer = client.post(f"/v1/households/{code}/verifications", json=body, headers=headers)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def client_with_households(client, key):
    headers = key()
    households = [{"household_id": code, "region_code": HERE, "size": 2} for code in ("h1", "h2")]
    answer = client.post("/v1/records", json={"tables": {"households": households}}, headers=headers)
    assert answer.status_code == 200, answer.text
    return client, headers


def get_export(client, headers, **query):
    return client.get("/v1/verifications/monitoring", params=query, headers=headers)


def test_the_export_is_a_valid_table(client_with_households, make_client, tmp_path):
    """Export a visit entered twice, a finding changed on a later day, entries on two days, and two households."""
    client, headers = client_with_households
    confirm(client, headers, "h1", causes=["work"])
    confirm(client, headers, "h1", "sudden_hardship", causes=["illness", "work"])
    confirm(client, headers, "h1", verified_on="2023-06-01")
    confirm(client, headers, "h2")
    late = make_client(today=dt.date(2023, 7, 1))
    confirm(late, headers, "h1", "unstable_exit", verified_on="2023-06-30")
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "income.csv").write_text("household_id,period_start,source,amount\nh1,2023-05-01,wage,900\n")
    (folder / "lines.csv").write_text("region_code,effective_from,amount\n,2020-01-01,7000\n")
    pd.DataFrame({"household_id": ["h1", "h2"], "region_code": HERE, "size": 2}).to_csv(
        folder / "households.csv", index=False
    )
    answer = get_export(late, headers, format="csv")
    (folder / "monitoring.csv").write_bytes(answer.content)
    with open_folder(folder) as opened:
        report = check_folder(opened)
        assert opened.count_rows("monitoring") == 4
    assert [(fault.table, fault.code) for fault in report.faults] == []
    rows = get_export(late, headers).json()["monitoring"]
    entries = [(row["household_id"], row["entered_on"], row["recorded_on"], row["category"]) for row in rows]
    assert entries == [
        ("h1", "2023-06-30", "2023-06-30", "sudden_hardship"),
        ("h1", "2023-06-01", "2023-06-30", "borderline"),
        ("h2", "2023-06-30", "2023-06-30", "borderline"),
        ("h1", "2023-06-30", "2023-07-01", "unstable_exit"),
    ]


def test_only_a_confirmed_visit_with_a_category_replaces_the_entry_of_the_same_day(client_with_households):
    client, headers = client_with_households
    confirm(client, headers, "h1")
    for body in ({"outcome": "confirmed"}, {"outcome": "rejected", "reason": "not_so"}):
        assert client.post("/v1/households/h1/verifications", json=body, headers=headers).status_code == 201
    page = get_export(client, headers, limit=1).json()
    assert [row["category"] for row in page["monitoring"]] == ["borderline"]
    first = page["next"]
    assert get_export(client, headers, since=first).json()["monitoring"] == []
    confirm(client, headers, "h1", "sudden_hardship")
    again = get_export(client, headers, since=first).json()["monitoring"]
    assert [row["category"] for row in again] == ["sudden_hardship"], "the export must contain the replacement"


def test_a_code_in_the_csv_file_is_never_read_as_a_formula(client_with_households):
    client, headers = client_with_households
    household = {"household_id": "=1+1", "region_code": HERE, "size": 2}
    assert client.post("/v1/records", json={"tables": {"households": [household]}}, headers=headers).status_code == 200
    confirm(client, headers, "%3D1+1")
    assert get_export(client, headers, format="csv").text.splitlines()[1].startswith("'=1+1,")

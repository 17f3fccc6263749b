"""The demo imports complete towns up to a limited number of households, invents names of regions, creates one account
for each role, and simulates visits."""

from __future__ import annotations

import csv
import datetime as dt

import pyarrow.parquet as pq
from sqlalchemy import text

from riskml.outcomes import label
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.splits import Settings as Span
from riskml_serving.base.database import open_engine, reading
from riskml_serving.commands.demo.accounts import create_accounts
from riskml_serving.commands.demo.county import ENDS, KNOWN_BY, choose_towns, write_region_names
from riskml_serving.commands.demo.history import NOTE, VISITS_A_MONTH
from riskml_serving.commands.demo.serve import prepare_demo
from riskml_serving.people.accounts import ROLES
from riskml_serving.people.auth import Caller
from riskml_serving.web.overview.service import gather_overview


def test_only_records_of_the_chosen_towns_up_to_the_date_are_kept_and_no_true_outcomes(county, tmp_path):
    until = dt.date(2022, 12, 31)
    towns = choose_towns(county, tmp_path / "few", 1, until)
    homes = pq.read_table(tmp_path / "few" / "households.parquet")
    assert {code[:9] for code in homes["region_code"].to_pylist()} == set(towns)
    kept = set(homes["household_id"].to_pylist())
    for path in (tmp_path / "few").glob("*.parquet"):
        table = pq.read_table(path)
        if "household_id" in table.column_names:
            assert set(table["household_id"].to_pylist()) <= kept | {None}
        for name in (*KNOWN_BY, *ENDS):
            if name in table.column_names:
                known = [day for day in table[name].to_pylist() if day is not None]
                assert max(known, default=until) <= until, f"{path.stem}.{name}"
    assert not (tmp_path / "few" / "truth.parquet").exists()


def test_every_region_gets_a_made_up_name(tmp_path):
    write_region_names(["990101101200", "990101102201"], tmp_path / "names.csv")
    with (tmp_path / "names.csv").open(encoding="utf-8") as file:
        rows = {row["code"]: row["name"] for row in csv.DictReader(file)}
    assert set(rows) == {"990101", "990101101", "990101102", "990101101200", "990101102201"}
    assert rows["990101"] == "示范县"


def test_each_demo_account_has_its_own_password_and_can_sign_in(site):
    accounts = create_accounts(site.engine, site.world.villages)
    assert [account.role for account in accounts] == list(ROLES)
    assert len({account.password for account in accounts}) == len(accounts)
    for account in accounts:
        site.client.cookies.clear()
        assert site.sign_in(account.username, account.password).status_code == 303
        assert "演示" in site.get("/worklist").text


def test_the_simulated_visits_find_what_happened_to_the_households(county, county_records, bundle_path, tmp_path):
    last, today, first = dt.date(2023, 6, 30), dt.date(2022, 12, 31), dt.date(2022, 10, 31)
    settings, accounts = prepare_demo(tmp_path, bundle_path, county, last, max_households=1, months=3)
    assert settings.today == today
    engine = open_engine(settings.database_url)
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT * FROM verifications ORDER BY verification_id")).mappings().all()
        days = connection.execute(text("SELECT DISTINCT as_of FROM scores ORDER BY as_of")).scalars().all()
        page = gather_overview(connection, "", Caller("test", "", frozenset(("read",))), today)
        households = connection.execute(text("SELECT count(*) FROM households")).scalar_one()
    engine.dispose()
    assert days == ["2022-10-31", "2022-11-30", "2022-12-31"]
    assert {row["verified_on"] for row in rows} == {"2022-11-03", "2022-12-03"}, "the last month is still to be visited"
    assert VISITS_A_MONTH < len(rows) <= min(households, 4 * VISITS_A_MONTH)
    early = [row["household_id"] for row in rows if row["verified_on"] == "2022-11-03"]
    assert len(set(early)) == len(early), "no household is visited twice in a month"
    assert {row["note"] for row in rows} == {NOTE}
    assert NOTE.startswith("演示")
    assert {row["created_by"] for row in rows} <= {f"user:{account.username}" for account in accounts}
    labels = label(county_records, [to_day(first)], Span(horizon=8), load_policy())
    codes = county_records.household_id[labels.household]
    fell = {code: {1: "confirmed", 0: "rejected", -1: "pending"}[y] for code, y in zip(codes, labels.y, strict=True)}
    early = [row for row in rows if row["verified_on"] == "2022-11-03" and row["probability"] is not None]
    assert [row["outcome"] for row in early] == [fell[row["household_id"]] for row in early]
    assert {"confirmed", "rejected"} <= {row["outcome"] for row in rows}
    assert sum(row["visits"] for row in page["yields"]) == sum(row["outcome"] != "pending" for row in rows)
    assert any(row["true"] for row in page["yields"])

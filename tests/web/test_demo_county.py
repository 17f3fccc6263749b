"""What the demo brings in: whole towns up to a number, made-up names, one account a role."""

from __future__ import annotations

import csv

import pyarrow.parquet as pq

from riskml_serving.accounts import ROLES
from riskml_serving.demo.accounts import make_accounts
from riskml_serving.demo.county import choose_towns, name_regions


def test_towns_are_taken_whole_and_the_truth_stays_behind(county, tmp_path):
    towns = choose_towns(county, tmp_path / "few", 1)
    homes = pq.read_table(tmp_path / "few" / "households.parquet")
    assert {code[:9] for code in homes["region_code"].to_pylist()} == set(towns)
    kept = set(homes["household_id"].to_pylist())
    for path in (tmp_path / "few").glob("*.parquet"):
        table = pq.read_table(path)
        if "household_id" in table.column_names:
            assert set(table["household_id"].to_pylist()) <= kept | {None}
    assert not (tmp_path / "few" / "truth.parquet").exists()


def test_every_region_gets_a_made_up_name(tmp_path):
    name_regions(["990101101200", "990101102201"], tmp_path / "names.csv")
    with (tmp_path / "names.csv").open(encoding="utf-8") as file:
        rows = {row["code"]: row["name"] for row in csv.DictReader(file)}
    assert set(rows) == {"990101", "990101101", "990101102", "990101101200", "990101102201"}
    assert rows["990101"] == "示范县"


def test_accounts_of_the_demo_have_passwords_of_their_own_and_sign_in(site):
    accounts = make_accounts(site.engine, site.world.villages)
    assert [account.role for account in accounts] == list(ROLES)
    assert len({account.password for account in accounts}) == len(accounts)
    for account in accounts:
        site.client.cookies.clear()
        assert site.sign_in(account.username, account.password).status_code == 303
        assert "演示" in site.get("/worklist").text

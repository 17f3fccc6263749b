"""The staff pages on both databases: all their queries run, and a finding that staff record changes the list."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskml_serving.base.database import reading, writing
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.people.accounts.provider import Person
from riskml_serving.people.accounts.sessions import Attempt, resolve_session, sign_in_by_provider

PATHS = (
    "/worklist",
    "/worklist?state=overdue",
    "/worklist?state=unverified&signal=red&tier=likely&agreement=both",
    "/worklist?state=settled",
    "/worklist?state=monitored&category=borderline",
    "/worklist?state=all&category=none&cause=illness",
    "/worklist?q=H0",
    "/worklist.xlsx?state=all",
    "/overview",
    "/overview.xlsx",
    "/model",
)


def write_first_households(county, folder, n):
    """Write the records of the first households into a folder; return their codes."""
    codes = sorted(set(pq.read_table(county / "households.parquet")["household_id"].to_pylist()))[:n]
    folder.mkdir()
    for path in county.glob("*.parquet"):
        table = pq.read_table(path)
        if path.stem == "truth":
            continue
        if "household_id" in table.column_names:
            table = table.filter(pc.is_in(table["household_id"], pa.array(codes)))
        pq.write_table(table, folder / path.name)
    return codes


def test_every_page_works_on_either_database(client, sign_in_county, county, tmp_path):
    state = client.app.state
    codes = write_first_households(county, tmp_path / "few", 25)
    region = pq.read_table(county / "households.parquet")["region_code"][0].as_py()[:6]
    sign_in_county(client, region, health_details=True)
    for path in PATHS:
        assert client.get(path).status_code == 200, f"{path} on an empty database"
    import_folder(state.engine, tmp_path / "few", state.settings.today, state.holder.current, simulated=True)
    for path in PATHS:
        assert client.get(path).status_code == 200, path
    listed = re.findall(r'href="/households/([^"?]+)"', client.get("/worklist?state=all").text)
    assert sorted(listed) == codes
    page = client.get(f"/households/{codes[0]}")
    assert page.status_code == 200
    once = re.search(r'name="once" value="([^"]+-v)"', page.text)[1]
    form = {"csrf": re.search(r'name="csrf" value="([^"]+)"', page.text)[1], "once": once, "outcome": "confirmed"}
    for _ in range(2):
        assert "核实结果已保存" in client.post(f"/households/{codes[0]}/verifications", data=form).text
    assert client.get(f"/households/{codes[0]}").text.count("/undo") == 1
    assert client.get(f"/households/{codes[0]}/export.xlsx").status_code == 200
    for path in PATHS:
        assert client.get(path).status_code == 200, f"{path} with a finding"


def test_a_provider_account_is_stored_on_either_database_and_updated_at_each_sign_in(client):
    state = client.app.state
    for role, region in (("county", "370112"), ("township", "370112001")):
        with writing(state.engine) as connection:
            person = Person("oidc:1", "王芳", role, region, health_details=False, identity=False)
            token = sign_in_by_provider(Attempt(connection, state.settings, "r", "127.0.0.1"), person)
        with reading(state.engine) as connection:
            user = resolve_session(connection, state.settings, token)
        assert (user.code, user.caller.region) == (role, region)

"""What a service stores comes back as a records folder that passes the check, and that another database can import."""

from __future__ import annotations

import datetime as dt

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml.lists.writing import make_table
from riskml.policy import load_policy
from riskml.records.checking.check import check
from riskml.records.panel.store import Records
from riskml.splits import Settings
from riskml.training import train
from riskml_serving.base.database import open_engine, upgrade, writing
from riskml_serving.commands.cli import app
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.importing.withdrawal import withdraw_import
from riskml_serving.operations.exporting.service import export_records
from riskml_serving.store.facts.repository import undo_facts
from riskml_serving.store.facts.service import settle_facts

TODAY = dt.date(2023, 6, 30)
HOME = "370112001001"


def read_bytes(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def import_into_new(folder, tmp_path, name):
    engine = open_engine(f"sqlite:///{tmp_path / name}.db")
    upgrade(engine)
    import_folder(engine, folder, TODAY, simulated=True)
    return engine


def export_twice(engine, tmp_path):
    """Export, import into an empty database, export again; return both folders."""
    first, second = tmp_path / "first", tmp_path / "second"
    export_records(engine, first)
    other = import_into_new(first, tmp_path, "other")
    export_records(other, second)
    other.dispose()
    return first, second


@pytest.fixture
def send(client, key):
    headers = key()

    def post(path, **body):
        answer = client.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    return post


def test_an_imported_county_comes_back_the_same(stored_county, engine, small_county, tmp_path):
    first, second = export_twice(engine, tmp_path)
    assert read_bytes(first) == read_bytes(second)
    assert check(first).ok
    for path in sorted(small_county.glob("*.parquet")):
        if path.stem != "truth":
            rows = pq.read_table(path)
            mine = pq.read_table(first / path.name)
            assert mine.num_rows == rows.num_rows
            names = [name for name in rows.column_names if name in mine.column_names]
            assert set(rows.column_names) - set(names) <= {
                c for c in rows.column_names if not rows[c].is_valid().to_numpy().any()
            }
            order = [(name, "ascending") for name in names]
            assert mine.select(names).sort_by(order).to_pylist() == rows.select(names).sort_by(order).to_pylist()


def test_an_exported_county_passes_check_and_trains_the_same_model(tmp_path, county, trained):
    engine = import_into_new(county, tmp_path, "county")
    folder = tmp_path / "exported"
    export_records(engine, folder)
    engine.dispose()
    assert check(folder).ok
    again = train(Records.load(folder), Settings(), load_policy(), folder=folder)
    assert again.evaluation["models"]["riskml"] == trained.evaluation["models"]["riskml"]
    assert again.evaluation["split"] == trained.evaluation["split"]


def test_corrections_splits_visits_and_an_undone_import_come_back_the_same(client, send, tmp_path):
    engine = client.app.state.engine
    wage = {"household_id": "h1", "period_start": "2023-05-01", "source": "wage", "amount": 900, "record_id": "5"}
    homes = [
        {"household_id": "h1", "region_code": HOME, "size": 3, "roof": 1, "wall": " 砖 "},
        {"household_id": "h2", "region_code": HOME, "size": 2, "roof": "tin"},
    ]
    for home in homes:  # in a request, too, a record number is unique; but requests do not know of one another
        own = {"households": [home], "income": [{**wage, "household_id": home["household_id"]}], "illness": []}
        send("/v1/records", tables=own)
    send("/v1/records", tables={"income": [{**wage, "amount": 800}]})  # on the same day, in place of the first
    successors = [{"household_id": code, "region_code": HOME, "size": 1} for code in ("h3", "h4")]
    send("/v1/records", tables={"households": successors, "income": []})
    send("/v1/households/h2/closure", because="split", followed_by=["h3", "h4"])
    visit = {"outcome": "confirmed", "category": "sudden_hardship", "causes": ["illness"], "note": "王家的老二病了"}
    for outcome in (
        visit,
        {**visit, "category": "borderline"},
        {"outcome": "rejected", "reason": "not_so"},
        {"outcome": "not_met"},
    ):
        send("/v1/households/h1/verifications", **outcome)
    with writing(engine) as connection:
        connection.execute(text("UPDATE verifications SET undone_at = created_at WHERE outcome = 'rejected'"))
        undone = connection.execute(text("SELECT verification_id FROM verifications WHERE undone_at IS NOT NULL"))
        undo_facts(connection, undone.scalar_one())
        settle_facts(connection, ["h1"], "test")
    folder = tmp_path / "withdrawn"
    folder.mkdir()
    for name, row in {
        "households": {**homes[0], "household_id": "h9"},
        "income": {**wage, "household_id": "h9"},
    }.items():
        row = {**row, **({"period_start": dt.date(2023, 5, 1)} if name == "income" else {})}
        pq.write_table(make_table(name, [row]), folder / f"{name}.parquet")
    pq.write_table(make_table("lines", []), folder / "lines.parquet")
    withdraw_import(engine, import_folder(engine, folder, TODAY, simulated=True).import_id, TODAY)

    first, second = export_twice(engine, tmp_path)
    assert read_bytes(first) == read_bytes(second)
    assert sorted(path.stem for path in first.iterdir()) == [
        "events",
        "households",
        "illness",
        "income",
        "lines",
        "monitoring",
    ]
    rows = {path.stem: pq.read_table(path).to_pylist() for path in first.iterdir()}
    assert {row["household_id"] for row in rows["households"]} == {"h1", "h2", "h3", "h4"}
    assert [(row["household_id"], row["amount"]) for row in rows["income"]] == [("h1", 800.0), ("h2", 900.0)]
    assert len({row["record_id"] for row in rows["income"]}) == 2, "within a folder, a record number is unique"
    assert {row["kind"] for row in rows["events"]} == {"visit"}
    assert sorted(row["withdrawn"] is True for row in rows["events"]) == [False, False, True]
    [entry] = rows["monitoring"]
    assert (entry["category"], entry["causes"], entry["recorded_on"]) == ("borderline", "illness", TODAY)
    assert "王家" not in str(rows)
    assert {row["household_id"]: (row["roof"], row["wall"]) for row in rows["households"]}["h1"] == ("1.0", " 砖 ")


def test_a_database_that_imports_its_own_export_has_no_visit_or_bill_twice(client, send, tmp_path):
    bill = {"occurred_on": "2023-05-01", "kind": "inpatient", "cost": 9000, "record_id": "5"}
    flood = {"occurred_on": "2023-05-01", "kind": "flood", "record_id": "5"}
    for own in ({"household_id": "h1"}, {"household_id": "h2"}):  # of two households, with the same number
        home, wage = {"region_code": HOME, "size": 3}, {"period_start": "2023-05-01", "source": "wage", "amount": 900}
        rows = {"households": home, "income": {**wage, "record_id": "6"}, "illness": bill, "disaster": flood}
        send("/v1/records", tables={name: [own | row] for name, row in rows.items()})
    send("/v1/households/h1/verifications", outcome="confirmed", category="borderline")
    engine = client.app.state.engine
    export_records(engine, tmp_path / "first")
    done = import_folder(engine, tmp_path / "first", TODAY, simulated=True)
    assert done.rows == 1, "the entry"
    export_records(engine, tmp_path / "second")
    assert read_bytes(tmp_path / "first") == read_bytes(tmp_path / "second")


def test_the_command_writes_an_empty_folder_only_and_says_what_is_missing(engine, database_url, tmp_path, small_county):
    def run(out):
        return CliRunner().invoke(app, ["export", str(out), "--db", database_url])

    assert isinstance(run(tmp_path / "none").exception, UsageError)
    assert not list(tmp_path.glob("none*"))
    import_folder(engine, small_county, TODAY, simulated=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    assert "is not an empty folder" in str(run(tmp_path / "full").exception)
    (tmp_path / "out").mkdir()
    done = run(tmp_path / "out")
    assert done.exit_code == 0, done.exception
    assert "Exported to" in done.output
    assert not list(tmp_path.glob("*.part"))
    with engine.connect() as connection:
        assert "records.export" in connection.execute(text("SELECT action FROM audit")).scalars().all()


CELLS = st.sampled_from([None, 0, 1.5, 2, True, "1", "01", "x", " y ", "2024-01-01", ""])
HOMES = st.lists(st.fixed_dictionaries({"a": CELLS, "b": CELLS}), min_size=1, max_size=4)
RECORD = st.tuples(st.integers(1, 3), st.sampled_from([None, -2.5, 0.0, 7.0]), st.sampled_from(["r", "s"]))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOMES, st.lists(RECORD, max_size=3, unique_by=lambda row: row[2]))
def test_whatever_a_request_stores_is_exported_the_same_after_an_import(client, key, tmp_path_factory, homes, records):
    with writing(client.app.state.engine) as connection:
        for table in ("record_households", "record_income", "households", "current_scores"):
            connection.execute(text(f"DELETE FROM {table}"))
    headers = key()
    for i, cells in enumerate(homes):
        code = {"household_id": f"h{i}"}
        home = code | {"region_code": HOME, "size": 2} | {name: x for name, x in cells.items() if x is not None}
        income = [
            code | {"period_start": f"2023-0{month}-01", "source": "wage", "amount": amount, "record_id": number}
            for month, amount, number in [*records, (4, 1.0, "t")]
        ]
        body = {"tables": {"households": [home], "income": income}}
        answer = client.post("/v1/records", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    first, second = export_twice(client.app.state.engine, tmp_path_factory.mktemp("any"))
    assert read_bytes(first) == read_bytes(second)

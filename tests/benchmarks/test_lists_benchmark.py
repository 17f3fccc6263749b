"""``riskml benchmark lists``: a perfect reader meets every bound, and each kind of mistake shows in its own figure."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from riskml.benchmarks.lists import BOUNDS, read_lists, score
from riskml.benchmarks.targets import check_targets
from riskml.simulation import simulate
from riskml.simulation.lists import write_lists

pytestmark = pytest.mark.integration
MONEY = {"illness": "self_paid", "disaster": "loss", "events": "amount", "help": "amount", "income": "amount"}


@pytest.fixture(scope="module")
def perfect(tmp_path_factory):
    """Return the folder of lists that somebody read without a mistake."""
    folder = tmp_path_factory.mktemp("perfect")
    simulate(folder / "county", 60, 36, 3, truth="none", income="register")
    write_lists(folder / "county", folder, "2", 3)
    truth = pd.read_parquet(folder / "truth.parquet")
    result = truth.assign(record_id=truth["event_id"].where(truth["table"] != "", ""))
    taken = result["decision"] == "matched"
    result.loc[~taken, ["record_id", "table"]] = ""
    result.loc[taken & (result["table"] == ""), "decision"] = "nothing"
    result.to_parquet(folder / "result.parquet")
    meta = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["files"]
    columns = [
        (file, sheet, column["column"], column["field"])
        for file, noted in meta.items()
        for sheet, page in noted["sheets"].items()
        for column in page["columns"]
    ]
    frame = pd.DataFrame(columns, columns=["file", "sheet", "column", "field"])
    frame.to_csv(folder / "columns.csv", index=False)
    return folder


@pytest.fixture
def copied(perfect, tmp_path):
    return shutil.copytree(perfect, tmp_path / "copy")


def change(folder, edit, name="result.parquet"):
    frame = pd.read_parquet(folder / name) if name.endswith("parquet") else pd.read_csv(folder / name, dtype=str)
    frame = edit(frame)
    frame.to_parquet(folder / name) if name.endswith("parquet") else frame.to_csv(folder / name, index=False)
    return score(folder)


def choose(frame, query):
    return frame.query(f"file.str.contains('累计') and {query}").iloc[0][["file", "sheet", "row"]]


def select(frame, row):
    return (frame[["file", "sheet", "row"]] == row).all(axis=1)


def test_a_perfect_reader_meets_every_bound(perfect):
    figures = score(perfect)
    assert all(target["met"] for target in check_targets(figures, BOUNDS).values()), figures
    assert figures["rows"] > 200
    assert figures["matched_right"] == figures["undecidable_asked"] == figures["values_right"] == 1


@pytest.mark.parametrize(
    ("query", "values", "figure"),
    [
        ("decision == 'matched'", {"household_id": "H0"}, "wrong_of_imported"),
        ("decision == 'matched' and accept == ''", {"decision": "ask", "table": ""}, "asked_needlessly"),
        ("decision == 'matched' and self_paid != ''", {"self_paid": "1"}, "values_right"),
        ("decision == 'matched'", {"person_id": "H0-1"}, "matched_right"),
        ("decision == 'matched' and accept == ''", {"decision": "stranger", "table": ""}, "matched_right"),
        ("decision == 'stranger'", {"decision": "matched", "household_id": "H0000001"}, "wrong_of_imported"),
    ],
)
def test_each_mistake_shows_in_its_figure(copied, query, values, figure):
    before = score(copied)

    def edit(frame):
        mask = select(frame, choose(frame, query))
        for name, value in values.items():
            frame.loc[mask, name] = value
        return frame

    assert change(copied, edit)[figure] != before[figure]


def test_a_row_without_an_outcome_is_lost(copied):
    figures = change(copied, lambda frame: frame[~select(frame, choose(frame, "decision == 'matched'"))])
    assert figures["lost"] == 1


def test_a_total_that_became_a_record_is_counted(copied):
    def edit(frame):
        frame.loc[frame.index[frame["row_kind"] == "total"][0], "decision"] = "matched"
        return frame

    assert change(copied, edit)["not_data_imported"] == 1


def test_an_event_with_two_records_is_counted(copied):
    def edit(frame):
        repeated = frame.query("repeat and table == 'illness' and decision == 'matched'").index[0]
        frame.loc[repeated, "record_id"] = "another"
        return frame

    assert change(copied, edit)["counted_twice"] == 1


def test_columns_are_right_missed_or_wrong(copied):
    def edit(frame):
        cost = frame.index[frame["field"] == "illness.cost"]
        frame.loc[cost[-1], "field"] = "illness.self_paid"
        frame.loc[frame.index[frame["field"] == "help.amount"][-1], "field"] = "other"
        return frame

    figures = change(copied, edit, "columns.csv")
    assert figures["columns_wrong"] == 1
    assert 0.9 < figures["columns_mapped"] < 1


def sum_up(frame, column):
    """Return number and sum of the records of each household or region; rows of one day with one number are one."""
    owners = frame.reindex(columns=["household_id", "region_code"]).replace("", None).bfill(axis=1)["household_id"]
    rows = pd.DataFrame({"owner": owners.astype(str), "money": pd.to_numeric(frame[column])})
    return rows.groupby(key(frame)).first().fillna({"money": 0}).groupby("owner")["money"].agg(["size", "sum"])


def key(frame):
    return frame["record_id"] + " " + frame["recorded_on"].astype(str)


def test_the_records_of_every_household_have_the_sums_of_the_audit(copied):
    speed = read_lists(copied)
    assert speed.get("cpu_seconds", 1) > 0
    assert speed.get("peak_rss_mb", 100) > 50
    figures = score(copied)
    assert figures["lost"] == figures["not_data_imported"] == figures["counted_twice"] == 0
    result = pd.read_parquet(copied / "result.parquet").query("decision == 'matched' and record_id != ''")
    for table, column in MONEY.items():
        audit, frame = result[result["table"] == table], pd.read_parquet(copied / f"records/{table}.parquet")
        listed = key(frame).isin(key(audit))
        pd.testing.assert_frame_equal(sum_up(frame[listed], column), sum_up(audit, column), check_dtype=False)
        # the shares of successors, and what remains of a divided record, are in no list
        divided = {code.rpartition("-from-")[0] for code in frame["record_id"]}
        assert all("-from-" in code or code in divided for code in frame.loc[~listed, "record_id"])

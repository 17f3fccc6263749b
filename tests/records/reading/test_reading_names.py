"""An attribute may have any name, even one that riskml uses in its own queries."""

import csv
import json

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskml.features.build import build
from riskml.records.checking.check import check, open_checked
from riskml.records.contract.calendar import to_day
from riskml.records.contract.personal import is_personal_name
from riskml.records.contract.schema import TABLES
from riskml.records.panel.store import Records
from riskml.records.reading.cell_sql import strip_blanks
from riskml.records.reading.folder import open_folder

IN_QUERIES = """
    region size_1 known #row #file first n h i r code filename file_row_number household recorded grp prefix since count
    index select amount c1 line prefixes homes h.i #hits month is_null value table key 100% a;b a:b [x] {y} it's \\ //
    attribute raw #raw months whole copy twice latest records_income 是否"三保障"户 人口（人） a,b
"""
NAMES = [*IN_QUERIES.split(), "attribute region", "#raw size", "e\nf", "#path of the file"]
few = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
names = st.sampled_from(NAMES) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


def is_plain(name):
    declared = {column.lower() for column in TABLES["households"].names}
    plain = strip_blanks(name) == name and name.lower() not in declared and "\r" not in name
    return plain and "\x00" not in name and not ("\n" in name and "," in name) and not is_personal_name(name)


def write(folder, form, attributes):
    """Write households with these attributes as CSV or Parquet."""
    rows = {"household_id": ["0012", "0013"], "region_code": ["130529101001"] * 2, "size": [3, 2], **attributes}
    (folder / "households.parquet").unlink()
    if form == "csv":
        with (folder / "households.csv").open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([rows, *zip(*rows.values(), strict=True)])
    else:
        pq.write_table(pa.table(rows), folder / "households.parquet")
    return folder


@few
@given(
    pair=st.lists(names.filter(is_plain), min_size=2, max_size=2, unique_by=str.lower),
    form=st.sampled_from(["csv", "parquet"]),
)
def test_an_attribute_of_any_name_is_checked_and_becomes_a_feature(make, pair, form):
    number, text = pair
    folder = write(make(), form, {number: [1.5, 7.0], text: ["yes", "no"]})
    assert check(folder).faults == ()
    with open_checked(folder) as opened:
        assert opened.attributes == {number: "number", text: "text"}
        features = build(Records.load(opened).panel(to_day("2023-06-30")))
    columns = {column.name: features.values[:, i] for i, column in enumerate(features.columns)}
    assert len(columns) == len(features.columns)
    assert columns[f"attribute_{number}"].tolist() == [1.5, 7.0]
    assert features.levels[f"attribute_{text}"] == ("no", "yes")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_all_names_in_queries_at_once(make, tmp_path, form):
    attributes = {name: [1.5, 2.5] for name in NAMES if name != "attribute region"}
    folder = write(make(income=make.rows("income", source="x")), form, attributes)
    with open_checked(folder, tmp_path / "bad.json") as opened:
        assert opened.skipped == {"unknown_code": 1}
        query = f'SELECT "#row" FROM {opened.get_numbered_view("households")} ORDER BY 1'
        assert opened.connection.execute(query).fetchall() == [(1,), (2,)]
        assert opened.connection.sql(opened.build_rows_sql("households")).columns[6:] == [*attributes]
    (row,) = duckdb.connect().execute(f"SELECT content::VARCHAR FROM '{tmp_path / 'bad.json'}'").fetchall()
    assert json.loads(row[0])["source"] == "x"


def test_rows_are_numbered_in_parts_with_a_column_of_row_numbers(make):
    folder = make("parts")
    for path in (folder / "households").iterdir():
        table = pq.read_table(path)
        pq.write_table(table.append_column("file_row_number", [[70] * len(table)]), path)
    with open_folder(folder) as opened:
        query = f'SELECT "#file", "#row" FROM {opened.get_numbered_view("households")} ORDER BY ALL'
        assert opened.connection.execute(query).fetchall() == [("part-0.parquet", 1), ("part-1.parquet", 1)]


def test_the_feature_for_a_change_does_not_take_the_name_of_another_attribute(make):
    rows = [row | {"land": float(i), "land_change": 9.0} for i, row in enumerate(make.rows("households"))]
    with open_folder(make(households=rows)) as opened:
        features = build(Records.load(opened).panel(to_day("2023-06-30")))
    values = {column.name: features.values[0, i] for i, column in enumerate(features.columns) if "land" in column.name}
    assert [*values] == [f"attribute_land{end}" for end in ("", "_change_", "_change", "_change_change")]
    assert values["attribute_land_change"] == 9.0

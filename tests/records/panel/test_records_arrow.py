"""Arrow tables, as a database delivers them, give the same panel as Python lists and as a folder of files."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from riskml.errors import RecordsError
from riskml.features import build
from riskml.policy import load_policy
from riskml.records.contract.arrow_types import ARROW_TYPES, cast_table
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import TABLES
from riskml.records.panel.arrow import build_attribute
from riskml.records.panel.store import Records

AS_OF = to_day(dt.date(2023, 6, 30))


def convert_columns(tables):
    """Convert columns to the types that a database without a date type has."""
    out = {}
    for name, columns in tables.items():
        out[name] = pa.table(
            {
                column: pa.array([v.isoformat() if isinstance(v, dt.date) else v for v in values])
                for column, values in columns.items()
            }
        )
    return out


TABLES_OF = {
    "households": {
        "household_id": ["a", "a", "b"],
        "recorded_on": [None, dt.date(2023, 1, 1), None],
        "region_code": ["370112001001"] * 3,
        "size": [3, 4, 2],
        "hill": [True, True, None],
        "hectares": [1, 1.5, None],
    },
    "income": {
        "household_id": ["a", "b", "a"],
        "period_start": [dt.date(2023, 1, 1), dt.date(2022, 1, 1), dt.date(2023, 1, 1)],
        "months": [None, 12, 1],
        "source": ["wage", "total", "wage"],
        "amount": [100, 2400.5, 300],
        "recorded_on": [None, None, dt.date(2023, 3, 1)],
        "record_id": ["r1", None, "r1"],
    },
    "illness": {
        "household_id": ["a"],
        "occurred_on": [dt.date(2023, 2, 3)],
        "kind": ["inpatient"],
        "cost": [30000.0],
        "self_paid": [9000.0],
        "withdrawn": [None],
    },
    "disaster": {
        "household_id": [None, "b"],
        "region_code": ["370112", None],
        "occurred_on": [dt.date(2023, 5, 1), dt.date(2023, 5, 2)],
        "kind": ["flood", "hail"],
        "loss": [None, 500.0],
    },
    "lines": {"region_code": [""], "effective_from": [dt.date(2020, 1, 1)], "amount": [8000]},
}


def build_matrix(records):
    return build(records.panel(AS_OF))


def test_arrow_tables_give_the_same_features_as_plain_tables():
    lines = load_policy().lines
    expected = build_matrix(Records.from_tables(TABLES_OF, lines))
    columns = {name: dict(cells) for name, cells in TABLES_OF.items()}
    columns["households"]["hill"] = ["true", "true", None]
    actual = build_matrix(Records.from_arrow(convert_columns(columns), lines))
    assert actual.columns == expected.columns
    assert np.array_equal(actual.values, expected.values, equal_nan=True)


def test_a_county_in_arrow_tables_equals_the_county_in_a_folder(county_records, county):
    import pyarrow.parquet as pq

    tables = {
        name: pq.read_table(county / f"{name}.parquet") for name in TABLES if (county / f"{name}.parquet").exists()
    }
    actual = build_matrix(Records.from_arrow(tables, load_policy().lines))
    expected = build_matrix(county_records)
    assert np.array_equal(actual.values, expected.values, equal_nan=True)


EMPTY_TYPES = [pa.int64(), pa.string(), pa.float64(), pa.null(), pa.bool_(), pa.date32()]


@pytest.mark.parametrize("empty", EMPTY_TYPES, ids=str)
def test_an_empty_table_counts_as_known_whatever_the_types_of_its_columns(empty):
    lines = load_policy().lines
    optional = {name: {column: [] for column in table.names} for name, table in TABLES.items() if not table.required}
    expected = build_matrix(Records.from_tables(TABLES_OF | optional, lines))
    tables = convert_columns(TABLES_OF) | {
        name: pa.table({column: pa.array([], empty) for column in columns}) for name, columns in optional.items()
    }
    tables["households"] = tables["households"].set_column(4, "hill", pa.array(["true", "true", None]))
    actual = build_matrix(Records.from_arrow(tables, lines))
    assert actual.columns == expected.columns
    assert np.array_equal(actual.values, expected.values, equal_nan=True)


@pytest.mark.parametrize("name", TABLES)
def test_every_column_without_values_is_cast_to_its_type(name):
    table = TABLES[name]
    wanted = [ARROW_TYPES[column.kind] for column in table.columns]
    for type_ in EMPTY_TYPES:
        for rows in (0, 2):
            blank = pa.table({column: pa.nulls(rows, type_) for column in [*table.names, "attributes"]})
            cast = cast_table(name, blank)
            assert cast.schema.types == [*wanted, type_], "undeclared columns keep their type"
            assert cast.num_rows == rows


def test_columns_are_cast_from_the_types_of_a_database_without_dates_and_flags():
    text = pa.table({"household_id": ["a"], "started_on": ["2023-02-03"], "emergency": [1], "amount": [5]})
    assert cast_table("help", text).to_pylist() == [
        {"household_id": "a", "started_on": dt.date(2023, 2, 3), "emergency": True, "amount": 5.0}
    ]
    assert cast_table("households", pa.table({"size": [2.0]})).schema.types == [pa.int32()]


@pytest.mark.parametrize("odd", [["soon"], [3], [True]])
def test_an_error_for_a_value_of_the_wrong_type_names_its_column_but_not_the_value(odd):
    with pytest.raises(RecordsError, match="'help', column 'started_on'") as caught:
        cast_table("help", pa.table({"started_on": odd}))
    assert "soon" not in str(caught.value)


def test_an_attribute_without_values_changes_nothing_else():
    lines = load_policy().lines
    tables = convert_columns(TABLES_OF)
    expected = build_matrix(Records.from_arrow(tables, lines))
    for type_ in (pa.null(), pa.float64()):
        tables["households"] = convert_columns(TABLES_OF)["households"].append_column("garden", pa.nulls(3, type_))
        actual = build_matrix(Records.from_arrow(tables, lines))
        assert [name for name in actual.names if "garden" in name] == ["attribute_garden", "attribute_garden_change"]
        kept = [i for i, name in enumerate(actual.names) if "garden" not in name]
        assert np.array_equal(actual.values[:, kept], expected.values, equal_nan=True)


def test_flag_and_date_attributes_become_text_as_in_a_folder():
    lines = load_policy().lines
    cells = TABLES_OF["households"] | {"since": [dt.date(2020, 1, 1), None, None]}
    expected = build_matrix(Records.from_tables(TABLES_OF | {"households": cells}, lines))
    tables = convert_columns(TABLES_OF)
    tables["households"] = pa.table(cells)
    actual = build_matrix(Records.from_arrow(tables, lines))
    assert actual.columns == expected.columns
    assert np.array_equal(actual.values, expected.values, equal_nan=True)


def test_missing_tables_and_columns_are_named():
    with pytest.raises(RecordsError, match="households"):
        Records.from_arrow({})
    tables = convert_columns(TABLES_OF)
    tables["income"] = tables["income"].drop_columns(["amount"])
    with pytest.raises(RecordsError, match="amount"):
        Records.from_arrow(tables)
    with pytest.raises(RecordsError, match="fingerprint"):
        _ = Records.from_arrow(convert_columns(TABLES_OF)).fingerprint


def test_empty_strings_in_an_attribute_become_null_as_in_a_file():
    assert build_attribute(["", None]).to_pylist() == [None, None]
    assert build_attribute(["", "red", float("nan")]).to_pylist() == [None, "red", None]

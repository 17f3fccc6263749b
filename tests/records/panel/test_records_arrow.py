"""Arrow tables, as a database delivers them, give the panel that plain tables and a folder give."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from riskml.errors import RecordsError
from riskml.features import build
from riskml.policy import load_policy
from riskml.records.contract.calendar import day_of
from riskml.records.contract.schema import TABLES
from riskml.records.panel.store import Records

AS_OF = day_of(dt.date(2023, 6, 30))


def plain(tables):
    """Give columns the types that a database without dates and flags has."""
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


def matrix(records):
    return build(records.panel(AS_OF))


def test_arrow_tables_give_the_features_that_plain_tables_give():
    lines = load_policy().lines
    expected = matrix(Records.from_tables(TABLES_OF, lines))
    columns = {name: dict(cells) for name, cells in TABLES_OF.items()}
    columns["households"]["hill"] = ["true", "true", None]
    found = matrix(Records.from_arrow(plain(columns), lines))
    assert found.columns == expected.columns
    assert np.array_equal(found.values, expected.values, equal_nan=True)


def test_a_county_in_arrow_is_the_county_of_the_folder(county_records, county):
    import pyarrow.parquet as pq

    tables = {
        name: pq.read_table(county / f"{name}.parquet") for name in TABLES if (county / f"{name}.parquet").exists()
    }
    found = matrix(Records.from_arrow(tables, load_policy().lines))
    expected = matrix(county_records)
    assert np.array_equal(found.values, expected.values, equal_nan=True)


def test_what_is_missing_is_named():
    with pytest.raises(RecordsError, match="households"):
        Records.from_arrow({})
    tables = plain(TABLES_OF)
    tables["income"] = tables["income"].drop_columns(["amount"])
    with pytest.raises(RecordsError, match="amount"):
        Records.from_arrow(tables)
    with pytest.raises(RecordsError, match="fingerprint"):
        _ = Records.from_arrow(plain(TABLES_OF)).fingerprint

"""Fixtures that write small deliveries of a county and read what a database holds of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, select

from riskml.lists.writing import make_table
from riskml.records.contract.schema import TABLES
from riskml_serving.base.database import reading
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.tables import RECORDS, list_columns

Rows = Sequence[Mapping[str, Any]]


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a records folder: the tables passed, and those that a folder must have."""
    folders = iter(range(100))

    def write(**tables: Rows) -> Path:
        folder = tmp_path / f"delivery-{next(folders)}"
        folder.mkdir()
        for name, rows in {"lines": (), **tables}.items():
            pq.write_table(make_table(name, rows), folder / f"{name}.parquet")
        return folder

    return write


@pytest.fixture
def read_in_force() -> Callable[[Engine], dict[str, list[tuple[Any, ...]]]]:
    """Return a function that reads the rows in force, where each household lives, and which tables are known for it."""
    names = ("household_id", "region_code", "known_tables")

    def read(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
        with reading(engine) as connection:
            out = {
                name: connection.execute(select(*list_columns(name)).where(~RECORDS[name].c.superseded)).all()
                for name in TABLES
            }
            out["register"] = connection.execute(select(*(HOUSEHOLDS.c[name] for name in names))).all()
        return {name: sorted(map(tuple, rows), key=repr) for name, rows in out.items()}

    return read

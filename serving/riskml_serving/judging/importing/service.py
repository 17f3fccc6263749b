"""Brings a checked records folder into the database, in parts that are saved together with how far they go.

Killed anywhere and started again it continues where it stopped; run again after it is done it does nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, Engine

from riskml.errors import UsageError
from riskml.progress import Progress, Silent
from riskml.records.checking.check import open_checked
from riskml.records.contract.schema import TABLES
from riskml.records.reading.folder import Folder
from riskml_serving.base.clock import now
from riskml_serving.base.database import reading, writing
from riskml_serving.judging.bulk.scoring import score_households
from riskml_serving.judging.importing import repository
from riskml_serving.judging.model import Model
from riskml_serving.people import audit
from riskml_serving.people.auth import RIGHTS, Caller
from riskml_serving.store.households.repository import add_households, find_households
from riskml_serving.store.records.tables import write_attributes

__all__ = ["Import", "import_folder"]

PART = 50_000
"""Rows written in one transaction."""
REGISTER, SCORING = "register", "scores"

CALLER = Caller("riskml-serving import", "", frozenset(RIGHTS))


@dataclass(frozen=True)
class Import:
    """What an import did.

    Parameters
    ----------
    households : int
        Of the folder.
    rows : int
        Written now; 0 where the folder had been imported before.
    scored : int
        Households scored now.
    """

    households: int
    rows: int
    scored: int


def import_folder(
    engine: Engine, folder: str | Path, today: dt.date, model: Model | None = None, progress: Progress | None = None
) -> Import:
    """Import a records folder and score its households as of a date.

    Parameters
    ----------
    engine : Engine
    folder : path
    today : date
        Where households live is read as known at this date; scores are as of it.
    model : Model, optional
        Without one nothing is scored.
    progress : Progress, optional

    Raises
    ------
    RecordsError
        If the folder has faults.
    UsageError
        If households of the folder are in the database already, from elsewhere.
    """
    bar = progress or Silent()
    with open_checked(folder) as opened:
        fingerprint = opened.fingerprint()
        with reading(engine) as connection:
            done = repository.read_progress(connection, fingerprint)
        codes = _register(engine, opened, fingerprint, today, done)
        written = 0
        for name in opened.tables:
            bar.stage(name, opened.rows(name))
            written += _write_table(engine, opened, name, fingerprint, done.get(name, (0, False)), bar)
    scored = 0
    start, finished = done.get(SCORING, (0, False))
    if model is not None and not finished:

        def note(connection: Connection, done: int, finished: bool) -> None:
            repository.advance(connection, fingerprint, SCORING, done, finished=finished)

        scored = score_households(
            engine, model, codes, today, _make_request_id(fingerprint), start=start, note=note, progress=bar
        )
    return Import(len(codes), written, scored)


def _register(
    engine: Engine, opened: Folder, fingerprint: str, today: dt.date, done: dict[str, tuple[int, bool]]
) -> list[str]:
    """Register the households, where each lives as known today, else where it is first known to live."""
    query = f"""
        SELECT household_id, coalesce(
            arg_max(region_code, coalesce(recorded_on, DATE '0001-01-01'))
                FILTER (coalesce(recorded_on, DATE '0001-01-01') <= $today),
            arg_min(region_code, recorded_on)
        ) AS region_code FROM {opened.relation("households")} GROUP BY household_id ORDER BY household_id
    """
    regions = dict(opened.connection.execute(query, {"today": today}).fetchall())
    codes = list(regions)
    if REGISTER in done:
        return codes
    known = ";".join(name for name in opened.tables if not TABLES[name].required)
    with writing(engine) as connection:
        taken = find_households(connection, codes, CALLER.region)
        if taken:
            raise UsageError(
                f"{len(taken):,} of {len(codes):,} households are in the database already, from elsewhere.",
                "Import brings in new counties; append records to known households with POST /v1/records.",
            )
        rows = [
            {"household_id": code, "region_code": region, "known_tables": known, "opened_on": today}
            for code, region in regions.items()
        ]
        add_households(connection, rows)
        repository.advance(connection, fingerprint, REGISTER, len(codes), finished=True)
        audit.record(
            connection,
            CALLER,
            "records.import",
            request_id=_make_request_id(fingerprint),
            households=len(codes),
            tables=opened.tables,
        )
    return codes


def _make_request_id(fingerprint: str) -> str:
    return f"import-{fingerprint[:16]}"


def _write_table(
    engine: Engine, opened: Folder, name: str, fingerprint: str, done: tuple[int, bool], bar: Progress
) -> int:
    """Write the rows of a table that are not there yet."""
    start, finished = done
    if finished:
        return 0
    written, received = 0, now()
    for rows, last in _read_parts(opened, name, start):
        ready = _complete(name, rows, received, _make_request_id(fingerprint))
        with writing(engine) as connection:
            repository.append(connection, name, ready)
            written += ready.num_rows
            repository.advance(connection, fingerprint, name, start + written, finished=last)
        bar.step(ready.num_rows)
    return written


def _read_parts(opened: Folder, name: str, start: int) -> Iterator[tuple[pa.Table, bool]]:
    """Read the rows of a table in an order that does not depend on the files, and whether they are the last."""
    query = f"SELECT * FROM {opened.relation(name)} ORDER BY ALL OFFSET {start}"
    reader = opened.connection.sql(query).to_arrow_reader(PART)
    part = next(reader, None)
    while True:
        following = next(reader, None) if part is not None else None
        yield pa.Table.from_batches([] if part is None else [part], reader.schema), following is None
        if following is None:
            return
        part = following


def _complete(name: str, rows: pa.Table, received: dt.datetime, request_id: str) -> pa.Table:
    """Complete rows for the database: declared columns, attributes as JSON, when and with which request they came."""
    declared, n = TABLES[name], rows.num_rows
    out = rows.select(declared.names)
    if declared.attributes:
        rest = rows.drop_columns(list(declared.names)).to_pylist()
        out = out.append_column("attributes", pa.array([write_attributes(row) for row in rest], pa.string()))
    receipt = {"received_at": pa.scalar(received, pa.timestamp("us")), "request_id": request_id, "superseded": False}
    for column, value in receipt.items():
        out = out.append_column(column, pa.repeat(value, n))
    return out

"""Imports a checked records folder into the database in parts, each saved together with the progress made.

When run again, an import that was killed continues where it stopped, and an import that was finished does nothing.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, Engine

from riskml.errors import UsageError
from riskml.progress import Progress, Silent
from riskml.records.checking.check import open_checked
from riskml.records.contract.schema import TABLES
from riskml.records.reading.folder import Folder
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.clock import now
from riskml_serving.base.database import reading, writing
from riskml_serving.judging.bulk.judging import judge_ranges, keep_range
from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.bulk.repository import Selection
from riskml_serving.judging.importing import repository
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.capacity import renew
from riskml_serving.people import audit
from riskml_serving.people.auth import RIGHTS, Caller
from riskml_serving.store.households.repository import add_households, find_households
from riskml_serving.store.records.purpose import claim_purpose
from riskml_serving.store.records.tables import write_attributes

__all__ = ["Import", "import_folder"]

PART = 50_000
"""Number of rows written in one transaction."""
SCORED = 4096
"""Number of households scored in one transaction."""
REGISTER, SCORING = "register", "scores"

EVERYWHERE = ""
CALLER = Caller("riskml-serving import", EVERYWHERE, frozenset(RIGHTS))


@dataclass(frozen=True)
class Import:
    """The result of an import.

    Parameters
    ----------
    households : int
        Number of households in the folder.
    rows : int
        Number of rows written by this run; 0 if the folder had already been imported.
    scored : int
        Number of households scored by this run.
    """

    households: int
    rows: int
    scored: int


def import_folder(
    engine: Engine,
    folder: str | Path,
    today: dt.date,
    model: Model | None = None,
    progress: Progress | None = None,
    *,
    simulated: bool,
) -> Import:
    """Import a records folder and score its households as of a date.

    Parameters
    ----------
    engine : Engine
    folder : path
    today : date
        Date as of which households are located and scored.
    model : Model, optional
        Model to score with; without a model, nothing is scored.
    progress : Progress, optional
    simulated : bool
        Whether the records count as simulated; the database may hold only records for the same purpose.

    Raises
    ------
    RecordsError
        If the folder has faults.
    Problem
        ``other-purpose`` if the database holds records for the other purpose.
    UsageError
        If households in the folder are already in the database, from another source.
    """
    bar = progress or Silent()
    with open_checked(folder) as opened:
        run = _Import(engine, opened, today, bar)
        codes = run.register(simulated=simulated)
        rows = sum(run.write_table(name) for name in opened.tables)
    scored = 0 if model is None else run.score(model, codes)
    return Import(len(codes), rows, scored)


class _Import:
    """Runs an import, continuing where an interrupted run stopped."""

    def __init__(self, engine: Engine, opened: Folder, today: dt.date, bar: Progress) -> None:
        self.engine, self.opened, self.today, self.bar = engine, opened, today, bar
        self.fingerprint = opened.fingerprint()
        self.request_id = f"import-{self.fingerprint[:16]}"
        with reading(engine) as connection:
            self.progress = repository.read_progress(connection, self.fingerprint)

    def _advance(self, connection: Connection, stage: str, done: int, *, finished: bool) -> None:
        repository.advance(connection, self.fingerprint, stage, done, finished=finished)

    def register(self, *, simulated: bool) -> list[str]:
        """Register each household where it is known to live today or, if unknown, in its first recorded region."""
        query = f"""
            SELECT household_id, coalesce(
                arg_max(region_code, coalesce(recorded_on, DATE '0001-01-01'))
                    FILTER (coalesce(recorded_on, DATE '0001-01-01') <= $today),
                arg_min(region_code, recorded_on)
            ) AS region_code FROM {self.opened.get_view("households")} GROUP BY household_id ORDER BY household_id
        """
        regions = dict(self.opened.connection.execute(query, {"today": self.today}).fetchall())
        codes = list(regions)
        known = ";".join(name for name in self.opened.tables if not TABLES[name].required)
        common = {"known_tables": known, "opened_on": self.today}
        with writing(self.engine) as connection:
            claim_purpose(connection, simulated=simulated)
            if REGISTER in self.progress:
                return codes
            if taken := find_households(connection, codes, EVERYWHERE):
                raise UsageError(
                    f"{len(taken):,} of {len(codes):,} households are already in the database, from another source.",
                    "An import only adds households that are new to the database; for others, use POST /v1/records.",
                )
            rows = [{"household_id": code, "region_code": region, **common} for code, region in regions.items()]
            add_households(connection, rows)
            self._advance(connection, REGISTER, len(codes), finished=True)
            number, tables = self.request_id, self.opened.tables
            audit.record(connection, CALLER, "records.import", request_id=number, households=len(codes), tables=tables)
        return codes

    def write_table(self, name: str) -> int:
        """Write the rows of a table that have not been written yet; return how many."""
        start, finished = self.progress.get(name, (0, False))
        total = self.opened.count_rows(name)
        self.bar.stage(name, total)
        if finished:
            return 0
        # An import continues at a row number, so the order must not depend on how the table is split into files.
        query = f"SELECT * FROM {self.opened.get_view(name)} ORDER BY ALL OFFSET {start}"
        done, received = start, now()
        for batch in self.opened.connection.sql(query).to_arrow_reader(PART):
            rows = _complete(name, pa.Table.from_batches([batch]), received, self.request_id)
            done += rows.num_rows
            with writing(self.engine) as connection:
                repository.append(connection, name, rows)
                self._advance(connection, name, done, finished=done == total)
            self.bar.step(rows.num_rows)
        return done - start

    def score(self, model: Model, codes: Sequence[str]) -> int:
        """Score the households as of today and update their counties' visit capacity.

        Return the number of scores that were kept.
        """
        done, finished = self.progress.get(SCORING, (0, False))
        if finished:
            return 0
        self.bar.stage("scores", len(codes))
        selection, after, kept = Selection(EVERYWHERE, (), codes), codes[done - 1] if done else "", 0
        with closing(Reader(self.engine.url.render_as_string(hide_password=False))) as reader:
            for judged in judge_ranges(self.engine, reader, model, selection, self.today, after=after, size=SCORED):
                before, done = done, bisect_right(codes, judged.last)
                with writing(self.engine) as connection:
                    kept += keep_range(connection, model, judged.table, EVERYWHERE, self.today, self.request_id)
                    self._advance(connection, SCORING, done, finished=False)
                self.bar.step(done - before)
        with writing(self.engine) as connection:
            households = find_households(connection, codes, EVERYWHERE).values()
            for county in sorted({take_region(row["region_code"], Level.COUNTY) for row in households}):
                renew(connection, model, county, self.today, self.request_id)
            self._advance(connection, SCORING, len(codes), finished=True)
        return kept


def _complete(name: str, rows: pa.Table, received: dt.datetime, request_id: str) -> pa.Table:
    """Add the database's own columns to rows: attributes as JSON, time of receipt and request ID."""
    declared, n = TABLES[name], rows.num_rows
    out = rows.select(declared.names)
    if declared.attributes:
        rest = rows.drop_columns(list(declared.names)).to_pylist()
        out = out.append_column("attributes", pa.array([write_attributes(row) for row in rest], pa.string()))
    receipt = {"received_at": pa.scalar(received, pa.timestamp("us")), "request_id": request_id, "superseded": False}
    for column, value in receipt.items():
        out = out.append_column(column, pa.repeat(value, n))
    return out

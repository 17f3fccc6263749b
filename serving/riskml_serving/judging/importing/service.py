"""Imports a checked records folder: stages it in parts, makes all of it visible at once, then scores the households.

Before that, nothing is visible. If an import is killed, the next run continues with the parts that are missing; a
finished import does nothing when it is run again. Once the rows are visible, a job scores the households: if the import
is killed meanwhile, the service continues the job.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from sqlalchemy import Connection, Engine

from riskml.policy import load_policy
from riskml.progress import Progress, Silent
from riskml.records.checking.check import check_folder, refuse_faults
from riskml.records.contract.schema import TABLES
from riskml.records.reading.folder import Folder, open_folder
from riskml.records.reading.partitions import hash_file
from riskml_serving.base.database import reading, writing
from riskml_serving.base.database.locks import hold_lock
from riskml_serving.base.settings import Settings
from riskml_serving.judging.act import Act
from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.bulk.repository import Range
from riskml_serving.judging.importing import repository
from riskml_serving.judging.importing.publishing import EVERYWHERE, Publication, add_rescore_job
from riskml_serving.judging.importing.staging import PART, Delivery, Rows, to_arrow
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import Model
from riskml_serving.people import audit
from riskml_serving.people.auth import RIGHTS, Caller
from riskml_serving.store.households.repository import find_households
from riskml_serving.store.records.purpose import refuse_purpose
from riskml_serving.store.records.repository import read_raw_rows

CALLER = Caller("riskml-serving import", EVERYWHERE, frozenset(RIGHTS))

FEW = 500
"""Number of households up to which their rows are read here: starting another process would take longer."""

ID_LENGTH = 16
"""Number of digits of a fingerprint that identify an import."""


@dataclass(frozen=True)
class Import:
    """The result of an import.

    Parameters
    ----------
    import_id : str
        Identifies the import; its rows have the request number ``import-…`` with this ID.
    households : int
        Number of households in the folder.
    rows : int
        Number of rows written by this run; 0 if the folder had already been imported.
    changed : int
        Number of households that this run added or changed.
    closed : int
        Number of households in the folder that are closed, and were left alone.
    scored : int
        Number of households scored by this run.
    """

    import_id: str
    households: int
    rows: int = 0
    changed: int = 0
    closed: int = 0
    scored: int = 0


@dataclass(frozen=True)
class Source:
    """What a folder was made from, if its records are not all that an import makes visible.

    Parameters
    ----------
    source_id : str
        Distinguishes imports with equal records.
    keep : callable
        Keeps everything else within the transaction that makes the records visible.
    detail : dict
        What the audit log says about the source.
    """

    source_id: str
    keep: Callable[[Connection, Import], None]
    detail: dict[str, Any]


def make_request_id(fingerprint: str) -> str:
    """Return the request number that is stored with the rows, scores and audit entries of an import."""
    return f"import-{fingerprint[:ID_LENGTH]}"


def import_folder(
    engine: Engine,
    folder: str | Path,
    today: dt.date,
    model: Model | None = None,
    progress: Progress | None = None,
    *,
    simulated: bool,
    caller: Caller = CALLER,
    source: Source | None = None,
    reader: Reader | None = None,
) -> Import:
    """Import a records folder and score the households that it adds or changes, as of a date.

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
    caller : Caller, optional
        Who imports the folder, for the audit log.
    source : Source, optional
        What the folder was made from; by default, it is a folder as delivered.
    reader : Reader, optional
        A process for reading many households; by default, scoring starts one and ends it.

    Raises
    ------
    RecordsError
        If the folder has faults.
    Problem
        ``other-purpose`` if the database holds records for the other purpose.
    UsageError
        If the income of a household would contradict what is stored.
    """
    with open_folder(folder) as opened:
        run = _Import(engine, opened, today, progress or Silent(), caller, source)
        return run.run(model, reader, simulated=simulated)


def _hash_files(opened: Folder) -> dict[str, list[str]]:
    """Return the SHA-256 of the files of each table, in the order of their names."""
    return {table: list(map(hash_file, layout.source.files)) for table, layout in opened.layouts.items()}


class _Touched(Exception):  # noqa: N818 - no error: other rows about staged households were received meanwhile
    """Rows about these households were received after they had been staged; the transaction must be rolled back.

    None stands for all households: another import was finished or withdrawn, so rows that were compared may be gone.
    """

    def __init__(self, codes: set[str] | None) -> None:
        self.codes = codes


def _refuse_other_imports(connection: Connection, base: Mapping[str, Any]) -> None:
    """Refuse to publish rows that were compared with those of imports that are no longer the same."""
    hold_lock(connection, "imports")
    if repository.read_imports(connection) != base["imports"]:
        raise _Touched(None)


def _refuse_touched(connection: Connection, codes: Sequence[str], base: Mapping[str, Any]) -> None:
    if touched := repository.list_touched(connection, base["rows"]).intersection(codes):
        raise _Touched(touched)


class _Import:
    """Runs an import, continuing where an interrupted run stopped."""

    def __init__(
        self, engine: Engine, opened: Folder, today: dt.date, bar: Progress, caller: Caller, source: Source | None
    ) -> None:
        self.engine, self.opened, self.today, self.bar = engine, opened, today, bar
        self.caller, self.source = caller, source

    def run(self, model: Model | None, reader: Reader | None, *, simulated: bool) -> Import:
        """Import the folder, or finish what an earlier run has left."""
        with reading(self.engine) as connection:
            refuse_purpose(connection, simulated=simulated)
        self._check()
        self.fingerprint = self.opened.fingerprint()
        if self.source is not None:
            self.fingerprint = hashlib.sha256(f"{self.fingerprint} {self.source.source_id}".encode()).hexdigest()
        self.request_id = make_request_id(self.fingerprint)
        self.delivery = Delivery(self.opened, self.today)
        with reading(self.engine) as connection:
            begun = repository.find_import(connection, self.fingerprint)
        digests = self.delivery.compute_digests()
        done = Import(self.fingerprint[:ID_LENGTH], len(digests))
        if begun is None or begun["finished_at"] is None:
            done = self._publish(digests, begun, scores=model is not None, simulated=simulated) or done
        scored = 0 if model is None else finish_scores(self.engine, self.fingerprint, model, self.bar, reader)
        return replace(done, scored=scored)

    def _check(self) -> None:
        self.opened.usual_lines = load_policy().usual_lines
        self.opened.report = check_folder(self.opened)
        refuse_faults(self.opened.report)

    def _publish(
        self, digests: dict[str, int], begun: Mapping[str, Any] | None, *, scores: bool, simulated: bool
    ) -> Import | None:
        """Stage the parts that are missing and publish all of them; stage again what others change meanwhile.

        Return None if another run has finished the import.
        """
        base = self._begin(begun)
        if base is None:
            return None
        with reading(self.engine) as connection:
            stored = repository.list_digests(connection, digests)
        codes = [code for code, digest in digests.items() if stored.get(code) != digest]
        parts = [codes[start : start + PART] for start in range(0, len(codes), PART)]
        self.bar.stage("Compare with what is stored", len(codes))
        closed = self._stage(parts, digests)
        hashes = _hash_files(self.opened) if self.source is None else {}
        while True:
            self.bar.stage("Save", None)
            try:
                with writing(self.engine) as connection:
                    _refuse_other_imports(connection, base)
                    news = Publication(connection, self.delivery, self.fingerprint, self.request_id, self.today)
                    news.register(simulated=simulated)
                    _refuse_touched(connection, codes, base)
                    news.write()
                    job_id = None
                    if scores:
                        act = Act(connection, CALLER, self.today, self.request_id)
                        job_id = add_rescore_job(act, news.changed, news.regions)
                    counts = {"households": len(digests), "changed": len(news.changed)}
                    counts |= {"closed": len(closed), "rows": sum(news.rows.values())}
                    details: dict[str, Any] = {"tables": self.opened.tables, **counts}
                    if self.source is None:
                        details["sha256"] = hashes
                        news.follow_members()
                    else:
                        self.source.keep(connection, Import(self.fingerprint[:ID_LENGTH], **counts))
                        details |= self.source.detail
                    news.settle_facts()
                    audit.record(connection, self.caller, "records.import", request_id=self.request_id, **details)
                    notes: dict[str, Any] = {"counties": self.delivery.list_counties(), "moved": news.moved}
                    notes["source"] = None if self.source is None else self.source.source_id
                    repository.finish_import(connection, self.fingerprint, notes, job_id)
                return Import(self.fingerprint[:ID_LENGTH], **counts)
            except _Touched as error:
                if error.codes is None:
                    return self._publish(digests, None, scores=scores, simulated=simulated)
                stale = [i for i, part in enumerate(parts) if error.codes.intersection(part)]
            base = self._begin(None, stale)
            if base is None:
                return None
            closed = self._stage(parts, digests)

    def _begin(self, begun: Mapping[str, Any] | None, stale: Sequence[int] | None = None) -> dict[str, Any] | None:
        """Note what is stored before anything is staged; drop the parts that were staged for something else.

        Return None if another run has finished the import.
        """
        rows = {}
        for name in TABLES:  # one transaction each: waiting for one table while holding another could deadlock
            with writing(self.engine) as connection:
                rows[name] = repository.read_last(connection, name)
        with writing(self.engine) as connection:
            base = {"imports": repository.read_imports(connection), "rows": rows, "size": PART}
            now = repository.find_import(connection, self.fingerprint)
            if now is not None and now["finished_at"] is not None:
                return None
            if begun is not None:
                kept: dict[str, Any] = json.loads(begun["base"] or "{}")
                if all(kept.get(name) == base[name] for name in ("imports", "size")):
                    return kept
            repository.delete_parts(connection, self.fingerprint, stale)
            repository.add_import(connection, self.fingerprint, base)
        return base

    def _stage(self, parts: Sequence[Sequence[str]], digests: Mapping[str, int]) -> set[str]:
        """Stage the parts that are missing, each in a separate transaction; return the closed households."""
        closed: set[str] = set()
        with reading(self.engine) as connection:
            staged = repository.list_parts(connection, self.fingerprint)
        with closing(Reader(self.engine.url.render_as_string(hide_password=False))) as reader:
            for i, part in enumerate(parts):
                with reading(self.engine) as connection:
                    known = find_households(connection, part, EVERYWHERE)
                closed |= {code for code, row in known.items() if row["closed_on"] is not None}
                if i not in staged:
                    own = {code: digests[code] for code in part if code not in closed}
                    tables = self.delivery.compare_part(
                        own, _read_stored(self.engine, reader, sorted(known.keys() - closed))
                    )
                    with writing(self.engine) as connection:
                        repository.add_part(connection, self.fingerprint, i, tables)
                self.bar.step(len(part))
        return closed


def _read_stored(engine: Engine, reader: Reader, codes: Sequence[str]) -> Rows:
    """Read the rows of some households in force; the table ``disaster`` without those of their regions."""
    own = [name for name, table in TABLES.items() if table.find_column("household_id") is not None]
    if len(codes) <= FEW:
        with reading(engine) as connection:
            return {name: to_arrow(name, read_raw_rows(connection, name, codes)) for name in own} if codes else {}
    reader.ask(Range(EVERYWHERE, (), codes, codes[0], codes[-1]))
    tables = reader.take()
    return {name: tables[name].filter(pc.is_valid(tables[name]["household_id"])) for name in own}


def finish_scores(engine: Engine, import_id: str, model: Model, bar: Progress, reader: Reader | None = None) -> int:
    """Score the households of an import whose records are visible; see :func:`finish_job`."""
    with reading(engine) as connection:
        imported = repository.find_import(connection, import_id)
    job_id = None if imported is None else imported["job_id"]
    return 0 if job_id is None else finish_job(engine, model, job_id, bar, reader)


def finish_job(engine: Engine, model: Model, job_id: str, bar: Progress, reader: Reader | None = None) -> int:
    """Work on a job that scores households, or wait for the worker that has it.

    Return the number of scores that were kept; 0 if the job had ended before.
    """
    settings = Settings(database_url=engine.url.render_as_string(hide_password=False))
    bar.stage("Score")
    job = Worker(engine, settings, lambda: model, reader=reader).finish(job_id)
    return int(json.loads(job["result"] or "{}").get("kept", 0)) if job else 0

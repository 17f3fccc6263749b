"""What a worker does for the desk: read a delivery, compute its preview, import it."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Engine

from riskml.errors import RiskmlError
from riskml.lists.persons.register import Person, Register
from riskml.lists.returning import return_list
from riskml.text import Text
from riskml_serving.base.clock import now
from riskml_serving.base.database import reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.desk import preview, repository
from riskml_serving.desk.folder import write_folder
from riskml_serving.desk.reading import Understood, describe, read_delivery
from riskml_serving.desk.service import read_result
from riskml_serving.desk.undoing import keep_rest
from riskml_serving.judging.importing.service import Import, Source, finish_scores, import_folder
from riskml_serving.judging.jobs import repository as jobs
from riskml_serving.judging.jobs.leases import Leased
from riskml_serving.judging.model import Model
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller
from riskml_serving.register.keys import IdentityKeys, NoKeyError

JOB = "lists"
"""Kind of the jobs of the desk."""

_BEAT = 0.5
"""Seconds between two reports of progress."""


class _Bar:
    """Reports progress in the row of the job, at most twice a second."""

    def __init__(self, engine: Engine, leased: Leased) -> None:
        self.engine, self.leased = engine, leased
        self.text, self.done, self.total, self.at = "", 0, 0, 0.0

    def stage(self, text: str, total: int | None = None) -> None:
        """Begin a stage of the work."""
        self.text, self.done, self.total = text, 0, total or 0
        self._report()

    def step(self, count: int = 1) -> None:
        """Report steps of the stage."""
        self.done += count
        if time.monotonic() - self.at > _BEAT:
            self._report()

    def _report(self) -> None:
        self.leased.check_stop()
        self.at, job = time.monotonic(), self.leased.job
        checkpoint = json.dumps({"stage": self.text})
        with writing(self.engine) as connection:
            values = {"checkpoint": checkpoint, "done": self.done, "total": self.total, "attempts": job["attempts"]}
            jobs.advance(connection, job["job_id"], self.leased.owner, **values)


@dataclass(frozen=True)
class _Work:
    """One job of the desk.

    Parameters
    ----------
    engine : Engine
    settings : Settings
    keys : IdentityKeys
    model : Model
    leased : Leased
    """

    engine: Engine
    settings: Settings
    keys: IdentityKeys
    model: Model
    leased: Leased

    @property
    def payload(self) -> dict[str, Any]:
        """What the job has to do: ``delivery``, ``step``, ``as_of``, and for ``read`` the step that comes ``then``."""
        payload: dict[str, Any] = json.loads(self.leased.job["payload"])
        return payload

    def run(self) -> None:
        """Run the job; a delivery that cannot be read keeps its step and gets the reason."""
        job, payload = self.leased.job, self.payload
        with reading(self.engine) as connection:
            delivery = repository.find_delivery(connection, payload["delivery"], job["region"])
        if delivery is None:
            self._end({}, lambda _: None)
            return
        steps = {"read": self._read, "preview": self._preview, "import": self._import}
        bar, step = _Bar(self.engine, self.leased), payload["step"]
        try:
            if delivery["import_id"] is None:
                with read_delivery(self.engine, self.keys, delivery, bar, again=step == "read") as understood:
                    steps[step](delivery, understood, bar)
            else:  # a worker died after the records had become visible
                self._finish(delivery, delivery["import_id"], bar)
        except RiskmlError as error:
            self._fail(delivery, error)

    def _read(self, delivery: dict[str, Any], understood: Understood, _: _Bar) -> None:
        self._store(delivery, describe(understood), self.payload["then"])

    def _preview(self, delivery: dict[str, Any], understood: Understood, bar: _Bar) -> None:
        bar.stage("computing the new warnings", None)
        result = self._read_before(delivery, understood)
        homes = result["homes"]
        after = preview.judge(self.engine, self.leased.reader, self.model, understood, homes, self._as_of)
        risen = preview.compare(result["before"], after, homes)
        heads = _name_heads(understood.register, [row["household_id"] for row in risen])
        self._store(delivery, {**result, "risen": risen, "heads": heads}, "preview")

    def _read_before(self, delivery: dict[str, Any], understood: Understood) -> dict[str, Any]:
        """Describe a delivery, the households that it concerns, and their signals before it."""
        with reading(self.engine) as connection:
            homes = preview.list_touched(connection, understood)
            before = preview.read_signals(connection, list(homes), delivery["county"])
        return {**describe(understood), "homes": homes, "before": before}

    def _store(self, delivery: dict[str, Any], result: dict[str, Any], step: str) -> None:
        def change(connection: Connection) -> None:
            repository.write_content(connection, self.keys, delivery["delivery_id"], "result", _to_json(result))

        self._end({"delivery_id": delivery["delivery_id"], "step": step, "fault": ""}, change)

    def _import(self, delivery: dict[str, Any], understood: Understood, bar: _Bar) -> None:
        """Import the records, and keep everything else in the transaction that makes them visible."""
        county, delivery_id = delivery["county"], delivery["delivery_id"]
        result = self._read_result(delivery)
        if understood.is_new or "before" not in result:  # the preview is older, or was skipped by a scheduled run
            result |= self._read_before(delivery, understood)
            with writing(self.engine) as connection:
                repository.write_content(connection, self.keys, delivery_id, "result", _to_json(result))
        copies = self._make_copies(understood)
        caller = Caller(self.leased.job["created_by"], county, frozenset())

        def keep(connection: Connection, done: Import) -> None:
            if repository.read_county(connection, county)["lists"] != understood.county["lists"]:
                raise ConflictError
            keep_rest(connection, self.keys, delivery_id, understood)
            for number, copy in copies.items():
                repository.write_content(connection, self.keys, delivery_id, f"copy {number}", copy)
            files = repository.read_files(connection, delivery_id)
            lists = [] if self.settings.keep_lists else [f"file {file['number']}" for file in files]
            repository.drop_contents(connection, delivery_id, [*lists, "understood"])
            number = self.leased.job["request_id"]
            for file in files:
                entry = {"delivery": delivery_id, "sha256": file["sha256"], "received_on": str(file["received_on"])}
                audit.record(connection, caller, "lists.import", request_id=number, **entry)
            values: dict[str, Any] = {"counts": json.dumps({"rows": done.rows}), "import_id": done.import_id}
            values["imported_at"] = now()
            repository.change_delivery(connection, delivery_id, **values)

        source = Source(f"{county}/{delivery_id}", keep, {"delivery": delivery_id})
        with TemporaryDirectory(prefix="riskml-desk-") as name:
            with reading(self.engine) as connection:
                write_folder(connection, understood, result["homes"], Path(name))
            options: dict[str, Any] = {"simulated": self.settings.simulated, "caller": caller, "source": source}
            options["reader"] = self.leased.reader  # one process more would take a third of a second to start
            done = import_folder(self.engine, name, self._as_of, self.model, bar, **options)
        self._finish(delivery, done.import_id, bar)

    def _finish(self, delivery: dict[str, Any], import_id: str, bar: _Bar) -> None:
        """Score what an import has changed, and find the new warnings."""
        finish_scores(self.engine, import_id, self.model, bar, self.leased.reader)
        result = self._read_result(delivery)
        homes = result["homes"]
        with reading(self.engine) as connection:
            after = preview.read_signals(connection, list(homes), delivery["county"])
        risen = preview.compare(result["before"], after, homes)
        kept = {name: result[name] for name in ("files", "records", "lines", "facts")}
        self._store(delivery, {**kept, "risen": risen}, "done")

    def _read_result(self, delivery: dict[str, Any]) -> dict[str, Any]:
        with reading(self.engine) as connection:
            return read_result(connection, self.keys, delivery)

    def _make_copies(self, understood: Understood) -> dict[int, bytes]:
        """Make the workbooks with the outcome of each row, by the number of the file."""
        with reading(self.engine) as connection:
            files = repository.read_files(connection, self.payload["delivery"])
        numbers = {file["name"]: file["number"] for file in files}
        copies = {}
        for delivery in understood.deliveries:
            if delivery.recorded_on is None:
                continue  # lists from earlier years are not sent back
            number, path = numbers[delivery.file], understood.folder / delivery.file
            rows = [row for row in understood.taken.rows if row.file == delivery.file]
            copy = understood.folder / "returned" / f"{number}.xlsx"
            copies[number] = return_list(path, delivery.sheets, rows, copy, "zh").read_bytes()
        return copies

    @property
    def _as_of(self) -> dt.date:
        return dt.date.fromisoformat(self.payload["as_of"])

    def _fail(self, delivery: dict[str, Any], error: RiskmlError) -> None:
        text: Text = error.text
        fault = json.dumps({lang: text.read(lang) for lang in ("zh", "en")}, ensure_ascii=False)
        self._end({"delivery_id": delivery["delivery_id"], "fault": fault}, lambda _: None)

    def _end(self, values: dict[str, Any], change: Callable[[Connection], None]) -> None:
        """Change the delivery and end the job in one transaction."""
        job = self.leased.job
        with writing(self.engine) as connection:
            jobs.end(connection, job["job_id"], self.leased.owner, "done", result="{}")
            change(connection)
            if values:
                repository.change_delivery(connection, **values)


class ConflictError(Exception):
    """Another delivery of the county was imported meanwhile; the job starts over."""


def make_task(engine: Engine, settings: Settings, keys: IdentityKeys | None) -> Callable[[Model, Leased], None]:
    """Make the function with which a worker does the desk's jobs."""

    def work(model: Model, leased: Leased) -> None:
        if keys is None:
            raise NoKeyError.not_set()
        _Work(engine, settings, keys, model, leased).run()

    return work


def _to_json(result: dict[str, Any]) -> bytes:
    return json.dumps(result, ensure_ascii=False, default=str).encode()


def _name_heads(register: Register, codes: Sequence[str]) -> dict[str, list[str]]:
    """Return the name and the village of the head of each household, or of its first member."""
    homes: dict[str, list[Person]] = {code: [] for code in codes}
    for versions in register.versions.values():
        if versions[-1].household_id in homes:
            homes[versions[-1].household_id].append(versions[-1])
    first = {code: min(own, key=lambda one: "户主" not in one.relation) for code, own in homes.items() if own}
    return {code: [person.name, person.town + person.village] for code, person in first.items()}

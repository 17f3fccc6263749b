"""One job from its checkpoint to its end. What is kept and how far it is stand in one transaction."""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine

from riskml_serving.base.database import reading, writing
from riskml_serving.judging.bulk.judging import judge_range
from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.bulk.repository import Range
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.keeping import keep
from riskml_serving.judging.jobs.repository import LostLease
from riskml_serving.judging.jobs.settling import settle
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.stored import origin
from riskml_serving.store.households.repository import list_codes

__all__ = ["Run", "Stopped", "as_parquet", "as_table"]


START = {"stage": "judging", "after": "", "parts": 0, "parts_kept": 0, "judged": 0, "kept": 0, "capacity": {}}
"""Checkpoint of a job that has not begun."""


class Stopped(Exception):  # noqa: N818 - it is no error: the worker was asked to end
    """The worker ends; the job waits for the next one."""


@dataclass
class Run:
    """A job that this worker has leased.

    Parameters
    ----------
    engine : Engine
    reader : Reader
    model : Model
        The same for the whole job.
    job : dict
        Row of the job.
    owner : str
    size : int
        Households at a time.
    stop, lost : threading.Event
        Set where the worker ends, and where the job is no longer its own.
    """

    engine: Engine
    reader: Reader
    model: Model
    job: dict[str, Any]
    owner: str
    size: int
    stop: threading.Event
    lost: threading.Event

    def __post_init__(self) -> None:
        self.payload = json.loads(self.job["payload"])
        self.as_of = dt.date.fromisoformat(self.payload["as_of"])
        self.at: dict[str, Any] = {**START, **json.loads(self.job["checkpoint"] or "{}")}

    def work(self) -> None:
        """Do what is left.

        Raises
        ------
        LostLease, Stopped
        """
        if self.job["model_version"] and any(self.job[name] != value for name, value in origin(self.model).items()):
            with writing(self.engine) as connection:  # judged by another model or policy: all of it anew
                self.at = dict(START)
                repository.drop_parts(connection, self.job["job_id"])
                self._note(connection)
        if self.job["kind"] == "rescore":
            for part in self._judged(()):
                with writing(self.engine) as connection:
                    self.at["kept"] += self._keep(connection, part)
                    self._note(connection)
                self._go_on()
        else:
            self._judge()
            self._keep_parts()
        with writing(self.engine) as connection:
            result = json.dumps({name: self.at[name] for name in ("judged", "kept", "capacity")})
            repository.end(connection, self.job["job_id"], self.owner, "done", result=result)

    def _judge(self) -> None:
        """Judge everybody, then find who has a place in the visit capacity."""
        if self.at["stage"] != "judging":
            return
        for part in self._judged(tuple(self.payload["redact"])):
            with writing(self.engine) as connection:
                repository.add_part(connection, self.job["job_id"], self.at["parts"], as_parquet(part))
                self.at["parts"] += 1
                self._note(connection)
            self._go_on()
        with writing(self.engine) as connection:
            self.at["capacity"] = settle(connection, self.model, self.job["job_id"], self.job["region"], self.as_of)
            self.at["stage"] = "keeping"
            self._note(connection)

    def _keep_parts(self) -> None:
        while self.at["parts_kept"] < self.at["parts"]:
            with writing(self.engine) as connection:
                content = repository.part(connection, self.job["job_id"], self.at["parts_kept"])
                assert content is not None, "a part is kept together with its number"
                self.at["kept"] += self._keep(connection, as_table(content))
                self.at["parts_kept"] += 1
                self._note(connection)
            self._go_on()

    def _judged(self, redact: tuple[str, ...]) -> Iterator[pa.Table]:
        """Judge range after range from the checkpoint on; the next one is read meanwhile."""
        which = self._next(self.at["after"])
        if which is not None:
            self.reader.ask(which)
        while which is not None:
            tables = self.reader.take()
            following = self._next(which.last)
            if following is not None:
                self.reader.ask(following)
            part = judge_range(self.model, tables, self.as_of, redact)
            self.at["after"] = which.last
            self.at["judged"] += tables["register"].num_rows
            yield part
            which = following

    def _next(self, after: str) -> Range | None:
        region, size = self.job["region"], self.size
        regions, named = self.payload.get("regions", [region]), self.payload.get("households", [])
        found = set([code for code in named if code > after][:size])
        with reading(self.engine) as connection:
            for one in regions:
                found.update(list_codes(connection, one, after, size))
        codes = sorted(found)[:size]
        return Range(region, codes[0], codes[-1], tuple(regions), tuple(named)) if codes else None

    def _keep(self, connection: Connection, part: pa.Table) -> int:
        return keep(connection, self.model, part, self.job["region"], self.as_of, self.job["request_id"])

    def _note(self, connection: Connection) -> None:
        """Note the checkpoint as the last thing of a transaction: if the job is lost, nothing of it is kept."""
        values = {"checkpoint": json.dumps(self.at), "done": self.at["judged"]}
        repository.advance(connection, self.job["job_id"], self.owner, **values, **origin(self.model))

    def _go_on(self) -> None:
        if self.lost.is_set():
            raise LostLease
        if self.stop.is_set():
            raise Stopped


def as_parquet(table: pa.Table) -> bytes:
    """Write a part."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def as_table(content: bytes) -> pa.Table:
    """Read a part."""
    return pq.read_table(io.BytesIO(content))

"""Runs a scoring job from its last checkpoint; each part's results and the new checkpoint share one transaction."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine

from riskml_serving.base.database import writing
from riskml_serving.judging.bulk.judging import JudgedRange, drop_gone, judge_ranges, keep_range
from riskml_serving.judging.bulk.repository import Selection
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.leases import Leased
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.capacity import JUDGED, renew, settle

START: dict[str, Any] = {
    "stage": "judging",
    "after": "",
    "last_day": "",
    "parts": 0,
    "parts_kept": 0,
    "judged": 0,
    "kept": 0,
    "capacity": {},
}
"""Checkpoint of a job that has not begun."""


@dataclass
class Run:
    """A scoring job that this worker has leased.

    Parameters
    ----------
    engine : Engine
    model : Model
        Model for the whole job.
    leased : Leased
    size : int
        Number of households to judge at a time.
    """

    engine: Engine
    model: Model
    leased: Leased
    size: int

    def __post_init__(self) -> None:
        self.job = self.leased.job
        self.payload = json.loads(self.job["payload"])
        self.as_of = dt.date.fromisoformat(self.payload["as_of"])
        self.at: dict[str, Any] = {**START, **json.loads(self.job["checkpoint"] or "{}")}

    def work(self) -> None:
        """Run the job from its checkpoint to the end.

        Raises
        ------
        LostLease, Stopped
        """
        versions = self.model.versions
        if self.job["model_version"] and any(self.job[name] != value for name, value in versions.items()):
            with writing(self.engine) as connection:  # the first parts used another model or policy: start over
                self.at = dict(START)
                repository.drop_parts(connection, self.job["job_id"])
                self._save_checkpoint(connection)
        if self.job["kind"] == "rescore":
            for judged in self._judge(()):
                with writing(self.engine) as connection:
                    self._drop(connection, judged)
                    self._keep(connection, judged.table)
                    self._save_checkpoint(connection)
                self.leased.check_stop()
            for county in self.payload.get("counties", ()):
                with writing(self.engine) as connection:
                    renew(connection, self.model, county, self.as_of, self.job["request_id"])
        else:
            self._judge_all()
            self._keep_parts()
        with writing(self.engine) as connection:
            result = json.dumps({name: self.at[name] for name in ("judged", "kept", "capacity")})
            repository.end(connection, self.job["job_id"], self.leased.owner, "done", result=result)

    def _judge_all(self) -> None:
        """Judge every household, then decide which of them are within the visit capacity."""
        if self.at["stage"] != "judging":
            return
        job_id = self.job["job_id"]
        for judged in self._judge(tuple(self.payload["redact"])):
            with writing(self.engine) as connection:
                self._drop(connection, judged)
                repository.add_part(connection, job_id, self.at["parts"], to_parquet(judged.table))
                self.at["parts"] += 1
                self._save_checkpoint(connection)
            self.leased.check_stop()
        with writing(self.engine) as connection:
            tables = (from_parquet(content, JUDGED.names) for content in repository.read_parts(connection, job_id))
            self.at["capacity"] = settle(connection, self.model, tables, self.job["region"], self.as_of)
            self.at["stage"] = "keeping"
            self._save_checkpoint(connection)

    def _keep_parts(self) -> None:
        while self.at["parts_kept"] < self.at["parts"]:
            with writing(self.engine) as connection:
                content = repository.read_part(connection, self.job["job_id"], self.at["parts_kept"])
                assert content is not None, "a part is kept together with its number"
                self._keep(connection, from_parquet(content))
                self.at["parts_kept"] += 1
                self._save_checkpoint(connection)
            self.leased.check_stop()

    def _judge(self, redact: tuple[str, ...]) -> Iterator[JudgedRange]:
        """Judge one range of households after another, starting at the checkpoint."""
        region, payload = self.job["region"], self.payload
        selection = Selection(region, payload.get("regions", [region]), payload.get("households", []))
        after, size = self.at["after"], self.size
        for judged in judge_ranges(
            self.engine, self.leased.reader, self.model, selection, self.as_of, redact, after=after, size=size
        ):
            self.at["after"] = judged.last
            self.at["judged"] += judged.households
            last = pc.max(judged.table["records_end"].fill_null(self.as_of)).as_py()  # None if there are no rows
            self.at["last_day"] = max(self.at["last_day"], str(last or ""))
            yield judged

    def _drop(self, connection: Connection, judged: JudgedRange) -> None:
        drop_gone(connection, judged.gone, self.job["region"], self.as_of, self.job["request_id"])

    def _keep(self, connection: Connection, table: pa.Table) -> None:
        region, request_id = self.job["region"], self.job["request_id"]
        self.at["kept"] += keep_range(connection, self.model, table, region, self.as_of, request_id)

    def _save_checkpoint(self, connection: Connection) -> None:
        """Save the checkpoint as the last step of a transaction, which is rolled back if the job has been lost."""
        values = {"checkpoint": json.dumps(self.at), "done": self.at["judged"]}
        repository.advance(connection, self.job["job_id"], self.leased.owner, **values, **self.model.versions)


def to_parquet(table: pa.Table) -> bytes:
    """Write a part of the results as Parquet."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def from_parquet(content: bytes, columns: list[str] | None = None) -> pa.Table:
    """Read a part of the results, or some of its columns, from Parquet."""
    return pq.read_table(io.BytesIO(content), columns=columns)

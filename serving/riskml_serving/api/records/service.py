"""Registers households, appends rows, and scores the households concerned again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from riskml.records.contract.schema import TABLES
from riskml_serving.api.checks import TableRows, check_new_records, require_one_income
from riskml_serving.base.clock import now
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.base.settings import Settings
from riskml_serving.http.responses import make_envelope
from riskml_serving.judging.jobs.repository import add_job
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.repository import move_scores
from riskml_serving.judging.scores.service import rescore
from riskml_serving.judging.verdict import BRIEF
from riskml_serving.judging.wording import show
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import (
    add_households,
    count_households,
    find_households,
    list_codes,
    update_households,
)
from riskml_serving.store.records.repository import add_rows, read_rows, supersede
from riskml_serving.store.records.tables import write_attributes

__all__ = ["Intake"]


@dataclass(frozen=True)
class Intake:
    """One request with new records.

    Parameters
    ----------
    model : Model
    caller : Caller
    settings : Settings
    today : date
    request_id : str
    """

    model: Model
    caller: Caller
    settings: Settings
    today: dt.date
    request_id: str

    def take(self, connection: Connection, tables: TableRows) -> tuple[int, dict[str, Any]]:
        """Check the rows, append them and score again; return status and answer.

        Raises
        ------
        Problem
            What :func:`check_new_records` refuses; ``household-not-found``: a household is not there, or lives outside
            the caller's region.
        """
        tables = check_new_records(tables, self.caller, self.settings, self.today)
        named = {row["household_id"] for rows in tables.values() for row in rows if row.get("household_id")}
        regions = _list_regions(tables)
        total = len(named) + sum(count_households(connection, region) for region in regions)
        at_once = total <= self.settings.rescore_at_once
        if at_once and regions:  # all in one order, or two requests could deadlock
            find_households(connection, _add_codes(connection, named, regions), self.caller.region, lock=True)
        self._register(connection, tables, named)
        self._append(connection, tables)
        touched = _add_codes(connection, named, regions) if at_once else named
        number, counts = self.request_id, {name: len(rows) for name, rows in tables.items() if rows}
        audit.record(connection, self.caller, "records.append", sorted(touched), request_id=number, rows=counts)
        if regions:
            audit.record(connection, self.caller, "records.append", request_id=number, regions=regions, rows=counts)
        if not at_once:
            payload = {"as_of": self.today.isoformat(), "households": sorted(named), "regions": regions}
            job = add_job(connection, self.caller, "rescore", payload, total=total, request_id=number)
            return 202, self._answer(counts, [], job)
        changes = rescore(connection, self.model, sorted(touched), self.caller.region, self.today, number)
        return 200, self._answer(counts, changes, None)

    def _register(self, connection: Connection, tables: TableRows, named: set[str]) -> None:
        """Find the households named, register new ones, and move those whose newest version lives elsewhere."""
        households = find_households(connection, named, self.caller.region, lock=True)
        newest = {row["household_id"]: row["region_code"] for row in tables.get("households", ())}
        missing = named - households.keys()
        if missing:
            if not missing <= newest.keys() or len(self.caller.region) > self.settings.register_digits:
                raise Problem("household-not-found", errors=_list_rows(tables, missing))
            new = {"known_tables": "", "opened_on": self.today}
            add_households(
                connection,
                [{"household_id": code, "region_code": newest[code], **new} for code in sorted(missing)],
            )
            households = find_households(connection, named, self.caller.region, lock=True)
            if missing := named - households.keys():
                raise Problem("household-not-found", errors=_list_rows(tables, missing))
        if closed := {code for code, row in households.items() if row["closed_on"] is not None}:
            raise Problem("household-closed", errors=_list_rows(tables, closed))
        sent = {name for name in tables if not TABLES[name].required}
        updated = []
        for code, row in households.items():
            known = ";".join(sorted(set(filter(None, row["known_tables"].split(";"))) | sent))
            updated.append({**row, "known_tables": known, "region_code": newest.get(code, row["region_code"])})
        update_households(connection, [row for row in updated if row != households[row["household_id"]]])
        moved = {code: region for code, region in newest.items() if region != households[code]["region_code"]}
        move_scores(connection, moved, self.caller.region, self.request_id)

    def _append(self, connection: Connection, tables: TableRows) -> None:
        """Append rows; where a month then has both a total and a source, all is refused."""
        received = now()
        for name, rows in tables.items():
            ready = [_complete(name, row, received, self.request_id) for row in rows]
            supersede(connection, name, ready)
            add_rows(connection, name, ready)
        if tables.get("income"):
            earners = sorted({row["household_id"] for row in tables["income"]})
            require_one_income(tables["income"], read_rows(connection, "income", earners))

    def _answer(self, counts: Mapping[str, int], changes: Sequence[Change], job: str | None) -> dict[str, Any]:
        may_read = "read" in self.caller.rights
        scored_at = changes[0].after["scored_at"] if changes else None
        return {
            **make_envelope(self.model.names, self.today, scored_at, self.request_id),
            "accepted": dict(counts),
            "rescored": len(changes),
            "changed": sum(change.changed for change in changes),
            "scores": [self._describe(change) for change in changes] if may_read else [],
            "job": job,
        }

    def _describe(self, change: Change) -> dict[str, Any]:
        policy, redact = self.model.policy, self.caller.redact
        return {
            "household_id": change.household_id,
            "changed": change.changed,
            "before": None if change.before is None else show(change.before, policy, redact, BRIEF),
            "after": show(change.after, policy, redact, BRIEF),
        }


def _list_regions(tables: TableRows) -> list[str]:
    """List the regions that disasters struck or lines are for, none of them inside another."""
    regions = {row["region_code"] for row in tables.get("disaster", ()) if row.get("region_code")}
    regions |= {row.get("region_code") or "" for row in tables.get("lines", ())}
    return sorted(one for one in regions if not any(one != other and one.startswith(other) for other in regions))


def _add_codes(connection: Connection, named: set[str], regions: Iterable[str]) -> set[str]:
    """Add the households of some regions to those that are named."""
    return named.union(*(list_codes(connection, region) for region in regions))


def _list_rows(tables: TableRows, codes: set[str]) -> list[FieldError]:
    """List the rows of some households as errors."""
    return [
        FieldError(f"tables.{name}[{i}].household_id", "not_found", "No such household in the region of the key")
        for name, rows in tables.items()
        for i, row in enumerate(rows)
        if row.get("household_id") in codes
    ]


def _complete(name: str, row: Mapping[str, Any], received: dt.datetime, request_id: str) -> dict[str, Any]:
    """Complete a row for the database: declared columns, attributes as JSON, when and with which request it came."""
    declared = TABLES[name]
    out: dict[str, Any] = {column: row.get(column) for column in declared.names}
    if declared.attributes:
        out["attributes"] = write_attributes({name: value for name, value in row.items() if name not in out})
    return {**out, "received_at": received, "request_id": request_id, "superseded": False}

"""Takes records in: registers households, appends rows, scores again whom they touch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from riskml.records.contract.schema import TABLES
from riskml_serving.api.records.checks import Rows, check_rows
from riskml_serving.base.clock import now
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.base.settings import Settings
from riskml_serving.http.responses import make_envelope
from riskml_serving.judging.jobs.repository import add_job
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.repository import move_scores
from riskml_serving.judging.scores.requests import require_one_income
from riskml_serving.judging.scores.service import shown
from riskml_serving.judging.scores.stored import rescore
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import (
    add_households,
    count_households,
    find_households,
    list_codes,
    update_households,
)
from riskml_serving.store.records import repository as records
from riskml_serving.store.records.tables import attributes_text

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

    def take(self, connection: Connection, tables: Rows) -> tuple[int, dict[str, Any]]:
        """Check the rows, append them and score again; return status and answer.

        Raises
        ------
        Problem
            What :func:`check_rows` refuses; ``household-not-found``: a household is not there, or lives outside the
            caller's region.
        """
        tables = check_rows(tables, self.caller, self.settings, self.today)
        named = {row["household_id"] for name, rows in tables.items() for row in rows if row.get("household_id")}
        regions = self._regions(tables)
        self._lock(connection, named, regions)
        self._register(connection, tables, named)
        received = now()
        for name, rows in tables.items():
            ready = [_stored(name, row, received, self.request_id) for row in rows]
            records.supersede(connection, name, ready)
            records.add_rows(connection, name, ready)
        if tables.get("income"):
            earners = sorted({row["household_id"] for row in tables["income"]})
            require_one_income(tables["income"], records.read_rows(connection, "income", earners))
        touched = set(named)
        total = len(named) + sum(count_households(connection, region) for region in regions)
        counts = {name: len(rows) for name, rows in tables.items() if rows}
        at_once = total <= self.settings.rescore_at_once
        if at_once:
            for region in regions:
                touched.update(list_codes(connection, region))
        number = self.request_id
        audit.record(connection, self.caller, "records.append", sorted(touched), request_id=number, rows=counts)
        if regions:
            audit.record(connection, self.caller, "records.append", request_id=number, regions=regions, rows=counts)
        if not at_once:
            payload = {"as_of": self.today.isoformat(), "households": sorted(named), "regions": regions}
            job = add_job(connection, self.caller, "rescore", payload, total=total, request_id=number)
            return 202, self._answer(counts, [], job)
        found = rescore(connection, self.model, sorted(touched), self.caller.region, self.today, number)
        return 200, self._answer(counts, found, None)

    def _lock(self, connection: Connection, named: set[str], regions: list[str]) -> None:
        """Keep other writers from everybody that is scored again at once, all in one order: else two could deadlock."""
        most = self.settings.rescore_at_once
        if regions and len(named) + sum(count_households(connection, region) for region in regions) <= most:
            struck = {code for region in regions for code in list_codes(connection, region)}
            find_households(connection, named | struck, self.caller.region, lock=True)

    def _register(self, connection: Connection, tables: Rows, named: set[str]) -> None:
        """Find the households named, register new ones, and move those whose newest version lives elsewhere."""
        found = find_households(connection, named, self.caller.region, lock=True)
        newest = {row["household_id"]: row["region_code"] for row in tables.get("households", ())}
        missing = named - found.keys()
        if missing:
            if not missing <= newest.keys() or len(self.caller.region) > self.settings.register_digits:
                raise _not_found(tables, missing)
            add_households(
                connection,
                [
                    {"household_id": code, "region_code": newest[code], "known_tables": "", "opened_on": self.today}
                    for code in sorted(missing)
                ],
            )
            found = find_households(connection, named, self.caller.region, lock=True)
            if named - found.keys():
                raise _not_found(tables, named - found.keys())
        if closed := {code for code, row in found.items() if row["closed_on"] is not None}:
            raise Problem("household-closed", errors=_places(tables, closed))
        given = {name for name in tables if not TABLES[name].required}
        now_at = {code: newest.get(code, row["region_code"]) for code, row in found.items()}
        altered = []
        for code, row in found.items():
            known = ";".join(sorted(set(filter(None, row["known_tables"].split(";"))) | given))
            if (known, now_at[code]) != (row["known_tables"], row["region_code"]):
                altered.append({**row, "known_tables": known, "region_code": now_at[code]})
        update_households(connection, altered)
        moved = {code: region for code, region in now_at.items() if region != found[code]["region_code"]}
        move_scores(connection, moved, self.caller.region, self.request_id)

    def _regions(self, tables: Rows) -> list[str]:
        """Regions in which everybody is touched, none of them inside another."""
        struck = {row["region_code"] for row in tables.get("disaster", ()) if row.get("region_code")}
        struck |= {row.get("region_code") or "" for row in tables.get("lines", ())}
        return sorted(one for one in struck if not any(one != other and one.startswith(other) for other in struck))

    def _answer(self, counts: Mapping[str, int], changes: list[Change], job: str | None) -> dict[str, Any]:
        told = []
        if "read" in self.caller.rights:
            told = [_told(change, self.model, self.caller) for change in changes]
        scored_at = changes[0].after["scored_at"] if changes else None
        return {
            **make_envelope(self.model.names, self.today, scored_at, self.request_id),
            "accepted": dict(counts),
            "rescored": len(changes),
            "changed": sum(change.changed for change in changes),
            "scores": told,
            "job": job,
        }


def _told(change: Change, model: Model, caller: Caller) -> dict[str, Any]:
    before = None if change.before is None else _brief(change.before, model, caller)
    return {
        "household_id": change.household_id,
        "changed": change.changed,
        "before": before,
        "after": _brief(change.after, model, caller),
    }


SHOWN = ("status", "probability", "tier", "rule_signal", "signal", "rule_flags", "agreement", "agreement_by")


def _brief(row: Mapping[str, Any], model: Model, caller: Caller) -> dict[str, Any]:
    return shown({name: row[name] for name in SHOWN}, model.policy, caller.redact)


def _not_found(tables: Rows, codes: set[str]) -> Problem:
    return Problem("household-not-found", errors=_places(tables, codes))


def _places(tables: Rows, codes: set[str]) -> list[FieldError]:
    return [
        FieldError(f"tables.{name}[{i}].household_id", "not_found", "No such household in the region of the key")
        for name, rows in tables.items()
        for i, row in enumerate(rows)
        if row.get("household_id") in codes
    ]


def _stored(name: str, row: Mapping[str, Any], received: dt.datetime, request_id: str) -> dict[str, Any]:
    """Row as the database keeps it: declared columns, attributes as JSON, when and with which request it came."""
    declared = TABLES[name]
    out: dict[str, Any] = {column.name: row.get(column.name) for column in declared.columns}
    if declared.attributes:
        out["attributes"] = attributes_text({name: value for name, value in row.items() if name not in out})
    return {**out, "received_at": received, "request_id": request_id, "superseded": False}

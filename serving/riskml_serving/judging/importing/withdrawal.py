"""Takes back an import, or a request that appended records, as a whole and in one transaction.

Its rows are deleted, and what they replaced counts again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine

from riskml.errors import UsageError
from riskml.progress import Progress, Silent
from riskml.records.contract.schema import TABLES
from riskml.records.reading.cell_sql import connect
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.database import writing
from riskml_serving.base.database.locks import hold_lock
from riskml_serving.judging.act import Act
from riskml_serving.judging.importing import repository
from riskml_serving.judging.importing.publishing import EVERYWHERE, add_rescore_job, save_register
from riskml_serving.judging.importing.service import CALLER, ID_LENGTH, finish_job, make_request_id
from riskml_serving.judging.importing.staging import build_known_sql, to_arrow
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.repository import remove_scores
from riskml_serving.people import audit
from riskml_serving.people.audit.repository import list_actions
from riskml_serving.people.auth import Caller
from riskml_serving.register.keys import NoKeyError
from riskml_serving.register.repository import delete_persons
from riskml_serving.register.service import follow_facts, follow_members, move_back
from riskml_serving.store.facts.service import settle_facts
from riskml_serving.store.helps.repository import drop_helps, read_begun
from riskml_serving.store.households.repository import delete_households, find_households
from riskml_serving.store.records.columns import Rows, to_rows
from riskml_serving.store.records.repository import read_rows


@dataclass(frozen=True)
class Withdrawal:
    """The result of withdrawing an import.

    Parameters
    ----------
    rows : int
        Number of rows taken back.
    households : int
        Number of households that the import had added or changed.
    gone : int
        Number of these households about which nothing else is stored; they leave the register.
    scored : int
        Number of households scored again.
    """

    rows: int
    households: int
    gone: int
    scored: int = 0


def withdraw_import(
    engine: Engine,
    import_id: str,
    today: dt.date,
    model: Model | None = None,
    progress: Progress | None = None,
    *,
    caller: Caller = CALLER,
    take_back: Callable[[Connection, str], None] | None = None,
) -> Withdrawal:
    """Take back an import, and score the remaining households again.

    Parameters
    ----------
    engine : Engine
    import_id : str
        The import's ID, or as much of the fingerprint of its records as identifies it; or the number of a request to
        ``POST /v1/records``.
    today : date
        Date as of which households are located and scored.
    model : Model, optional
        Model to score with; without a model, nothing is scored.
    progress : Progress, optional
    caller : Caller, optional
        Whom the audit log names.
    take_back : callable, optional
        Takes back what the import kept besides its records (`service.Source`), given the ID of its source.

    Raises
    ------
    UsageError
        If there is no such import, or a later one concerns the same county: its rows were compared with those of this
        one, so it would lack those that both have. Also if what it kept besides its records cannot be taken back.
    """
    with writing(engine) as connection:
        hold_lock(connection, "imports")
        imported = repository.find_import(connection, import_id.removeprefix("import-"))
        imported = imported or _find_request(connection, import_id)
        if imported is None:
            raise UsageError(
                "There is no import {import_id!r}, or more than one.",
                "The command `riskml-serving import` prints the ID of each import; the audit log has it too, and the "
                "number of each request to POST /v1/records.",
                import_id=import_id,
            )
        notes = json.loads(imported["base"] or "{}")
        if notes.get("source"):
            if take_back is None:
                raise NoKeyError.not_set()
            take_back(connection, notes["source"])
        move_back(connection, notes.get("moved", {}))
        done, job_id = _withdraw(connection, imported, today, caller, scores=model is not None)
    scored = 0 if model is None or job_id is None else finish_job(engine, model, job_id, progress or Silent())
    return Withdrawal(done.rows, done.households, done.gone, scored)


def _withdraw(
    connection: Connection, imported: dict[str, Any], today: dt.date, caller: Caller, *, scores: bool
) -> tuple[Withdrawal, str | None]:
    request_id = imported.get("request_id") or make_request_id(imported["fingerprint"])
    stated = repository.list_changed(connection, imported["fingerprint"])
    codes = sorted(repository.list_received(connection, request_id) | stated.keys())
    before = find_households(connection, codes, EVERYWHERE, lock=True)
    if imported["finished_at"] is not None:
        homes = {take_region(row["region_code"], Level.COUNTY) for row in before.values()}
        _refuse_later(connection, imported, homes)
    members = repository.list_members(connection, request_id) if "request_id" in imported else set()
    rows, regions = 0, set[str]()
    for name in TABLES:
        rivals = repository.read_rivals(connection, name, request_id)
        own = (row for row in rivals if row["request_id"] == request_id)
        regions |= {row["region_code"] or EVERYWHERE for row in own if row.get("household_id") is None}
        rows += repository.take_back_rows(connection, name, request_id, _find_restored(name, rivals, request_id))
    follow_members(connection, _list_standing(connection, members, today))
    follow_facts(connection, codes, today, request_id, write=False)
    gone = repository.list_empty(connection, codes)
    remove_scores(connection, gone, EVERYWHERE, request_id, forgotten=True)
    drop_helps(connection, [one["help_id"] for one in read_begun(connection, gone)])
    delete_persons(connection, gone)
    delete_households(connection, gone)
    rest = sorted(before.keys() - set(gone))
    _update_register(connection, {code: before[code] for code in rest}, stated, today, request_id)
    settle_facts(connection, rest, request_id)
    repository.delete_import(connection, imported["fingerprint"])
    counts: dict[str, Any] = {"rows": rows, "households": len(codes), "gone": len(gone)}
    audit.record(connection, caller, "records.withdraw", request_id=request_id, **counts)
    job_id = add_rescore_job(Act(connection, CALLER, today, request_id), rest, regions) if scores else None
    return Withdrawal(**counts), job_id


def _find_request(connection: Connection, request_id: str) -> dict[str, Any] | None:
    """Find a request that appended records and did nothing else; return what has to be known to withdraw it."""
    done = list_actions(connection, request_id)
    own = {"fingerprint": request_id, "request_id": request_id, "base": None}
    return {**own, "finished_at": done["records.append"]} if done.keys() == {"records.append"} else None


def _list_standing(connection: Connection, members: Collection[tuple[str, str]], today: dt.date) -> Rows:
    """List what the remaining records state about members whose records were taken back, the latest last."""
    nothing = {"left_on": None, "recorded_on": None}
    rows: Rows = [{"household_id": home, "member_id": member, **nothing} for home, member in sorted(members)]
    stored = to_rows(read_rows(connection, "members", sorted({home for home, _ in members})))
    rows += (row for row in stored if (row["household_id"], row["member_id"]) in members)
    known = (row for row in rows if (row["recorded_on"] or today) <= today)
    return sorted(known, key=lambda row: row["recorded_on"] or dt.date.min)


def _refuse_later(connection: Connection, imported: dict[str, Any], homes: set[str]) -> None:
    """Refuse to withdraw an import, or a request, if a later import concerns one of its counties.

    Raises
    ------
    UsageError
    """
    counties = _read_counties(imported) or homes
    # A staged import notices that another is withdrawn and compares again, but not that the rows of a request are gone.
    own = "request_id" in imported
    for later in repository.list_later(connection, imported["finished_at"], unfinished=own):
        if not counties or not (theirs := _read_counties(later)) or counties & theirs:
            raise UsageError(
                "A later import, {later}, concerns the same county.",
                "Withdraw it first; afterwards, import its folder again.",
                later=later["fingerprint"][:ID_LENGTH],
            )


def _read_counties(row: dict[str, Any]) -> set[str]:
    return set(json.loads(row["base"] or "{}").get("counties", ()))


def _find_restored(name: str, rows: Sequence[dict[str, Any]], request_id: str) -> list[int]:
    """Find the rows that a request has replaced and that no other row replaces, by their numbers.

    Of the rows for the same record or version that were recorded on the same day, the one received last is in force.
    """
    if not rows:
        return []
    columns = {column: [row[column] for row in rows] for column in rows[0]}
    table = to_arrow(name, columns)
    table = table.append_column("row_id", pa.array(columns["row_id"], pa.int64()))
    table = table.append_column("own", pa.array([r == request_id for r in columns["request_id"]], pa.bool_()))
    keys = ", ".join([*TABLES[name].full_identity, '"#known"'])
    with connect() as connection:
        connection.register("stored", table)
        query = f"""
            SELECT max(row_id) FILTER (WHERE NOT own) FROM (SELECT *, {build_known_sql(name)} AS "#known" FROM stored)
            WHERE {TABLES[name].identity[-1]} IS NOT NULL GROUP BY {keys} HAVING bool_or(own) AND NOT bool_and(own)"""
        return sorted(number for (number,) in connection.execute(query).fetchall())


def _update_register(
    connection: Connection, before: dict[str, dict[str, Any]], stated: dict[str, str], today: dt.date, request_id: str
) -> None:
    """Note where the remaining households live now, and which of their tables are known."""
    versions = read_rows(connection, "households", sorted(before))
    known: dict[str, list[tuple[dt.date, str]]] = {}
    for code, day, region in zip(*(versions[n] for n in ("household_id", "recorded_on", "region_code")), strict=True):
        known.setdefault(code, []).append((day or dt.date.min, region))
    updated = []
    for code, row in before.items():
        own = sorted(known.get(code, ()))
        until = [region for day, region in own if day <= today]
        region = until[-1] if until else own[0][1] if own else row["region_code"]
        tables = set(row["known_tables"].split(";")) - set(stated.get(code, "").split(";"))
        updated.append({**row, "region_code": region, "known_tables": ";".join(sorted(tables))})
    save_register(connection, before, updated, request_id)

"""Stores the records in a request: registers its households, appends its rows and rescores the affected households."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from riskml.records.checking.in_memory import COMPARED
from riskml.records.contract.as_of import AsOf
from riskml.records.contract.schema import TABLES
from riskml_serving.api.attributes import read_attributes
from riskml_serving.api.call import Call
from riskml_serving.base.problems import FieldError
from riskml_serving.checks import records as checks
from riskml_serving.checks.comparisons import leave_out, plan_warnings, show_warnings
from riskml_serving.checks.records import TableRows
from riskml_serving.judging.importing.publishing import add_rescore_job, update_register
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.service import rescore
from riskml_serving.judging.verdict import BRIEF
from riskml_serving.judging.wording import show
from riskml_serving.register.service import follow_members
from riskml_serving.store.facts.service import receive_rows
from riskml_serving.store.households.repository import (
    add_households,
    count_households,
    find_households,
    list_codes,
)
from riskml_serving.store.records.columns import to_columns
from riskml_serving.store.records.purpose import claim_purpose
from riskml_serving.store.records.repository import read_lines, read_rows


def append_records(
    connection: Connection, call: Call, tables: TableRows, warnings: list[FieldError], **detail: str
) -> tuple[int, dict[str, Any]]:
    """Check the rows, append them and rescore the households; return the status and the response.

    ``warnings`` are those found when the request was read; the response lists them first. ``detail`` is what the audit
    log says about the rows, besides their number.

    Raises
    ------
    Problem
        As in :func:`checks.check_new_records`; also ``household-not-found`` if a household does not exist or lives
        outside the caller's region; ``household-closed``; and ``other-purpose`` if the database holds records of a
        trial and the service is not on trial, or vice versa.
    """
    sent, tables = tables, checks.check_new_records(call.caller, call.state.settings, tables, call.today)
    tables, odd = read_attributes(tables, call.model)
    named = {row["household_id"] for rows in tables.values() for row in rows if row.get("household_id")}
    regions = _list_regions(tables)
    total = len(named) + sum(count_households(connection, region) for region in regions)
    at_once = total <= call.state.settings.rescore_at_once
    if at_once and regions:  # always lock in the same order, or two requests could deadlock
        find_households(connection, _add_codes(connection, named, regions), call.caller.region, lock=True)
    claim_purpose(connection, simulated=call.state.settings.simulated)
    _register(connection, call, tables, named)
    _append(connection, call, tables)

    columns = {name: to_columns(rows) for name, rows in tables.items() if rows}
    stored = {
        name: read_lines(connection) if name == "lines" else read_rows(connection, name, sorted(named))
        for name in dict.fromkeys(table for name in columns for table in (name, *COMPARED.get(name, ())))
    }
    others = {name: leave_out(name, rows, columns.get(name, {})) for name, rows in stored.items()}
    as_sent = {name: to_columns(rows) for name, rows in sent.items()}
    search = plan_warnings(columns, others, call.today, call.model.policy.usual_lines, as_sent)
    warnings = [*warnings, *odd, *(search() if search else ())]
    touched = _add_codes(connection, named, regions) if at_once else named
    counts = {name: len(rows) for name, rows in tables.items() if rows}
    call.act(connection).record("records.append", sorted(touched), rows=counts, **detail)
    if regions:
        call.act(connection).record("records.append", regions=regions, rows=counts, **detail)
    if not at_once:
        job = add_rescore_job(call.act(connection), named, regions)
        return 202, {**_build_answer(call, counts, [], job), **show_warnings(warnings)}
    changes = rescore(call.act(connection), sorted(touched))
    return 200, {**_build_answer(call, counts, changes, None), **show_warnings(warnings)}


def _register(connection: Connection, call: Call, tables: TableRows, named: set[str]) -> None:
    """Register new households, refuse closed ones, and move those whose newest version states another region.

    Also note for each household which tables the request contains, even without rows: these are now known.
    """
    before = find_households(connection, named, call.caller.region, lock=True)
    newest = {row["household_id"]: row["region_code"] for row in tables.get("households", ())}
    if missing := sorted(named - before.keys()):
        if not newest.keys() >= {*missing} or len(call.caller.region) > call.state.settings.register_digits:
            checks.refuse_households(tables, missing)
        new = {"known_tables": "", "opened_on": call.today}
        add_households(connection, [{"household_id": c, "region_code": newest[c], **new} for c in missing])
        before |= find_households(connection, missing, call.caller.region, lock=True)
        checks.refuse_households(tables, named - before.keys())
    checks.refuse_closed(tables, before)
    staged = {code: {"region_code": newest.get(code), "digest": None} for code in before}
    stated = {name for name in tables if not TABLES[name].required}
    update_register(connection, before, staged, stated, call.request_id, call.request_id)


def _append(connection: Connection, call: Call, tables: TableRows) -> None:
    """Append rows; refuse all of them if the households' income rows would then contradict one another."""
    receive_rows(connection, tables, call.request_id)
    follow_members(connection, tables.get("members", ()))
    if tables.get("income"):
        earners = sorted({row["household_id"] for row in tables["income"]})
        checks.require_one_income(tables["income"], read_rows(connection, "income", earners))


def _build_answer(call: Call, counts: Mapping[str, int], changes: Sequence[Change], job: str | None) -> dict[str, Any]:
    may_read = "read" in call.caller.rights
    scored_at = changes[0].after["scored_at"] if changes else None
    return {
        **call.make_envelope(AsOf(call.today, call.today), scored_at),  # the rows are recorded today or later
        "accepted": dict(counts),
        "rescored": len(changes),
        "changed": sum(change.changed for change in changes),
        "scores": [describe_change(call, change) for change in changes] if may_read else [],
        "job": job,
    }


def describe_change(call: Call, change: Change) -> dict[str, Any]:
    """Describe a household's score before and after a change, without what the caller may not see."""
    policy, redact = call.model.policy, call.caller.redact
    return {
        "household_id": change.household_id,
        "changed": change.changed,
        "before": None if change.before is None else show(change.before, policy, redact, BRIEF),
        "after": show(change.after, policy, redact, BRIEF),
    }


def _list_regions(tables: TableRows) -> list[str]:
    """List the regions to which disasters or lines apply, without those that lie inside another of these regions."""
    regions = {row["region_code"] for row in tables.get("disaster", ()) if row.get("region_code")}
    regions |= {row.get("region_code") or "" for row in tables.get("lines", ())}
    return sorted(code for code in regions if not any(code != other and code.startswith(other) for other in regions))


def _add_codes(connection: Connection, named: set[str], regions: Iterable[str]) -> set[str]:
    """Return the named households together with all households in the given regions."""
    return named.union(*(list_codes(connection, region) for region in regions))

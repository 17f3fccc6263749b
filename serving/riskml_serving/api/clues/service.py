"""Reports clues: each becomes a record by the same path as any other record, in one transaction with the clue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from riskml_serving.api.call import Call
from riskml_serving.api.households.repository import read_ranked
from riskml_serving.api.households.service import describe_listed
from riskml_serving.api.records.service import append_records
from riskml_serving.base.problems import Problem
from riskml_serving.casework.clues import service
from riskml_serving.casework.clues.repository import add_names, find_clue
from riskml_serving.checks.casework import check_clue
from riskml_serving.store.households.repository import list_codes, require_open


def register_clue(connection: Connection, call: Call, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Save a clue with its record, and score the households concerned; return the status and the response.

    Raises
    ------
    Problem
        ``invalid-request`` if the clue has no subject, or several, or is about the future, or is about a place but no
        disaster; ``household-not-found`` or ``household-closed``; ``region-not-found``, also if nobody lives there;
        ``no-identity-key`` if there is a name but no key to encrypt it.
    """
    row = _draft(connection, call, body)
    named = {"household": body.get("unlisted", {}).get("name"), "told_by": body.get("told_by")}
    names = {name: value for name, value in named.items() if value}
    if names and call.state.identity is None:
        raise Problem("no-identity-key")
    status, appended = 201, dict[str, Any](job=None)
    if row["subject"] != "unlisted":
        code, appended = append_records(connection, call, service.make_record(row, call.today), [])
        status = 202 if code == 202 else status
    number = service.save(call.act(connection), row)
    if call.state.identity is not None and names:
        add_names(connection, call.state.identity, number, names)
    saved = find_clue(connection, number, call.caller.region)
    assert saved is not None, "it was saved in this transaction, in the caller's region"
    listed = []
    if row["subject"] == "place" and "read" in call.caller.rights:
        listed = read_ranked(connection, row["region_code"], {}, None, call.clamp_limit(None))
        call.act(connection).record("households.list", [one["household_id"] for one in listed])
    return status, {
        **call.make_envelope(),
        "clue": service.describe(connection, saved, call.caller),
        "households": [describe_listed(call, one) for one in listed],
        "job": appended["job"],
        "warnings": appended.get("warnings", []),
        "warning_count": appended.get("warning_count", 0),
    }


def _draft(connection: Connection, call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    """Check a report and make a clue of it; a household that it names is locked."""
    subject = check_clue(body, call.today)
    if subject == "household_id":
        home = require_open(connection, body["household_id"], call.caller.region)
        return service.draft(body, "household", home["region_code"], home["household_id"])
    if subject == "unlisted":
        return service.draft(body, "unlisted", call.caller.resolve_region(body["unlisted"]["village"]))
    region = call.caller.resolve_region(body["region_code"])
    if not list_codes(connection, region, limit=1):  # a wrong code would list nobody, and the clue would be closed
        raise Problem("region-not-found", "nobody")
    return service.draft(body, "place", region)


def resolve(connection: Connection, call: Call, clue_id: str, household_id: str, resolution: str) -> None:
    """Give a clue the household that the county has found, with its record, or the reason why there is none.

    Raises
    ------
    Problem
        ``clue-not-found``, ``clue-resolved``, ``household-not-found``, ``household-closed``.
    """
    if household_id:
        require_open(connection, household_id, call.caller.region)
    row = service.resolve(call.act(connection), clue_id, household_id or None, resolution)
    if household_id:
        append_records(connection, call, service.make_record(row, call.today), [])

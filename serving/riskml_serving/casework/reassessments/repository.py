"""SQL for the help for a household, and for the households in a region that are due for a second look."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, false, or_, select, true, union_all

from riskml_serving.casework.verifications.repository import is_in_force
from riskml_serving.casework.verifications.tables import VERIFICATIONS
from riskml_serving.people.auth import is_in_region
from riskml_serving.store.helps.tables import HELP_BEGUN
from riskml_serving.store.households.repository import is_open, narrow_to_region
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.tables import RECORDS

NOTICE = dt.timedelta(days=7)
"""Time before the due day from which a household is listed, so that the visit can be planned."""


def _is_reassessed() -> ColumnElement[bool]:
    """Make the condition that a visit, saved after the help, says whether it works.

    A visit that assesses help which is due says nothing about newer help that is due later. If none is due yet, it is
    about the help that is due first.
    """
    other, earlier = HELP_BEGUN.alias("other"), VERIFICATIONS.alias("earlier")
    settled = exists().where(
        earlier.c.household_id == other.c.household_id,
        earlier.c.reassessment.is_not(None),
        earlier.c.created_at >= other.c.created_at,
        earlier.c.verification_id < VERIFICATIONS.c.verification_id,
        is_in_force(earlier),
    )
    sooner = exists().where(
        other.c.household_id == HELP_BEGUN.c.household_id,
        other.c.due_on < HELP_BEGUN.c.due_on,
        other.c.created_at <= VERIFICATIONS.c.created_at,
        ~settled.correlate(other, VERIFICATIONS),
    )
    return exists().where(
        VERIFICATIONS.c.household_id == HELP_BEGUN.c.household_id,
        VERIFICATIONS.c.reassessment.is_not(None),
        VERIFICATIONS.c.created_at >= HELP_BEGUN.c.created_at,
        is_in_force(),
        or_(HELP_BEGUN.c.due_on <= VERIFICATIONS.c.verified_on, ~sooner.correlate(HELP_BEGUN, VERIFICATIONS)),
    )


def read_helps(connection: Connection, household_id: str, region: str) -> list[dict[str, Any]]:
    """Read the help for a household in a region with its records, latest first, and whether it was assessed again."""
    row = RECORDS["help"]
    content = (row.c[name] for name in ("ended_on", "emergency", "amount", "per"))
    query = select(HELP_BEGUN, *content, _is_reassessed().label("reassessed"))
    query = query.join(row, row.c.row_id == HELP_BEGUN.c.row_id).where(HELP_BEGUN.c.household_id == household_id)
    query = narrow_to_region(query, HELP_BEGUN, region).order_by(HELP_BEGUN.c.help_id.desc())
    return [dict(row) for row in connection.execute(query).mappings()]


def list_due(connection: Connection, region: str, today: dt.date, household_id: str = "") -> list[dict[str, Any]]:
    """List the open households in a region that are due for a second look, longest overdue first.

    A household is due if the day of a help that was not assessed again is near or past, or if the last visit found that
    help does not work and no other help has begun since.

    Parameters
    ----------
    connection : Connection
    region : str
    today : date
    household_id : str, optional
        Code of the only household to list.

    Returns
    -------
    list of dict
        ``household_id``, ``region_code``, ``due_on``, ``failing`` (whether help does not work) and ``late``.
    """
    later, begun = VERIFICATIONS.alias("later"), HELP_BEGUN.alias("begun")
    coming = select(HELP_BEGUN.c.household_id, HELP_BEGUN.c.due_on.label("due_on"), false().label("failing")).where(
        HELP_BEGUN.c.due_on <= today + NOTICE, ~_is_reassessed()
    )
    again = exists().where(
        later.c.household_id == VERIFICATIONS.c.household_id,
        later.c.verification_id > VERIFICATIONS.c.verification_id,
        later.c.outcome != "not_met",
        is_in_force(later),
    )
    helped = exists().where(
        begun.c.household_id == VERIFICATIONS.c.household_id,
        begun.c.created_at > VERIFICATIONS.c.created_at,
        begun.c.request_id != VERIFICATIONS.c.request_id,  # the visit itself found help that had begun before
    )
    failing = select(
        VERIFICATIONS.c.household_id, VERIFICATIONS.c.verified_on.label("due_on"), true().label("failing")
    ).where(VERIFICATIONS.c.reassessment == "not_working", is_in_force(), ~again, ~helped)
    due = union_all(coming, failing).subquery()
    query = select(due, HOUSEHOLDS.c.region_code).join(HOUSEHOLDS, HOUSEHOLDS.c.household_id == due.c.household_id)
    query = query.where(is_in_region(HOUSEHOLDS.c.region_code, region), is_open())
    if household_id:
        query = query.where(due.c.household_id == household_id)
    out: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query.order_by(due.c.due_on, due.c.household_id)).mappings():
        own = out.setdefault(row["household_id"], {**row, "failing": False, "late": row["due_on"] < today})
        own["failing"] |= bool(row["failing"])
    return list(out.values())

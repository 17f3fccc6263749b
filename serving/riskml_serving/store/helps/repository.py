"""SQL for help that is assessed again, and for the records of help that it follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, union, update

from riskml_serving.store.helps.tables import HELP_BEGUN
from riskml_serving.store.records.repository import change_in, is_not_superseded, read_in, split_codes
from riskml_serving.store.records.tables import RECORDS

RECORDED = RECORDS["help"]


def add_helps(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Save help for households that the caller has locked."""
    if rows:
        connection.execute(insert(HELP_BEGUN), list(rows))


def read_begun(connection: Connection, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Read the help that is assessed again of households that the caller has locked, in the order of its receipt."""
    return read_in(connection, select(HELP_BEGUN).order_by(HELP_BEGUN.c.help_id), HELP_BEGUN.c.household_id, codes)


def read_versions(connection: Connection, codes: Sequence[str], since: dt.date) -> list[dict[str, Any]]:
    """Read the records of help of those households, all locked, that have any help since a day or that is looked after.

    Returns
    -------
    list of dict
        Every version, the one that was recorded last at the end.
    """
    out: list[dict[str, Any]] = []
    columns = [
        RECORDED.c[name] for name in ("row_id", "household_id", "record_id", "started_on", "measure", "withdrawn")
    ]
    known = func.coalesce(RECORDED.c.recorded_on, RECORDED.c.started_on)
    for part in split_codes(codes):
        recent = select(RECORDED.c.household_id).where(
            RECORDED.c.household_id.in_(part), RECORDED.c.started_on >= since
        )
        begun = select(HELP_BEGUN.c.household_id).where(HELP_BEGUN.c.household_id.in_(part))
        homes = connection.execute(union(recent, begun)).scalars().all()
        query = select(*columns).where(RECORDED.c.household_id.in_(homes), is_not_superseded(RECORDED))
        rows = connection.execute(query.order_by(known, RECORDED.c.row_id)).mappings() if homes else ()
        out += map(dict, rows)
    return out


def change_help(connection: Connection, help_id: int, **values: Any) -> None:
    """Change help of a household that the caller has locked."""
    connection.execute(update(HELP_BEGUN).where(HELP_BEGUN.c.help_id == help_id).values(**values))


def drop_helps(connection: Connection, help_ids: Sequence[int]) -> None:
    """Drop help, of households that the caller has locked, whose records are withdrawn."""
    change_in(connection, delete(HELP_BEGUN), HELP_BEGUN.c.help_id, help_ids)

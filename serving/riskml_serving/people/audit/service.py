"""Writes audit entries in the request's transaction, so a change and its entry are saved together or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from riskml_serving.base.clock import now
from riskml_serving.base.database import before_commit
from riskml_serving.people.audit import repository
from riskml_serving.people.auth import Caller

_DETAIL = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


def build_entries(
    caller: Caller, action: str, household_id: str | Iterable[str] | None, request_id: str, detail: dict[str, Any]
) -> list[dict[str, Any]]:
    """Build the entry, if any, that says that a caller saw or changed something; see :func:`record`."""
    several = None if household_id is None or isinstance(household_id, str) else list(dict.fromkeys(household_id))
    if several is not None and len(several) < 2:
        if not several:
            return []
        (household_id,), several = several, None
    about = {"household_id": household_id if several is None else None, "households": several}
    common = {"at": now(), "actor": caller.key_id, "action": action, "region": caller.region}
    return [{**common, **about, "request_id": request_id, "detail": _DETAIL.encode(detail)}]


def record(
    connection: Connection,
    caller: Caller,
    action: str,
    household_id: str | Iterable[str] | None = None,
    *,
    request_id: str,
    **detail: Any,
) -> None:
    """Record that a caller saw or changed something.

    Parameters
    ----------
    connection : Connection
        Connection in the request's transaction, which must be a writing transaction.
    caller : Caller
    action : str
        A short stable code, such as ``household.read`` or ``records.append``.
    household_id : str or iterable of str, optional
        Households, which share one entry; by default, the entry is about no household. Nothing is recorded about an
        empty list of households.
    request_id : str
    **detail
        Further JSON values, never a person's records.

    Notes
    -----
    The entries are written last in the transaction: they lock the chain, and other requests should not wait for what
    this one still has to compute.
    """
    entries = build_entries(caller, action, household_id, request_id, detail)
    before_commit(connection, lambda: repository.append(connection, entries))

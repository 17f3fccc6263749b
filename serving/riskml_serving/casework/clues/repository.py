"""SQL for clues about households and places in a region."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, insert, or_, select, update

from riskml_serving.casework.clues.states import CLUE_STATES
from riskml_serving.casework.clues.tables import CLUE_NAMES, CLUES
from riskml_serving.casework.verifications.repository import is_in_force
from riskml_serving.casework.verifications.tables import VERIFICATIONS
from riskml_serving.judging.scores.tables import CURRENT
from riskml_serving.people.auth import is_in_region
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.store.facts.outcomes import DECISIVE
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.repository import read_in

VISIT = VERIFICATIONS.alias("visit")
"""The visit that followed a clue: the last one that settled it, otherwise the last one."""


_IS_AFTER = and_(
    VERIFICATIONS.c.household_id == CLUES.c.household_id,
    VERIFICATIONS.c.verification_id > CLUES.c.after_verification,
    is_in_force(),
)
_SETTLES = VERIFICATIONS.c.outcome.in_(DECISIVE)
IS_SETTLED = exists().where(_IS_AFTER, _SETTLES).correlate(CLUES)
"""The condition that a visit has settled a clue."""


def _select_after(*conditions: ColumnElement[bool]) -> Any:
    query = select(func.max(VERIFICATIONS.c.verification_id)).where(_IS_AFTER, *conditions)
    return query.scalar_subquery().correlate(CLUES)


_MISSING = and_(CLUES.c.subject == "unlisted", CLUES.c.household_id.is_(None), CLUES.c.resolved_on.is_(None))
_REGION = func.coalesce(HOUSEHOLDS.c.region_code, CLUES.c.region_code)
_FACTS = {
    "missing": _MISSING,
    "listed": CLUES.c.household_id.is_not(None),
    "outcome": func.coalesce(VISIT.c.outcome, ""),
    "informed": VISIT.c.told_on.is_not(None),
}
_SHOWN = (
    *(column for column in CLUES.c if column.name != "region_code"),
    _REGION.label("region_code"),
    *(column.label(name) for name, column in _FACTS.items()),
    VISIT.c.verified_on,
    VISIT.c.reason,
    VISIT.c.told_on,
    VISIT.c.created_by.label("visitor"),
)


def is_unsettled(household: ColumnElement[str]) -> ColumnElement[bool]:
    """Make the condition that a household has a clue that no visit has settled.

    The codes of all such households are computed once in a query, not once for each of its rows.
    """
    return household.in_(select(CLUES.c.household_id).where(CLUES.c.household_id.is_not(None), ~IS_SETTLED))


def find_clued(connection: Connection, codes: Sequence[str]) -> set[str]:
    """Find those of some households in the caller's region that have a clue that no visit has settled."""
    query = select(CLUES.c.household_id).where(~IS_SETTLED)
    return {row["household_id"] for row in read_in(connection, query, CLUES.c.household_id, codes)}


def list_unscored(connection: Connection, region: str) -> list[dict[str, Any]]:
    """List the households in a region that have an open clue but no score, so that no section of the list has them.

    All of their members have left, or they were closed. ``since`` is the day on which the first clue was registered.
    """
    scored = exists().where(CURRENT.c.household_id == CLUES.c.household_id)
    columns = (CLUES.c.household_id, HOUSEHOLDS.c.region_code)
    query = select(*columns, func.min(CLUES.c.recorded_on).label("since")).group_by(*columns)
    query = query.join(HOUSEHOLDS, HOUSEHOLDS.c.household_id == CLUES.c.household_id)
    query = query.where(is_in_region(HOUSEHOLDS.c.region_code, region), ~IS_SETTLED, ~scored)
    return [dict(row) for row in connection.execute(query.order_by("since", CLUES.c.household_id)).mappings()]


def find_last_verification(connection: Connection, household_id: str, region: str) -> int:
    """Find the number of the last verification of a household in a region, undone or not; 0 if there is none."""
    here = select(HOUSEHOLDS.c.household_id).where(is_in_region(HOUSEHOLDS.c.region_code, region))
    query = select(func.coalesce(func.max(VERIFICATIONS.c.verification_id), 0)).where(
        VERIFICATIONS.c.household_id == household_id, VERIFICATIONS.c.household_id.in_(here)
    )
    return int(connection.execute(query).scalar_one())


def add_clue(connection: Connection, row: dict[str, Any]) -> int:
    """Save a clue, which may have facts that were read with another one; return its number."""
    own = {column.name: row.get(column.name) for column in CLUES.c if not column.primary_key}
    return int(connection.execute(insert(CLUES).returning(CLUES.c.clue_id), own).scalar_one())


def add_names(connection: Connection, keys: IdentityKeys, clue_id: int, names: Mapping[str, str]) -> None:
    """Save the names in a clue, encrypted: ``household`` and ``told_by``, as far as they are known."""
    content = keys.encrypt(json.dumps(names).encode(), CLUE_NAMES.name, str(clue_id))
    connection.execute(insert(CLUE_NAMES).values(clue_id=clue_id, content=content))


def read_names(connection: Connection, keys: IdentityKeys, clue_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Read the names in clues whose numbers a query limited to the reader's region has returned.

    Raises
    ------
    LostKeyError
        If the key of a name is missing.
    """
    rows = read_in(connection, select(CLUE_NAMES), CLUE_NAMES.c.clue_id, clue_ids)
    texts = {row["clue_id"]: keys.decrypt(row["content"], CLUE_NAMES.name, str(row["clue_id"])) for row in rows}
    return {number: json.loads(text) for number, text in texts.items()}


def _select_clues(region: str) -> Select[Any]:
    visit = func.coalesce(_select_after(_SETTLES), _select_after())
    joined = select(*_SHOWN).outerjoin(HOUSEHOLDS, HOUSEHOLDS.c.household_id == CLUES.c.household_id)
    joined = joined.outerjoin(VISIT, VISIT.c.verification_id == visit)
    return joined.where(is_in_region(_REGION, region))


def find_clue(connection: Connection, clue_id: int, region: str) -> dict[str, Any] | None:
    """Find a clue in a region by its number."""
    row = connection.execute(_select_clues(region).where(CLUES.c.clue_id == clue_id)).mappings().first()
    return None if row is None else dict(row)


def read_clues(
    connection: Connection,
    region: str,
    *,
    state: str = "",
    households: Sequence[str] | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    after: int = 0,
    limit: int | None = None,
    latest: bool = False,
) -> list[dict[str, Any]]:
    """Read clues in a region, each with the visit that followed it, in the order in which they were saved.

    Parameters
    ----------
    connection : Connection
    region : str
    state : str, default ""
        Code of one of ``CLUE_STATES``; empty for any.
    households : sequence of str, optional
        Codes of the only households whose clues are read, at most as many as one query takes.
    since, until : date, optional
        First and last day of the registration.
    after : int, default 0
        Number after which to start.
    limit : int, optional
    latest : bool, default False
        Whether the latest come first.
    """
    query = _select_clues(region).where(CLUES.c.clue_id > after)
    if state:
        query = query.where(CLUE_STATES[state].rule.to_sql(_FACTS))
    if households is not None:
        query = query.where(CLUES.c.household_id.in_(households))
    if since is not None:
        query = query.where(CLUES.c.recorded_on >= since)
    if until is not None:
        query = query.where(CLUES.c.recorded_on <= until)
    query = query.order_by(CLUES.c.clue_id.desc() if latest else CLUES.c.clue_id).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def update_clue(connection: Connection, clue_id: int, region: str, **values: Any) -> None:
    """Save which household a clue is about, or why it is about none, if its place or its household is in a region."""
    homes = select(HOUSEHOLDS.c.household_id).where(is_in_region(HOUSEHOLDS.c.region_code, region))
    here = or_(is_in_region(CLUES.c.region_code, region), CLUES.c.household_id.in_(homes))
    connection.execute(update(CLUES).where(CLUES.c.clue_id == clue_id, here).values(**values))

"""SQL of the work list: current scores with the wait, the last finding and who looks after the household."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    Select,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from riskml_serving.assignments.tables import ASSIGNMENTS
from riskml_serving.auth import listed_within, within
from riskml_serving.records.tables import RECORDS
from riskml_serving.scoring.tables import CURRENT, SCORES
from riskml_serving.verifications.tables import VERIFICATIONS

__all__ = ["SETTLED", "Wanted", "counts", "listed", "parts"]

SETTLED = ("confirmed", "rejected")
EARLIER = SCORES.alias("earlier")
LAST = VERIFICATIONS.alias("last")


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to.

    Parameters
    ----------
    region : str
        Prefix, already held against the caller's.
    state : str
        ``open``, ``overdue``, ``unverified``, ``settled``, ``monitored`` or ``all``.
    overdue_since : date
        Signals up to this day are overdue.
    signal, tier : tuple of int
        Positions in riskml's lists; empty is any.
    agreement, category, flags : tuple of str
        Words of the columns; ``flags``: codes of triggers of which one must have fired.
    cause : str
        Cause code of the model's reasons, of a trigger that fired, or of the monitoring record.
    search : str
        Part of a household's code.
    """

    region: str
    state: str
    overdue_since: dt.date
    signal: tuple[int, ...] = ()
    tier: tuple[int, ...] = ()
    agreement: tuple[str, ...] = ()
    category: str = ""
    cause: str = ""
    flags: tuple[str, ...] = field(default=())
    search: str = ""


def _run_starts() -> ScalarSelect[int]:
    """Number of the last score without a signal: what came after belongs to the signal that stands."""
    return (
        select(func.coalesce(func.max(EARLIER.c.seq), 0))
        .where(EARLIER.c.household_id == CURRENT.c.household_id, EARLIER.c.signal == 0)
        .scalar_subquery()
        .correlate(CURRENT)
    )


def _since() -> ScalarSelect[Any]:
    """Day as of which the signal first showed; after a finding, that on which it became graver."""
    found_before = and_(LAST.c.outcome.in_(SETTLED), func.coalesce(LAST.c.score_seq, 0) > _run_starts())
    graver = and_(SCORES.c.seq > LAST.c.score_seq, SCORES.c.signal > func.coalesce(LAST.c.signal, 0))
    return (
        select(func.min(SCORES.c.as_of))
        .where(SCORES.c.household_id == CURRENT.c.household_id, SCORES.c.signal > 0, SCORES.c.seq > _run_starts())
        .where(or_(LAST.c.verification_id.is_(None), ~found_before, graver))
        .scalar_subquery()
        .correlate(CURRENT, LAST)
    )


def _last_verification() -> ScalarSelect[int]:
    return (
        select(func.max(VERIFICATIONS.c.verification_id))
        .where(VERIFICATIONS.c.household_id == CURRENT.c.household_id, VERIFICATIONS.c.undone_at.is_(None))
        .scalar_subquery()
        .correlate(CURRENT)
    )


def _assignee() -> ScalarSelect[str]:
    return (
        select(ASSIGNMENTS.c.assignee)
        .where(ASSIGNMENTS.c.household_id == CURRENT.c.household_id)
        .order_by(ASSIGNMENTS.c.assignment_id.desc())
        .limit(1)
        .scalar_subquery()
        .correlate(CURRENT)
    )


def _settled() -> ColumnElement[bool]:
    """Verified since the signal showed, and the signal is no graver now than it was then."""
    return and_(
        LAST.c.outcome.in_(SETTLED),
        func.coalesce(LAST.c.signal, 0) >= CURRENT.c.signal,
        func.coalesce(LAST.c.score_seq, 0) > _run_starts(),
    )


def _listed_in(column: ColumnElement[str], code: str) -> ColumnElement[bool]:
    """Whether a code is one of those joined by semicolons; ``||``, since older SQLite has no ``concat``."""
    return literal(";").concat(column).concat(";").contains(f";{code};")


def _monitoring(wanted: Wanted) -> ColumnElement[bool]:
    table = RECORDS["monitoring"]
    found = and_(table.c.household_id == CURRENT.c.household_id, ~table.c.superseded, table.c.cleared_on.is_(None))
    if wanted.category:
        found = and_(found, table.c.category == wanted.category)
    if wanted.cause:
        found = and_(found, _listed_in(table.c.causes, wanted.cause))
    return exists().where(found).correlate(CURRENT)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    out = [listed_within(CURRENT, wanted.region)]
    unsettled = or_(LAST.c.verification_id.is_(None), ~_settled())
    candidates = and_(CURRENT.c.signal > 0, CURRENT.c.status != "monitored")
    out += {
        "open": [candidates, unsettled],
        "overdue": [candidates, unsettled, _since() <= wanted.overdue_since],
        "unverified": [candidates, LAST.c.verification_id.is_(None)],
        "settled": [CURRENT.c.signal > 0, _settled()],
        "monitored": [CURRENT.c.status == "monitored"],
        "all": [],
    }[wanted.state]
    for name in ("signal", "tier", "agreement"):
        if values := getattr(wanted, name):
            out.append(CURRENT.c[name].in_(values))
    if wanted.category == "none":
        out.append(CURRENT.c.status != "monitored")
    elif wanted.category:
        out.append(_monitoring(Wanted(wanted.region, "all", wanted.overdue_since, category=wanted.category)))
    if wanted.cause:
        told = [_listed_in(CURRENT.c.causes, wanted.cause)]
        told += [_listed_in(CURRENT.c.rule_flags, code) for code in wanted.flags]
        by_record = _monitoring(Wanted(wanted.region, "all", wanted.overdue_since, cause=wanted.cause))
        out.append(or_(by_record, *told))
    if wanted.search:
        out.append(CURRENT.c.household_id.contains(wanted.search, autoescape=True))
    return out


def _narrowed(query: Select[Any], wanted: Wanted) -> Select[Any]:
    joined = query.select_from(CURRENT).outerjoin(LAST, LAST.c.verification_id == _last_verification())
    return joined.where(*_conditions(wanted))


def listed(connection: Connection, wanted: Wanted, offset: int, limit: int) -> list[dict[str, Any]]:
    """Read households by signal, then probability, then how long they have waited."""
    since = _since().label("since")
    query = _narrowed(
        select(
            CURRENT,
            since,
            LAST.c.outcome.label("last_outcome"),
            LAST.c.verified_on.label("last_verified_on"),
            _settled().label("settled"),
            _assignee().label("assignee"),
        ),
        wanted,
    )
    order = (CURRENT.c.order_signal, CURRENT.c.order_rank, since, CURRENT.c.household_id)
    rows = connection.execute(query.order_by(*order).offset(offset).limit(limit)).mappings()
    return [dict(row) for row in rows]


def counts(connection: Connection, wanted: Wanted) -> dict[int, int]:
    """Count the households of the list by signal."""
    query = _narrowed(select(CURRENT.c.signal, cast(func.count(), Integer)), wanted).group_by(CURRENT.c.signal)
    return {row[0]: row[1] for row in connection.execute(query)}


def parts(connection: Connection, region: str, digits: int) -> Sequence[str]:
    """Codes of the parts of a region in which households live."""
    part = func.substr(CURRENT.c.region_code, 1, digits)
    query = select(part).where(within(CURRENT.c.region_code, region)).distinct().order_by(part)
    return connection.execute(query).scalars().all()

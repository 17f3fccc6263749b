"""SQL of the work list: current scores with the wait, the last finding and who looks after the household."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)

from riskml_serving.casework.assignments.tables import ASSIGNMENTS
from riskml_serving.casework.verifications.tables import VERIFICATIONS
from riskml_serving.judging.scores.tables import CURRENT, SCORES
from riskml_serving.people.auth import within, within_table
from riskml_serving.store.records.tables import RECORDS

__all__ = ["SETTLED", "Wanted", "counts", "late_counts", "listed", "parts"]

SETTLED = ("confirmed", "rejected")
EARLIER = SCORES.alias("earlier")
LAST = VERIFICATIONS.alias("last")
FOUND = VERIFICATIONS.alias("found")
"""The last verification, and the last one that found something out."""


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to.

    Parameters
    ----------
    region : str
        Prefix, already held against the caller's.
    state : str
        ``open``, ``unverified``, ``settled``, ``monitored`` or ``all``; by the deadline that is over ``late_visit``,
        ``late_decision`` or ``late_helper``, and ``overdue`` for any.
    late : mapping of str to date
        What began up to this day is late, by deadline.
    signal, tier : tuple of int
        Positions in riskml's lists; empty is any.
    agreement, category, flags : tuple of str
        Words of the columns; ``flags``: codes of triggers of which one must have fired.
    cause : str
        Cause code of the model's reasons, of a trigger that fired, or of the monitoring record.
    search : str
        Part of a household's code.
    household : str
        Code of the only household wanted.
    """

    region: str
    state: str
    late: Mapping[str, dt.date] = field(default_factory=dict)
    signal: tuple[int, ...] = ()
    tier: tuple[int, ...] = ()
    agreement: tuple[str, ...] = ()
    category: str = ""
    cause: str = ""
    flags: tuple[str, ...] = ()
    search: str = ""
    household: str = ""


def _run_starts() -> ScalarSelect[int]:
    """Number of the last score without a signal: what came after belongs to the signal that stands."""
    return (
        select(func.coalesce(func.max(EARLIER.c.seq), 0))
        .where(EARLIER.c.household_id == CURRENT.c.household_id, EARLIER.c.signal == 0)
        .scalar_subquery()
        .correlate(CURRENT)
    )


def _first(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Of the score with which the signal that stands first showed; after a finding, with which it became graver."""
    graver = and_(
        func.coalesce(FOUND.c.score_seq, 0) > _run_starts(),
        SCORES.c.seq > FOUND.c.score_seq,
        SCORES.c.signal > func.coalesce(FOUND.c.signal, 0),
    )
    return (
        select(func.coalesce(func.min(case((graver, column))), func.min(column)))
        .where(SCORES.c.household_id == CURRENT.c.household_id, SCORES.c.signal > 0, SCORES.c.seq > _run_starts())
        .scalar_subquery()
        .correlate(CURRENT, FOUND)
    )


def _last_verification(*outcomes: str) -> ScalarSelect[int]:
    wanted = [VERIFICATIONS.c.outcome.in_(outcomes)] if outcomes else []
    return (
        select(func.max(VERIFICATIONS.c.verification_id))
        .where(VERIFICATIONS.c.household_id == CURRENT.c.household_id, VERIFICATIONS.c.undone_at.is_(None), *wanted)
        .scalar_subquery()
        .correlate(CURRENT)
    )


def _visited() -> ColumnElement[bool]:
    """Somebody was met since the signal showed, whatever came of it."""
    met = and_(
        VERIFICATIONS.c.household_id == CURRENT.c.household_id,
        VERIFICATIONS.c.undone_at.is_(None),
        VERIFICATIONS.c.outcome != "not_met",
        func.coalesce(VERIFICATIONS.c.score_seq, 0) >= _first(SCORES.c.seq),
    )
    return exists().where(met).correlate(CURRENT, FOUND)


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


def _monitoring(*, category: str = "", cause: str = "") -> ColumnElement[bool]:
    table = RECORDS["monitoring"]
    found = and_(table.c.household_id == CURRENT.c.household_id, ~table.c.superseded, table.c.cleared_on.is_(None))
    if category:
        found = and_(found, table.c.category == category)
    if cause:
        found = and_(found, _listed_in(table.c.causes, cause))
    return exists().where(found).correlate(CURRENT)


def _open() -> ColumnElement[bool]:
    unsettled = or_(LAST.c.verification_id.is_(None), ~_settled())
    return and_(CURRENT.c.signal > 0, CURRENT.c.status != "monitored", unsettled)


def _late(since: Mapping[str, dt.date]) -> dict[str, ColumnElement[bool]]:
    """What is late, by deadline: the condition of ``deadlines_of`` for a whole list."""
    confirmed = and_(CURRENT.c.signal > 0, _settled(), LAST.c.outcome == "confirmed")
    return {
        "visit": and_(_open(), ~_visited(), _first(SCORES.c.as_of) <= since["visit"]),
        "decision": and_(_open(), _first(SCORES.c.as_of) <= since["decision"]),
        "helper": and_(confirmed, LAST.c.verified_on <= since["helper"], _assignee().is_(None)),
    }


def _in_state(wanted: Wanted) -> ColumnElement[bool]:
    if wanted.state == "overdue":
        return or_(*_late(wanted.late).values())
    if wanted.state.startswith("late_"):
        return _late(wanted.late)[wanted.state.removeprefix("late_")]
    return {
        "open": _open(),
        "unverified": and_(_open(), LAST.c.verification_id.is_(None)),
        "settled": and_(CURRENT.c.signal > 0, _settled()),
        "monitored": CURRENT.c.status == "monitored",
        "all": true(),
    }[wanted.state]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    out: list[ColumnElement[bool]] = [within_table(CURRENT, wanted.region), _in_state(wanted)]
    if wanted.household:
        out.append(CURRENT.c.household_id == wanted.household)
    chosen = {name: getattr(wanted, name) for name in ("signal", "tier", "agreement")}
    out += [CURRENT.c[name].in_(values) for name, values in chosen.items() if values]
    if wanted.category == "none":
        out.append(CURRENT.c.status != "monitored")
    elif wanted.category:
        out.append(_monitoring(category=wanted.category))
    if wanted.cause:
        told = [_listed_in(CURRENT.c.causes, wanted.cause)]
        told += [_listed_in(CURRENT.c.rule_flags, code) for code in wanted.flags]
        out.append(or_(_monitoring(cause=wanted.cause), *told))
    if wanted.search:
        out.append(CURRENT.c.household_id.contains(wanted.search, autoescape=True))
    return out


def _narrowed(query: Select[Any], wanted: Wanted) -> Select[Any]:
    joined = query.select_from(CURRENT).outerjoin(LAST, LAST.c.verification_id == _last_verification())
    joined = joined.outerjoin(FOUND, FOUND.c.verification_id == _last_verification(*SETTLED))
    return joined.where(*_conditions(wanted))


def listed(connection: Connection, wanted: Wanted, offset: int, limit: int) -> list[dict[str, Any]]:
    """Read households by signal, then probability, then how long they have waited."""
    since = _first(SCORES.c.as_of).label("since")
    query = _narrowed(
        select(
            CURRENT,
            since,
            LAST.c.outcome.label("last_outcome"),
            LAST.c.verified_on.label("last_verified_on"),
            _visited().label("visited"),
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


def late_counts(connection: Connection, wanted: Wanted) -> dict[str, int]:
    """Count the households of the region that are late, by deadline, whatever else the list is narrowed to."""
    late = _late(wanted.late)
    columns = [cast(func.coalesce(func.sum(case((found, 1), else_=0)), 0), Integer) for found in late.values()]
    query: Select[Any] = select().add_columns(*columns)
    row = connection.execute(_narrowed(query, Wanted(wanted.region, "all", signal=(1, 2, 3)))).one()
    return dict(zip(late, row, strict=True))


def parts(connection: Connection, region: str, digits: int) -> Sequence[str]:
    """Codes of the parts of a region in which households live."""
    part = func.substr(CURRENT.c.region_code, 1, digits)
    query = select(part).where(within(CURRENT.c.region_code, region)).distinct().order_by(part)
    return connection.execute(query).scalars().all()

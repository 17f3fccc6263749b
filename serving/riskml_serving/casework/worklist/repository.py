"""SQL for the work list: current scores, with the facts that determine a household's state and deadlines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Exists,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    tuple_,
)

from riskml_serving.casework.assignments.tables import ASSIGNMENTS
from riskml_serving.casework.clues.repository import IS_SETTLED, is_unsettled
from riskml_serving.casework.clues.tables import CLUES
from riskml_serving.casework.rules import Rule
from riskml_serving.casework.states import CLUED, MONITORED, SIGNALLED
from riskml_serving.casework.verifications.repository import is_in_force
from riskml_serving.casework.verifications.tables import VERIFICATIONS
from riskml_serving.casework.worklist.states import CLUE_SECTION, STATES
from riskml_serving.judging.scores.tables import CURRENT, RANKING, SCORES
from riskml_serving.people.auth import is_in_region, is_row_in_region
from riskml_serving.store.facts.outcomes import DECISIVE, MET
from riskml_serving.store.records.repository import is_not_superseded
from riskml_serving.store.records.tables import RECORDS

EARLIER = SCORES.alias("earlier")
LAST = VERIFICATIONS.alias("last")
"""A household's last verification."""
DECIDED = VERIFICATIONS.alias("decided")
"""A household's last verification that settled a signal."""


@dataclass(frozen=True)
class ListFilter:
    """The filters of the work list.

    Parameters
    ----------
    region : str
        Region prefix, already checked against the caller's region.
    state : str
        Code of one of ``STATES``.
    late : mapping of str to Rule
        For each deadline, a rule that is true of a household that is late; see
        :class:`riskml_serving.casework.deadlines.Deadlines`.
    today : date
        Day as of which monitoring records count for ``category`` and ``cause``; by default, every record counts in
        which no day of clearance is stated.
    signal, tier : tuple of int
        Positions in riskml's lists of signals and tiers; an empty tuple allows any.
    section : tuple of int
        Positions in ``SECTIONS``, or ``CLUE_SECTION``; an empty tuple allows any.
    agreement : tuple of str
        Codes of the agreement between rule line and model; an empty tuple allows any.
    category : str
        Category in the monitoring record, or ``none`` for households that are not in monitoring; empty allows any.
    cause : str
        Code of a cause that occurs in the model's reasons or the monitoring record, or belongs to a trigger that fired;
        empty allows any.
    flags : tuple of str
        Codes of the triggers that belong to ``cause``.
    search : str
        Text that the codes of the listed households must contain.
    named : tuple of str
        Codes of households that are listed as well if ``search`` is not empty: it names a person in them.
    household : str
        Code of the only household to list; empty lists all.
    """

    region: str
    state: str
    late: Mapping[str, Rule] = field(default_factory=dict)
    today: dt.date = dt.date.max
    signal: tuple[int, ...] = ()
    tier: tuple[int, ...] = ()
    section: tuple[int, ...] = ()
    agreement: tuple[str, ...] = ()
    category: str = ""
    cause: str = ""
    flags: tuple[str, ...] = ()
    search: str = ""
    named: tuple[str, ...] = ()
    household: str = ""

    @property
    def rule(self) -> Rule:
        """The rule that is true of the households in ``state``."""
        return STATES[self.state].make_rule(self.late)

    @property
    def by_score(self) -> bool:
        """Whether a household with a clue is listed in the section of its score."""
        return STATES[self.state].by_score


def _correlate(query: Select[Any], *others: FromClause) -> ScalarSelect[Any]:
    """Turn a query into a column with a value for each current score."""
    return query.scalar_subquery().correlate(CURRENT, *others)


def _select_run_start() -> ScalarSelect[int]:
    last = select(func.coalesce(func.max(EARLIER.c.seq), 0))
    quiet = (~SIGNALLED).to_sql({"signal": EARLIER.c.signal})
    return _correlate(last.where(EARLIER.c.household_id == CURRENT.c.household_id, quiet))


def _select_first(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Select a column of the score with which the current signal began or, after a finding, became more severe."""
    worse = and_(
        func.coalesce(DECIDED.c.after_seq, 0) > _select_run_start(),
        SCORES.c.seq > DECIDED.c.after_seq,
        SCORES.c.signal > func.coalesce(DECIDED.c.after_signal, 0),
    )
    signalled = SIGNALLED.to_sql({"signal": SCORES.c.signal})
    in_run = (SCORES.c.household_id == CURRENT.c.household_id, signalled, SCORES.c.seq > _select_run_start())
    first = select(func.coalesce(func.min(case((worse, column))), func.min(column))).where(*in_run)
    return _correlate(first, DECIDED)


def _select_last_verification(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    own = (VERIFICATIONS.c.household_id == CURRENT.c.household_id, is_in_force())
    return _correlate(select(func.max(VERIFICATIONS.c.verification_id)).where(*own, *conditions))


def _was_met(since: ColumnElement[bool]) -> Exists:
    """Make the condition that somebody met the household on a visit that ``since`` selects."""
    own = (VERIFICATIONS.c.household_id == CURRENT.c.household_id, is_in_force(), VERIFICATIONS.c.outcome.in_(MET))
    return exists().where(*own, since).correlate(CURRENT, DECIDED)


def _select_clue(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Select a column of the first clue that the last decision does not settle."""
    own = (CLUES.c.household_id == CURRENT.c.household_id, ~IS_SETTLED)
    return _correlate(select(func.min(column)).where(*own))


def _select_assignee() -> ScalarSelect[str]:
    query = select(ASSIGNMENTS.c.assignee).where(ASSIGNMENTS.c.household_id == CURRENT.c.household_id)
    return _correlate(query.order_by(ASSIGNMENTS.c.assignment_id.desc()).limit(1))


def _select_facts() -> dict[str, ColumnElement[Any]]:
    """Select the columns with the facts that :mod:`riskml_serving.casework.states` names."""
    return {
        "signal": CURRENT.c.signal,
        "status": CURRENT.c.status,
        "run_start": _select_run_start(),
        "since": _select_first(SCORES.c.as_of),
        "visited": _was_met(func.coalesce(VERIFICATIONS.c.after_seq, 0) >= _select_first(SCORES.c.seq)),
        "last_outcome": func.coalesce(LAST.c.outcome, ""),
        "last_signal": func.coalesce(LAST.c.after_signal, 0),
        "last_seq": func.coalesce(LAST.c.after_seq, 0),
        "last_verified_on": LAST.c.verified_on,
        "assignee": func.coalesce(_select_assignee(), ""),
        "clued": is_unsettled(CURRENT.c.household_id),
        "clue_since": _select_clue(CLUES.c.recorded_on),
        "clue_visited": _was_met(VERIFICATIONS.c.verification_id > _select_clue(CLUES.c.after_verification)),
    }


FACTS = {name: column.label(name) for name, column in _select_facts().items()}


def _is_listed_in(column: ColumnElement[str], code: str) -> ColumnElement[bool]:
    """Make the condition that a semicolon-separated list contains a code.

    It uses ``||``, because older versions of SQLite have no ``concat``.
    """
    return literal(";").concat(column).concat(";").contains(f";{code};")


def is_entry_known(today: dt.date) -> ColumnElement[bool]:
    """Make the condition that a row of ``monitoring`` has begun by a day and is the latest version known that day."""
    entry = RECORDS["monitoring"]
    later = entry.alias("later")
    entry_day, later_day = (func.coalesce(table.c.recorded_on, table.c.entered_on) for table in (entry, later))
    same = (later.c.household_id == entry.c.household_id, later.c.entered_on == entry.c.entered_on)
    newer = tuple_(later_day, later.c.row_id) > tuple_(entry_day, entry.c.row_id)
    replaced = exists().where(*same, newer, is_not_superseded(later), later_day <= today).correlate(entry)
    return and_(is_not_superseded(entry), entry.c.entered_on <= today, entry_day <= today, ~replaced)


def is_entry_open(today: dt.date) -> ColumnElement[bool]:
    """Make the condition that a household is in monitoring on a day, according to a row of ``monitoring``."""
    cleared_on = RECORDS["monitoring"].c.cleared_on
    return and_(is_entry_known(today), or_(cleared_on.is_(None), cleared_on > today))


def _has_monitoring(today: dt.date, *, category: str = "", cause: str = "") -> ColumnElement[bool]:
    table = RECORDS["monitoring"]
    conditions = [table.c.household_id == CURRENT.c.household_id, is_entry_open(today)]
    if category:
        conditions.append(table.c.category == category)
    if cause:
        conditions.append(_is_listed_in(table.c.causes, cause))
    return exists().where(*conditions).correlate(CURRENT)


def _build_conditions(wanted: ListFilter) -> list[ColumnElement[bool]]:
    out: list[ColumnElement[bool]] = [is_row_in_region(CURRENT, wanted.region), wanted.rule.to_sql(FACTS)]
    if wanted.household:
        out.append(CURRENT.c.household_id == wanted.household)
    if wanted.section:
        out.append(_is_in_section(wanted))
    chosen = {name: getattr(wanted, name) for name in ("signal", "tier", "agreement")}
    out += [CURRENT.c[name].in_(values) for name, values in chosen.items() if values]
    if wanted.category == "none":
        out.append((~MONITORED).to_sql(FACTS))
    elif wanted.category:
        out.append(_has_monitoring(wanted.today, category=wanted.category))
    if wanted.cause:
        named = [_is_listed_in(CURRENT.c.causes, wanted.cause)]
        named += [_is_listed_in(CURRENT.c.rule_flags, code) for code in wanted.flags]
        out.append(reduce(or_, [*named, _has_monitoring(wanted.today, cause=wanted.cause)]))
    if wanted.search:
        code = CURRENT.c.household_id
        out.append(or_(code.contains(wanted.search, autoescape=True), code.in_(wanted.named)))
    return out


def _is_in_section(wanted: ListFilter) -> ColumnElement[bool]:
    """Make the condition that a household is in one of the chosen sections; see :func:`_select_section`."""
    clued, scored = CLUED.to_sql(FACTS), CURRENT.c.order_section.in_(wanted.section)
    if wanted.by_score:
        return scored
    return or_(clued, scored) if CLUE_SECTION in wanted.section else and_(scored, ~clued)


def _select_section(*, by_score: bool = False) -> ColumnElement[int]:
    """Select the number of the section in which a household is listed, as the column ``section``."""
    own = CURRENT.c.order_section
    return (own if by_score else case((CLUED.to_sql(FACTS), literal(CLUE_SECTION)), else_=own)).label("section")


def _narrow(query: Select[Any], wanted: ListFilter) -> Select[Any]:
    decisive = VERIFICATIONS.c.outcome.in_(DECISIVE)
    joined = query.select_from(CURRENT).outerjoin(LAST, LAST.c.verification_id == _select_last_verification())
    joined = joined.outerjoin(DECIDED, DECIDED.c.verification_id == _select_last_verification(decisive))
    return joined.where(*_build_conditions(wanted))


def read_list(connection: Connection, wanted: ListFilter, offset: int, limit: int) -> list[dict[str, Any]]:
    """Read households with their facts in ranked order; of equally ranked ones, the longest-waiting comes first.

    In the section of households with a clue, the oldest clue comes first.
    """
    facts = [column for name, column in FACTS.items() if name not in CURRENT.c]
    query = _narrow(select(CURRENT, *facts), wanted)
    order = (*RANKING, FACTS["since"], CURRENT.c.household_id)
    if wanted.section == (CLUE_SECTION,):
        order = (FACTS["clue_since"], *order)
    rows = connection.execute(query.order_by(*order).offset(offset).limit(limit)).mappings()
    return [dict(row) for row in rows]


def count_by_signal(connection: Connection, wanted: ListFilter) -> dict[tuple[int, int], int]:
    """Count the households on the list by section and signal."""
    columns: list[Any] = [_select_section(by_score=wanted.by_score), CURRENT.c.signal, cast(func.count(), Integer)]
    query = _narrow(select(*columns), wanted).group_by("section", CURRENT.c.signal)
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def count_late(connection: Connection, wanted: ListFilter) -> dict[int, dict[str, int]]:
    """Count the late households in the region, by section and deadline, ignoring the list's other filters."""
    columns: list[Any] = [_select_section()]
    columns += [cast(func.count(case((rule.to_sql(FACTS), 1))), Integer) for rule in wanted.late.values()]
    query = _narrow(select(*columns).group_by("section"), ListFilter(wanted.region, "all"))
    signalled = query.where((SIGNALLED | CLUED).to_sql(FACTS))
    return {section: dict(zip(wanted.late, counts, strict=True)) for section, *counts in connection.execute(signalled)}


def list_parts(connection: Connection, region: str, digits: int) -> Sequence[str]:
    """List the codes of a region's subregions that have households."""
    part = func.substr(CURRENT.c.region_code, 1, digits)
    query = select(part).where(is_in_region(CURRENT.c.region_code, region)).distinct().order_by(part)
    return connection.execute(query).scalars().all()

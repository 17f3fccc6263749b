"""Deadlines to visit, to decide and to name who helps: one rule each for the list, its workbook and the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import le
from typing import Any

from riskml.policy import Policy
from riskml_serving.base.settings import Settings
from riskml_serving.casework.rules import Rule, compare
from riskml_serving.casework.states import ASSIGNED, CONFIRMED, MONITORED, SETTLED, SIGNALLED, VISITED
from riskml_serving.casework.workdays import add_working_days, find_last_overdue_start, has_announced_holidays

__all__ = ["DEADLINES", "Deadline", "Deadlines"]


@dataclass(frozen=True)
class _Declared:
    """A kind of deadline.

    Parameters
    ----------
    applies, still_due : Rule
        Whether a household has the deadline, and whether what it asks for is still to be done.
    start : str
        Fact with the day from which it runs.
    days : callable
        Reads from policy and settings how many days it runs.
    working : bool
        Whether these are working days.
    """

    applies: Rule
    still_due: Rule
    start: str
    days: Callable[[Policy, Settings], float]
    working: bool = True


_TO_DECIDE = SIGNALLED & (~MONITORED | CONFIRMED)

_DECLARED = {
    "visit": _Declared(_TO_DECIDE, ~SETTLED & ~VISITED, "since", lambda _, settings: settings.visit_working_days),
    "decision": _Declared(
        _TO_DECIDE, ~SETTLED, "since", lambda policy, _: policy.timing["decision"].value, working=False
    ),
    "helper": _Declared(
        SIGNALLED & CONFIRMED, ~ASSIGNED, "last_verified_on", lambda policy, _: policy.timing["helper_assigned"].value
    ),
}

DEADLINES = tuple(_DECLARED)
"""Names of the deadlines, in the order in which they fall due."""


@dataclass(frozen=True)
class Deadline:
    """Something to be done by a day.

    Parameters
    ----------
    name : {"visit", "decision", "helper"}
    day : date
    done, late : bool
    announced : bool
        Whether the holidays up to that day are known.
    """

    name: str
    day: dt.date
    done: bool
    late: bool
    announced: bool


@dataclass(frozen=True)
class Deadlines:
    """The deadlines as they stand on a day.

    Parameters
    ----------
    policy : Policy
        Says how long the decision and naming a helper may take.
    settings : Settings
        Say how long the visit may take.
    today : date
    """

    policy: Policy
    settings: Settings
    today: dt.date

    def _count_days(self, name: str) -> int:
        return int(_DECLARED[name].days(self.policy, self.settings))

    def _find_end(self, name: str, start: dt.date) -> dt.date:
        days = self._count_days(name)
        return add_working_days(start, days) if _DECLARED[name].working else start + dt.timedelta(days=days)

    def _find_last_late_start(self, name: str) -> dt.date:
        days = self._count_days(name)
        working = _DECLARED[name].working
        return find_last_overdue_start(self.today, days) if working else self.today - dt.timedelta(days=days + 1)

    @cached_property
    def late(self) -> dict[str, Rule]:
        """Whether a household is late, by deadline: for a query and for a row of it."""
        return {
            name: declared.applies & declared.still_due & compare(declared.start, le, self._find_last_late_start(name))
            for name, declared in _DECLARED.items()
        }

    def read_row(self, row: Mapping[str, Any]) -> list[Deadline]:
        """Read the deadlines of a household from its row of the list.

        None without a signal, nor in monitoring without a confirmed finding. Where nobody was met, nobody has visited;
        a visit that leaves the case open counts as one but decides nothing.
        """
        deadlines = []
        for name, declared in _DECLARED.items():
            if declared.applies.holds(row):
                day = self._find_end(name, row[declared.start])
                done, late = not declared.still_due.holds(row), self.late[name].holds(row)
                deadlines.append(Deadline(name, day, done, late, has_announced_holidays(day)))
        return deadlines

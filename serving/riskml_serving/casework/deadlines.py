"""Deadlines for visiting a household, deciding its case and naming a helper; all pages and files use these."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import le
from typing import Any

from riskml.policy import Policy
from riskml.vocabulary.terms import Term, Vocabulary
from riskml_serving.base.settings import Settings
from riskml_serving.casework.rules import Rule, compare
from riskml_serving.casework.states import (
    ASSIGNED,
    CLUE_VISITED,
    CLUED,
    CONFIRMED,
    MONITORED,
    SETTLED,
    SIGNALLED,
    VISITED,
)
from riskml_serving.casework.workdays import add_working_days, find_last_overdue_start, has_announced_holidays


@dataclass(frozen=True)
class DeadlineKind(Term):
    """A kind of deadline.

    Parameters
    ----------
    code, zh, en : str
        Code and names of the deadline.
    late : Term
        State of the households that missed the deadline.
    note : tuple of str
        Sentence about the deadline in Chinese and English, with the placeholder ``{days}``.
    applies, still_due : Rule
        Whether a household has the deadline, and whether what the deadline requires is still to be done.
    start : str
        Name of the fact (see ``casework.states``) that holds the day from which the deadline runs.
    days : callable
        Takes the policy and the settings; returns the number of days until the deadline.
    working : bool, default True
        Whether only working days are counted.
    to_visit : bool, default False
        Whether the deadline is for a visit.
    """

    late: Term
    note: tuple[str, str]
    applies: Rule
    still_due: Rule
    start: str
    days: Callable[[Policy, Settings], float]
    working: bool = True
    to_visit: bool = False


_NEEDS_DECISION = SIGNALLED & (~MONITORED | CONFIRMED)

DEADLINES = Vocabulary(
    DeadlineKind(
        "clue_visit", "线索走访期限", "visit after clue by",
        late=Term("late_clue_visit", "线索走访逾期", "visit after clue overdue"), to_visit=True,
        note=(
            "线索登记后 {days} 个工作日内入户核实。",
            "A visit is due {days} working days after a clue was registered.",
        ),
        applies=CLUED, still_due=~CLUE_VISITED, start="clue_since",
        days=lambda _, settings: settings.visit_working_days,
    ),
    DeadlineKind(
        "clue_decision", "线索办理期限", "clue settled by",
        late=Term("late_clue_decision", "线索办理逾期", "clue overdue"),
        note=("线索登记后 {days} 天内核实属实或不属实。", "A clue is confirmed or rejected within {days} days."),
        applies=CLUED, still_due=CLUED, start="clue_since",
        days=lambda policy, _: policy.timing["decision"].value, working=False,
    ),
    DeadlineKind(
        "visit", "走访期限", "visit by",
        late=Term("late_visit", "走访逾期", "visit overdue"), to_visit=True,
        note=(
            "走访期限为信号出现后 {days} 个工作日（含调休）。",
            "A visit is due {days} working days after the signal, by the official calendar of holidays.",
        ),
        applies=_NEEDS_DECISION, still_due=~SETTLED & ~VISITED, start="since",
        days=lambda _, settings: settings.visit_working_days,
    ),
    DeadlineKind(
        "decision", "认定程序期限", "procedure by",
        late=Term("late_decision", "认定程序逾期", "procedure overdue"),
        note=("认定程序不超过 {days} 天。", "A decision is due {days} days after the signal."),
        applies=_NEEDS_DECISION, still_due=~SETTLED, start="since",
        days=lambda policy, _: policy.timing["decision"].value, working=False,
    ),
    DeadlineKind(
        "helper", "落实帮扶责任人期限", "helper named by",
        late=Term("late_helper", "帮扶责任人未按期落实", "helper overdue"),
        note=(
            "属实后 {days} 个工作日内落实帮扶责任人。",
            "A helper must be named within {days} working days of a confirmed finding.",
        ),
        applies=SIGNALLED & CONFIRMED, still_due=~ASSIGNED, start="last_verified_on",
        days=lambda policy, _: policy.timing["helper_assigned"].value,
    ),
)  # fmt: skip
"""Kinds of deadline by code, in the order in which they fall due."""


@dataclass(frozen=True)
class Deadline:
    """A task for a household and the day by which it is due.

    Parameters
    ----------
    name : str
        Code of the deadline's kind.
    day : date
    done, late : bool
    announced : bool
        Whether the public holidays up to that day are known.
    """

    name: str
    day: dt.date
    done: bool
    late: bool
    announced: bool


@dataclass(frozen=True)
class Deadlines:
    """The rules for deadlines as of a day.

    Parameters
    ----------
    policy : Policy
        Sets how many days there are for deciding and for naming a helper.
    settings : Settings
        Set how many days there are for the visit.
    today : date
    """

    policy: Policy
    settings: Settings
    today: dt.date

    def _count_days(self, kind: DeadlineKind) -> int:
        return int(kind.days(self.policy, self.settings))

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Sentence about each deadline, in Chinese and English."""
        return [
            (zh.format(days=self._count_days(kind)), en.format(days=self._count_days(kind)))
            for kind in DEADLINES.values()
            for zh, en in [kind.note]
        ]

    def _find_end(self, kind: DeadlineKind, start: dt.date) -> dt.date:
        days = self._count_days(kind)
        return add_working_days(start, days) if kind.working else start + dt.timedelta(days=days)

    def _find_last_late_start(self, kind: DeadlineKind) -> dt.date:
        days = self._count_days(kind)
        return find_last_overdue_start(self.today, days) if kind.working else self.today - dt.timedelta(days=days + 1)

    @cached_property
    def late(self) -> dict[str, Rule]:
        """For each deadline, the rule that a household has missed it, for queries and for rows of the work list."""
        return {
            name: kind.applies & kind.still_due & compare(kind.start, le, self._find_last_late_start(kind))
            for name, kind in DEADLINES.items()
        }

    def read_row(self, row: Mapping[str, Any]) -> list[Deadline]:
        """Read a household's deadlines from its row of the work list.

        A household without a signal or clue has no deadlines; neither does a household in monitoring without a clue or
        a confirmed finding. A visit on which nobody was met does not count. A visit that leaves the case open counts as
        a visit but not as a decision.
        """
        deadlines = []
        for name, kind in DEADLINES.items():
            if kind.applies.holds(row):
                day = self._find_end(kind, row[kind.start])
                done, late = not kind.still_due.holds(row), self.late[name].holds(row)
                deadlines.append(Deadline(name, day, done, late, has_announced_holidays(day)))
        return deadlines

"""Collect the contents of a household's timeline: only what is known on the date of the panel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from riskml.explanation.wording.kinds import read_kind
from riskml.records.contract.calendar import to_month
from riskml.records.contract.schema import list_codes
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.events import Events
from riskml.records.panel.panel import Panel

EVENT_LANES = {
    "disability": "illness",
    **dict.fromkeys(("dropout", "school_fee"), "schooling"),
    **dict.fromkeys(("job_loss", "venture_failure"), "work"),
    **dict.fromkeys(("death", "accident", "housing_unsafe", "water_unsafe"), "other"),
}
"""The lane for each kind of event; reports and visits have none, so they are not drawn."""


@dataclass(frozen=True)
class Mark:
    """An event, or a period of help or monitoring.

    Parameters
    ----------
    lane : str
        The lane, below the plot, in which the mark is drawn.
    kind : str
        Code used in the records; for help, the name of the measure.
    day : int
    amount : float
        Self-paid cost, loss, fee or amount of help in yuan; NaN if unknown.
    until : int, optional
        Last day of a period; None for an event, or if the period is still running.
    regional, emergency : bool, default False
    """

    lane: str
    kind: str
    day: int
    amount: float = float("nan")
    until: int | None = None
    regional: bool = False
    emergency: bool = False


@dataclass(frozen=True)
class Timeline:
    """What the picture of a household shows; months are in order, the oldest first.

    Parameters
    ----------
    household_id : str
    kind : str or None
        ``exited`` or ``ordinary``; None if unknown.
    as_of : int
        The panel's date, as a day number.
    month : int
        The last complete month, where the arrays end.
    window : int
        Number of months over which the rule line averages income.
    income : tuple of float, one per month
        Income per head in each month, in yuan; NaN if no income is reported.
    average : tuple of float, one per month
        Income over the ``window`` that ends with each month, in yuan/person/year; NaN if it is unknown.
    line : tuple of float, one per month
        Monitoring line in force at the end of each month, in yuan/person/year; NaN if there is none.
    older : tuple of (int, float, float), optional
        If income is taken from an earlier window: its last reported day, its income and its line; otherwise
        None.
    marks : tuple of Mark
    scores : tuple of (int, float)
        Day and probability of each earlier score, the earliest first.
    absent : frozenset of str
        Lanes whose table is missing from the records, so that it is unknown whether there were any events.
    hidden : frozenset of str
        Lanes that the reader may not see.
    """

    household_id: str
    kind: str | None
    as_of: int
    month: int
    window: int
    income: tuple[float, ...]
    average: tuple[float, ...]
    line: tuple[float, ...]
    older: tuple[int, float, float] | None
    marks: tuple[Mark, ...]
    scores: tuple[tuple[int, float], ...]
    absent: frozenset[str]
    hidden: frozenset[str]

    @property
    def first_month(self) -> int:
        """The month of the first entry."""
        return self.month - len(self.income) + 1

    @property
    def last_month(self) -> int:
        """The month that contains ``as_of``, which may be incomplete."""
        return to_month(self.as_of)

    @classmethod
    def from_panel(
        cls,
        panel: Panel,
        *,
        months: int = 24,
        window: int = 12,
        health: bool = True,
        scores: Sequence[tuple[int, float]] = (),
    ) -> Timeline:
        """Collect the contents of the timeline from a panel of one household.

        Parameters
        ----------
        panel : Panel
            See :meth:`Panel.select`.
        months : int, default 24
            Number of complete months, limited to those in the panel.
        window : int, default 12
        health : bool, default True
            Whether health data may be shown; if not, illness and disability are hidden, and so are the names and
            amounts of help.
        scores : sequence of (day, probability)
            Scores later than ``as_of`` are left out.
        """
        assert panel.n == 1, "expects a panel of one household"
        months = min(months, panel.months)
        per_head = panel.total[:months, 0] / panel.size[:months, 0]
        known = max(0, min(months, panel.months - window + 1))
        average = [panel.income_per_head(window, lag)[0] for lag in range(known)] + [np.nan] * (months - known)
        hidden = frozenset() if health else frozenset({"illness"})
        tables = {"illness": "illness", "disaster": "disaster", "schooling": "events", "work": "events", "help": "help"}
        first = panel.month - months + 1
        marks = [mark for mark in _read_marks(panel, health) if mark.lane not in hidden and _reaches(mark, first)]
        return cls(
            household_id=str(panel.household_id[0]),
            kind=read_kind(panel),
            as_of=panel.as_of,
            month=panel.month,
            window=window,
            income=_reverse(per_head),
            average=_reverse(average),
            line=_reverse(panel.line[:months, 0]),
            older=(int(panel.income_until[0]), float(panel.income[0]), float(panel.at_income_end.line[0, 0]))
            if panel.income_lag[0]
            else None,
            marks=tuple(sorted(marks, key=lambda mark: (mark.day, mark.lane, mark.kind, mark.amount))),
            scores=tuple(score for score in sorted(scores) if score[0] <= panel.as_of and to_month(score[0]) >= first),
            absent=frozenset(lane for lane, table in tables.items() if not panel.has(table)),
            hidden=hidden,
        )


def _reverse(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)[::-1]


def _reaches(mark: Mark, first: int) -> bool:
    """Check whether a mark lies within the months shown; a period without an end is still running."""
    if to_month(mark.day) >= first:
        return True
    return mark.lane in ("help", "monitoring") and (mark.until is None or to_month(mark.until) >= first)


def _read_marks(panel: Panel, health: bool) -> Iterator[Mark]:
    for kind, day, paid in _read_rows(panel.illness, "illness", "kind", "self_paid"):
        yield Mark("illness", kind.replace("other", "other_illness"), day, paid)
    for kind, day, loss in _read_rows(panel.disaster, "disaster", "kind", "loss"):
        yield Mark("disaster", kind.replace("other", "other_disaster"), day, loss)
    for kind, day in _read_rows(panel.exposure, "disaster", "kind"):
        yield Mark("disaster", kind.replace("other", "other_disaster"), day, regional=True)
    for kind, day, amount in _read_rows(panel.events, "events", "kind", "amount"):
        if kind in EVENT_LANES:
            yield Mark(EVENT_LANES[kind], kind, day, amount)
    yield from _read_help(panel.help, health)
    for category, day, until in _read_rows(panel.monitoring, "monitoring", "category", "cleared_on"):
        yield Mark("monitoring", category, day, until=None if until == NO_DAY else until)


def _read_help(table: Events | None, health: bool) -> Iterator[Mark]:
    if table is None:
        return
    names = table.levels["measure"]
    rows = zip(*(table[name].tolist() for name in ("day", "measure", "amount", "ended_on", "emergency")), strict=True)
    for day, measure, amount, until, emergency in rows:
        name = names[measure] if health and measure >= 0 else ""
        end = None if until == NO_DAY else until
        yield Mark("help", name, day, amount if health else np.nan, end, emergency=emergency == 1)


def _read_rows(rows: Events | None, table: str, code: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield the code, the day and the other columns of each row whose code is known."""
    if rows is None:
        return
    names = list_codes(table, code)
    for number, *others in zip(*(rows[name].tolist() for name in (code, "day", *columns)), strict=True):
        if number >= 0:
            yield names[number], *others

"""What a household's timeline shows: everything known at the panel's date, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from riskml.records.contract.calendar import to_month
from riskml.records.contract.schema import codes
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.events import Events
from riskml.records.panel.panel import Panel

__all__ = ["Mark", "Score", "Timeline"]

EVENT_LANES = {
    "disability": "illness",
    "dropout": "schooling",
    "school_fee": "schooling",
    "job_loss": "work",
    "venture_failure": "work",
    "death": "other",
    "accident": "other",
    "housing_unsafe": "other",
    "water_unsafe": "other",
}
"""Row of each event of the household; leads and visits say nothing about what happened to it."""


@dataclass(frozen=True)
class Mark:
    """Something that happened, or a span of help or monitoring.

    Parameters
    ----------
    lane : str
        Row below the plot.
    kind : str
        Code of the records; the name of the measure for help.
    day : int
    amount : float
        Yuan, NaN where not known: self-paid, loss, fee or sum of the help.
    until : int, optional
        Last day of a span; none while it lasts, and for an event.
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
class Score:
    """An earlier score: day, and probability of return."""

    day: int
    probability: float


@dataclass(frozen=True)
class Timeline:
    """A household's months, oldest first.

    Parameters
    ----------
    household_id : str
    as_of : int
        Day.
    month : int
        The last complete month, to which the arrays run.
    window : int
        Months of the rule's income per head.
    income : tuple of float, one a month
        Yuan per head of the month; NaN where nothing is reported.
    average : tuple of float, one a month
        Income per head of the ``window`` that ends there, yuan/person/year; NaN without a verdict.
    line : tuple of float, one a month
        Yuan/person/year in force at the month's end; NaN where there is none.
    marks : tuple of Mark
    scores : tuple of Score
    absent : frozenset of str
        Rows whose table the records do not have: unknown, not none.
    hidden : frozenset of str
        Rows that are left out.
    """

    household_id: str
    as_of: int
    month: int
    window: int
    income: tuple[float, ...]
    average: tuple[float, ...]
    line: tuple[float, ...]
    marks: tuple[Mark, ...]
    scores: tuple[Score, ...]
    absent: frozenset[str]
    hidden: frozenset[str]

    @property
    def first_month(self) -> int:
        """Month of the first entry."""
        return self.month - len(self.income) + 1

    @property
    def last_month(self) -> int:
        """Month of ``as_of``, which may be incomplete."""
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
        """Take what a panel of one household knows.

        Parameters
        ----------
        panel : Panel
            See :meth:`Panel.only`.
        months : int, default 24
            Complete months, at most those of the panel.
        window : int, default 12
        health : bool, default True
            Without it nothing tells of illness, disability or which measure of help was given.
        scores : sequence of (day, probability)
            Later ones than ``as_of`` are left out.
        """
        assert panel.n == 1, "a timeline is of one household"
        months = min(months, panel.months)
        per_head = panel.total[:months, 0] / panel.size[:months, 0]
        average = [
            float(panel.income_per_head(window, lag)[0]) if lag + window <= panel.months else float("nan")
            for lag in range(months)
        ]
        hidden = frozenset() if health else frozenset({"illness"})
        tables = {"illness": "illness", "disaster": "disaster", "schooling": "events", "work": "events", "help": "help"}
        first = panel.month - months + 1
        found = (mark for mark in _marks(panel, health) if mark.lane not in hidden)
        return cls(
            household_id=str(panel.household_id[0]),
            as_of=panel.as_of,
            month=panel.month,
            window=window,
            income=_oldest_first(per_head),
            average=_oldest_first(average),
            line=_oldest_first(panel.line[:months, 0]),
            marks=tuple(
                sorted((m for m in found if _shown(m, first)), key=lambda m: (m.day, m.lane, m.kind, m.amount))
            ),
            scores=tuple(
                Score(day, value) for day, value in sorted(scores) if day <= panel.as_of and to_month(day) >= first
            ),
            absent=frozenset(lane for lane, table in tables.items() if not panel.has(table)),
            hidden=hidden,
        )


def _oldest_first(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)[::-1]


def _shown(mark: Mark, first: int) -> bool:
    """Whether a mark reaches into the months shown; a span without an end lasts."""
    if to_month(mark.day) >= first:
        return True
    return mark.lane in ("help", "monitoring") and (mark.until is None or to_month(mark.until) >= first)


def _marks(panel: Panel, health: bool) -> Iterable[Mark]:
    for day, kind, paid in _rows(panel.illness, "kind", "self_paid"):
        yield Mark("illness", codes("illness", "kind")[kind].replace("other", "other_illness"), day, paid)
    for table, regional in ((panel.disaster, False), (panel.exposure, True)):
        for day, kind, loss in _rows(table, "kind", None if regional else "loss"):
            name = codes("disaster", "kind")[kind].replace("other", "other_disaster")
            yield Mark("disaster", name, day, loss, regional=regional)
    for day, kind, amount in _rows(panel.events, "kind", "amount"):
        name = codes("events", "kind")[kind]
        if name in EVENT_LANES:
            yield Mark(EVENT_LANES[name], name, day, amount)
    yield from _help(panel.help, health)
    for day, kind, until in _rows(panel.monitoring, "category", "cleared_on"):
        name = codes("monitoring", "category")[kind]
        yield Mark("monitoring", name, day, until=None if until == NO_DAY else int(until))


def _help(table: Events | None, health: bool) -> Iterable[Mark]:
    if table is None:
        return
    names = table.levels["measure"]
    rows = zip(*(table[name].tolist() for name in ("day", "measure", "amount", "ended_on", "emergency")), strict=True)
    for day, measure, amount, until, emergency in rows:
        end = None if until == NO_DAY else int(until)
        name = names[int(measure)] if health and measure >= 0 else ""
        yield Mark("help", name, int(day), amount if health else np.nan, end, emergency=bool(emergency == 1))


def _rows(table: Events | None, kind: str, amount: str | None) -> Iterable[tuple[int, int, float]]:
    """Day, code and amount of each row that states a code."""
    if table is None:
        return
    amounts = [float("nan")] * len(table) if amount is None else table[amount].tolist()
    for day, code, value in zip(table["day"].tolist(), table[kind].tolist(), amounts, strict=True):
        if code >= 0:
            yield int(day), int(code), float(value)

"""Find the day from which training is possible, by rehearsing it with the records known on different days."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from riskml.errors import SplitError
from riskml.outcomes import label
from riskml.policy import Policy
from riskml.records.contract.calendar import to_date, to_month, to_month_end
from riskml.records.contract.versions import EVERYTHING
from riskml.records.panel.repeated import repeat_income
from riskml.records.panel.store import Records
from riskml.splits import Grid, Origin, Settings, build_grid, cut_origins

__all__ = ["INCOME_AGE", "Readiness", "assess_readiness", "plan_training", "require_both_outcomes"]

INCOME_AGE = 18
"""Maximum age of income in months: a statement is up to 17 months old before the next one is known."""

_YEAR = 12
_FORESEEN = 96
"""Number of months, counted from the first one with income, that the forecast covers."""


@dataclass(frozen=True)
class Readiness:
    """From when, and how, a model can be trained on the records of a county.

    Parameters
    ----------
    day : int or None
        First month end at which what is known suffices for training; None if no such day can be foreseen.
    settings : Settings
        The settings with which it suffices.
    problem : str
        Why training is not yet possible; empty if it is.
    """

    day: int | None
    settings: Settings
    problem: str = ""

    def describe(self) -> str:
        """Say from when training is possible, and with which command."""
        if self.day is None:
            return f"Training is not possible: {self.problem}"
        return f"Training is not possible yet: {self.problem} {self.name_day()}" if self.problem else self.name_day()

    def name_day(self) -> str:
        """Name the day and the command; the day is a forecast if training is not yet possible."""
        assert self.day is not None, "there is no day to name"
        usual = asdict(Settings())
        options = "".join(
            f" --{name.replace('_', '-')} {value}"
            for name, value in asdict(self.settings).items()
            if value != usual[name]
        )
        start = "If income keeps arriving as it has so far, training" if self.problem else "Training"
        return f"{start} is possible from {to_date(self.day)} on: `riskml train RECORDS --out BUNDLE{options}`."


@dataclass(frozen=True)
class _Rehearsal:
    """Works out whether training would succeed with what was known on a day.

    Counts are cached, because rehearsals for different days need many of the same ones.
    """

    records: Records
    settings: Settings
    policy: Policy
    _counts: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def divide(self, known_at: int = EVERYTHING) -> tuple[Grid, tuple[Origin, ...]]:
        """Lay out the grid, and divide it into training and test dates.

        Raises
        ------
        SplitError
            If an origin has no date to test or none to train on.
        """
        grid = build_grid(self.records, self.settings, known_at)
        return grid, cut_origins(grid, self.settings, lambda day, by: self._count(day, by)[0] > 0)

    def count_outcomes(self, known_at: int = EVERYTHING) -> tuple[int, int]:
        """Count the falls among the training rows, and these rows; stop as soon as both outcomes occur.

        Raises
        ------
        SplitError
            If there is no date or row to train or to test on.
        """
        [origin] = self.divide(known_at)[1]
        rows = falls = 0
        for day in origin.train:
            if not 0 < falls < rows:
                more_rows, more_falls = self._count(day, origin.test_from)
                rows, falls = rows + more_rows, falls + more_falls
        if not rows or not any(self._count(day, known_at)[0] for day in origin.test):
            raise SplitError(f"No row is left to {'test' if rows else 'train'} on: no outcome is known.")
        return falls, rows

    def _count(self, day: int, known_at: int) -> tuple[int, int]:
        """Count the labelled rows of a date, and the falls among them, with what was known on another day."""
        if (day, known_at) not in self._counts:
            labels = label(self.records, [day], self.settings, self.policy, known_at)
            self._counts[day, known_at] = int(labels.labelled.sum()), int((labels.y == 1).sum())
        return self._counts[day, known_at]


def plan_training(records: Records, settings: Settings, policy: Policy) -> tuple[Grid, tuple[Origin, ...]]:
    """Lay out the grid and divide it, using all records.

    Raises
    ------
    SplitError
        If an origin has no date to test or none to train on. If the dates were not chosen, the error says from when
        training is possible.
    """
    try:
        return _Rehearsal(records, settings, policy).divide()
    except SplitError as error:
        if settings.test_from is not None or settings.origins > 1:
            raise
        ready = _assess(records, settings, policy)
        if ready.day is None or (len(records.income.statements) and not settings.income_age):
            ready = assess_readiness(records, policy)
        hint = error.hint if ready.day is None else f"{error.hint} {ready.name_day()}"
        raise SplitError(error.message, hint) from None


def require_both_outcomes(falls: int, rows: int) -> None:
    """Refuse training rows that all have the same outcome.

    Raises
    ------
    SplitError
    """
    if not 0 < falls < rows:
        raise SplitError(
            f"The {rows} training rows hold {falls} fall(s): there is nothing to learn.",
            "Use more households or months, or choose another --test-from.",
        )


def assess_readiness(records: Records, policy: Policy) -> Readiness:
    """Find the first month end from which `riskml train` succeeds, with the settings that suit the records.

    Yearly statements need an income age. If not even the forecast has enough income for a window of twelve months, as
    in a quarterly survey, the window is one month.

    Notes
    -----
    What has been recorded so far is tried first. If it does not suffice, the income of the last year is assumed to
    repeat itself, recorded with the same delays; it is then not checked whether there will be falls to learn from. The
    search is binary, so it assumes that once the records suffice, they do so on every later day.
    """
    age = INCOME_AGE if len(records.income.statements) else 0
    usual = _assess(records, Settings(income_age=age), policy)
    if usual.day is not None:
        return usual
    survey = _assess(records, Settings(window=1, income_age=age), policy)
    return usual if survey.day is None else survey


def _assess(records: Records, settings: Settings, policy: Policy) -> Readiness:
    rehearsal, grid = _Rehearsal(records, settings, policy), build_grid(records, settings)
    first = grid.first_month + settings.window + 2 * settings.horizon - 1
    try:
        outcomes = rehearsal.count_outcomes()
    except SplitError as error:
        day = _foresee(rehearsal, grid, first) if grid.months else None
        return Readiness(day, settings, str(error) if day is None else error.message)
    try:
        require_both_outcomes(*outcomes)
    except SplitError as error:
        return Readiness(None, settings, str(error))
    last = to_month(records.last_day or 0)
    months = range(min(first, last), last + 1)
    return Readiness(_find_first(months, lambda day: require_both_outcomes(*rehearsal.count_outcomes(day))), settings)


def _foresee(rehearsal: _Rehearsal, grid: Grid, first: int) -> int | None:
    """Find the first month end, from the month ``first`` on, at which training will be possible."""
    reported = np.flatnonzero(rehearsal.records.income.count_reports_by_month())
    gap = int(np.diff(reported).max(initial=1))  # a survey may report only one month in three
    period = min(_YEAR, grid.months - 1 + gap)
    times = -(-(_FORESEEN + grid.first_month - grid.last_month) // period)
    later = replace(rehearsal, records=repeat_income(rehearsal.records, grid.last_month, period, times), _counts={})
    return _find_first(range(max(first, grid.last_month), grid.first_month + _FORESEEN), later.count_outcomes)


def _find_first(months: range, rehearse: Callable[[int], object]) -> int | None:
    """Find the first of the months at whose end a rehearsal raises no error; return its last day, or None."""

    def succeeds(month: int) -> bool:
        try:
            rehearse(to_month_end(month))
        except SplitError:
            return False
        return True

    first = bisect_left(months, True, key=succeeds)
    return to_month_end(months[first]) if first < len(months) else None

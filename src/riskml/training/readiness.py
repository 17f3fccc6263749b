"""Find the day from which training is possible, by trying it with the records that were known on different days."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from riskml.errors import SplitError
from riskml.outcomes import label
from riskml.policy import Policy
from riskml.records.contract.calendar import to_date, to_month, to_month_end
from riskml.records.contract.versions import EVERYTHING, FOREVER
from riskml.records.panel.repeated import repeat_income
from riskml.records.panel.store import Records
from riskml.splits import Grid, Origin, Settings, build_grid, count_months_needed, cut_origins
from riskml.text import Text, join_sentences

INCOME_AGE = 18
"""Maximum age of income in months: a statement is up to 17 months old before the next one is known."""

_YEAR, _DAYS = 12, 366
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
        The settings with which training is possible on that day, or was tried.
    problem : str
        Why training is not yet possible; empty if it is.
    """

    day: int | None
    settings: Settings
    problem: str = ""

    def describe(self) -> Text:
        """Say from when training is possible, and with which command."""
        if self.day is None:
            return Text("Training is not possible: {problem}", problem=self.problem)
        if not self.problem:
            return self.name_day()
        return join_sentences(Text("Training is not possible yet: {problem}", problem=self.problem), self.name_day())

    def name_day(self) -> Text:
        """Name the day and the command; the day is a forecast if training is not yet possible."""
        assert self.day is not None, "there is no day to name"
        usual = asdict(Settings())
        options = "".join(
            f" --{name.replace('_', '-')} {value}"
            for name, value in asdict(self.settings).items()
            if value != usual[name]
        )
        return Text(
            "If income keeps arriving as it has so far, training is possible from {day} on: `{command}`."
            if self.problem
            else "Training is possible from {day} on: `{command}`.",
            day=to_date(self.day),
            command=f"riskml train RECORDS --out BUNDLE{options}",
        )


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
            If an origin has no date to test on or none to train on.
        """
        grid = build_grid(self.records, self.settings, known_at)
        return grid, cut_origins(grid, self.settings, lambda day, by: self._count(day, by)[0] > 0)

    def count_outcomes(self, known_at: int = EVERYTHING) -> tuple[int, int]:
        """Count the falls among the training rows, and the training rows; stop once both outcomes have occurred.

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
            purpose = Text("test on") if rows else Text("train on")
            raise SplitError("No row is left to {purpose}: no outcome is known.", purpose=purpose)
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
        If an origin has no date to test on or none to train on. Unless ``settings`` states a test start or several
        origins, the error says from when training is possible, if that can be foreseen.
    """
    try:
        return _Rehearsal(records, settings, policy).divide()
    except SplitError as error:
        if hidden := explain_hidden_past(records, settings, error):
            raise hidden from None
        if settings.test_from is not None or settings.origins > 1:
            raise
        ready = _assess(records, settings, policy)
        if ready.day is None or (len(records.income.statements) and not settings.income_age):
            ready = assess_readiness(records, policy)
        hint = error.hint if ready.day is None else join_sentences(error.hint, ready.name_day())
        raise SplitError(error.message, hint) from None


def explain_hidden_past(records: Records, settings: Settings, error: SplitError) -> SplitError | None:
    """Return an error that says that ``recorded_on`` hides the past, if nothing is known until the last year of income.

    If the records are too short as well, or the settings themselves may be the obstacle, it is added to the ``error``.
    """
    households, income = records.households.recorded, records.income
    known = [income.known_from.ravel(), income.extra.known_from, income.statements.known_from]
    first_known = max(min(int(days.min()) for days in known if days.size), int(households.min(initial=FOREVER)))
    first, last = (to_month_end(income.first_month + months) for months in (0, income.months - 1))
    if first_known == FOREVER or first_known - first <= 2 * _DAYS or last - first_known >= _DAYS:
        return None
    hidden = SplitError(
        "Nothing is known before {day}, although income begins in {month:%Y-%m}: recorded_on hides the past.",
        "If {day} is the day on which the tables were exported, leave recorded_on empty.",
        day=to_date(first_known),
        month=to_date(first),
    )
    grid = build_grid(records, settings)
    long = grid.months >= count_months_needed(settings, stated=grid.stated)
    if long and settings.test_from is None and settings.origins == 1:
        return hidden
    return SplitError(error.message, join_sentences(error.hint, hidden.text))


def require_both_outcomes(falls: int, rows: int) -> None:
    """Refuse training rows that all have the same outcome.

    Raises
    ------
    SplitError
    """
    if not 0 < falls < rows:
        raise SplitError(
            "The {rows} training rows hold {falls} fall(s): there is nothing to learn.",
            "Use more households or months, or choose another --test-from.",
            rows=rows,
            falls=falls,
        )


def assess_readiness(records: Records, policy: Policy) -> Readiness:
    """Find the first month end from which `riskml train` succeeds, with the settings that suit the records.

    If there are yearly statements, income may be up to 18 months old (``INCOME_AGE``). If not even the forecast has
    enough income for a window of twelve months, as in a quarterly survey, the window is one month.

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
        hidden = explain_hidden_past(records, settings, error)
        return Readiness(day, settings, (hidden or error).text if hidden or day is None else error.message)
    try:
        require_both_outcomes(*outcomes)
    except SplitError as error:
        return Readiness(None, settings, error.text)
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

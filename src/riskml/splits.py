"""Splits by time: the grid of as_of dates, and, for each test start (*origin*), the dates for training and testing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from riskml.errors import SplitError, UsageError
from riskml.records.contract.calendar import LOOK_BACK, format_month, subtract_months, to_date, to_month, to_month_end
from riskml.records.contract.versions import EVERYTHING
from riskml.records.panel.basis import IncomeBasis
from riskml.text import Text, join_sentences

if TYPE_CHECKING:
    from riskml.records.panel.store import Records

Outcome = Literal["any", "end"]
"""Whether a fall means income below the line at the end of any month of the span, or at the end of its last month."""


Hardship = Literal["count", "ignore"]
"""Whether income below the line after unavoidable spending is a fall and excludes a household from the cohort."""

STATED_MONTHS = 60
"""Minimum number of months of income that training needs if the records contain yearly statements."""

OLDEST_INCOME = 24
"""Largest value allowed for ``income_age``, in months."""


@dataclass(frozen=True)
class Settings:
    """How a fall is defined and how time is split.

    Parameters
    ----------
    window : int, default 12
        Number of months (W) over which income per head is measured, at most 36.
    horizon : int, default 12
        Number of months (H) after the as_of in which a fall counts.
    outcome : {"any", "end"}, default "any"
    step : int, default 3
        Months between consecutive as_ofs.
    test_from : int, optional
        As_ofs from this day on are used for testing; by default the day is chosen from the grid.
    origins : int, default 1
        Number of days on which testing starts, H months apart.
    hardship : {"count", "ignore"}, default "count"
    income_age : int, default 0
        Largest number of months allowed between the end of the window over which a household's income is measured and
        the last complete month.

    Raises
    ------
    UsageError
        If ``outcome`` or ``hardship`` has an unknown value, a number is not whole or too small, ``income_age`` is too
        large, or the window is longer than the history that is kept.

    Examples
    --------
    >>> Settings(horizon=0)
    Traceback (most recent call last):
    ...
    riskml.errors.UsageError: The horizon is 0 and must be a whole number of at least 1.
    Give --horizon a number of months.
    """

    window: int = 12
    horizon: int = 12
    outcome: Outcome = "any"
    step: int = 3
    test_from: int | None = None
    origins: int = 1
    hardship: Hardship = "count"
    income_age: int = 0

    def __post_init__(self) -> None:
        if self.outcome not in get_args(Outcome):
            raise UsageError(
                "The outcome is {outcome!r} and must be 'any' or 'end'.",
                "any: below the line at any month end of the span; end: at the last one.",
                outcome=self.outcome,
            )
        if self.hardship not in get_args(Hardship):
            raise UsageError(
                "hardship is {hardship!r} and must be 'count' or 'ignore'.",
                "count: income below the line after unavoidable spending is a fall; ignore: only income counts.",
                hardship=self.hardship,
            )
        age = self.income_age
        if isinstance(age, bool) or not isinstance(age, int) or not 0 <= age <= OLDEST_INCOME:
            raise UsageError(
                "The income age is {age} and must be a whole number of months from 0 to {oldest}.",
                "Give --income-age 18 for yearly statements, and 0 if income is reported every month.",
                age=age,
                oldest=OLDEST_INCOME,
            )
        for name, unit in (("window", "months"), ("horizon", "months"), ("step", "months"), ("origins", "test starts")):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UsageError(
                    "The {name} is {value} and must be a whole number of at least 1.",
                    "Give --{name} a number of {unit}.",
                    name=name,
                    value=value,
                    unit=unit,
                )
        if self.window > LOOK_BACK:
            raise UsageError(
                "The window is {window} months and may be at most {most}, the months of history kept.",
                "Give --window a number from 1 to {most}.",
                window=self.window,
                most=LOOK_BACK,
            )

    @property
    def fall(self) -> dict[str, str | int]:
        """What defines a fall; models that differ in it predict different outcomes."""
        return {name: getattr(self, name) for name in ("outcome", "window", "horizon", "hardship")}

    @property
    def basis(self) -> IncomeBasis:
        """The basis that selects the window over which a household's income is measured."""
        return IncomeBasis(self.window, self.outcome == "end", self.income_age)


@dataclass(frozen=True)
class Grid:
    """The as_of dates whose window and span are covered by the records.

    Parameters
    ----------
    as_ofs : tuple of int
        Last days of months as day numbers, ascending.
    first_month, last_month : int
        The first month with reports, and the last month with enough reports (see :func:`build_grid`).
    stated : bool, default False
        Whether the records contain yearly statements.
    """

    as_ofs: tuple[int, ...]
    first_month: int
    last_month: int
    stated: bool = False

    @property
    def months(self) -> int:
        """Number of months from the first to the last, inclusive."""
        return self.last_month - self.first_month + 1


@dataclass(frozen=True)
class Origin:
    """One day on which testing starts, with the as_ofs used for training and for testing.

    Parameters
    ----------
    test_from : int
        Day on which testing starts; training labels use nothing that was recorded later.
    train, test : tuple of int
        As_ofs, ascending. The span after every training as_of ends by ``test_from``.
    """

    test_from: int
    train: tuple[int, ...]
    test: tuple[int, ...]


def find_span_end(as_of: int, horizon: int) -> int:
    """Find the last day of the span of ``horizon`` months after an as_of.

    >>> str(to_date(find_span_end(to_month_end(0), 13)))
    '1971-02-28'
    """
    return to_month_end(to_month(as_of) + horizon)


def build_grid(records: Records, settings: Settings, known_at: int = EVERYTHING) -> Grid:
    """Build the grid of as_of dates that the records cover, ignoring income recorded after the day ``known_at``.

    The last month is the latest one with at least a tenth of the median number of reports (the median of all months
    that have any), so that a month for which only a few reports have arrived does not count as complete. As_ofs are
    month ends, at intervals of ``step`` months. They are counted back from the last one whose span is complete, as long
    as the window (which includes the as_of's own month) starts no earlier than the first month with reports.

    Returns
    -------
    Grid
        The grid; it has no as_ofs if the records cover too few months.
    """
    reports = records.income.count_reports_by_month(known_at)
    reported = np.flatnonzero(reports)
    if not len(reported):
        return Grid((), records.first_month, records.first_month - 1)
    first, last = records.first_month + int(reported[0]), records.first_month + int(_find_enough(reports)[-1])
    months = range(last - settings.horizon, first + settings.window - 2, -settings.step)
    stated = bool((records.income.statements.known_from <= known_at).any())
    return Grid(tuple(to_month_end(month) for month in reversed(months)), first, last, stated)


def _find_enough(counts: NDArray[np.int64]) -> NDArray[np.intp]:
    """Find the months with at least a tenth of the median number of records of all months that have any."""
    return np.flatnonzero((counts > 0) & (10 * counts >= np.median(counts[counts > 0])))


def count_least_months(months: int) -> int:
    """Count the months of a horizon or a window that must be known of a row to learn from it: at least half.

    >>> count_least_months(12), count_least_months(1)
    (6, 1)
    """
    return (months + 1) // 2


def find_first_covered(records: Records, settings: Settings) -> int:
    """Find the first day before which care, disasters and events have been recorded for at least half a window.

    Features sum up what a household went through; of an earlier as_of, too little of that is known. Months with fewer
    than a tenth of the median number of records do not count. Records that come once a year, as in a survey, cover the
    year before them. The day is 0 if there are no such records.
    """
    months = records.event_months
    if not len(months):
        return 0
    enough = _find_enough(np.bincount(months - months.min()))
    apart = int(np.median(np.diff(enough))) if len(enough) > 1 else 1
    return to_month_end(int(months.min() + enough[0]) - apart + count_least_months(settings.window))


def list_recent(grid: Grid, settings: Settings) -> tuple[int, ...]:
    """List the as_ofs after the last one of the grid of whose horizon at least half has passed.

    >>> grid = Grid((to_month_end(600),), 580, 612)
    >>> [to_month(day) for day in list_recent(grid, Settings())]
    [603, 606]
    """
    first, last = to_month(grid.as_ofs[-1]) + settings.step, grid.last_month - count_least_months(settings.horizon)
    return tuple(to_month_end(month) for month in range(first, last + 1, settings.step))


def count_months_needed(settings: Settings, *, stated: bool) -> int:
    """Count the months of income that training and testing forward in time need.

    These are a window, a training span and a test span. With yearly statements, at least five years are needed, since
    what happened in a span is known only when the statement that covers its end arrives, months later.

    >>> count_months_needed(Settings(), stated=False), count_months_needed(Settings(), stated=True)
    (36, 60)
    """
    needed = settings.window + 2 * settings.horizon
    return max(needed, STATED_MONTHS) if stated else needed


def cut_origins(
    grid: Grid, settings: Settings, is_followed: Callable[[int, int], bool] | None = None
) -> tuple[Origin, ...]:
    """Divide the grid into training and test as_ofs for every origin, the latest origin first.

    Parameters
    ----------
    grid : Grid
    settings : Settings
    is_followed : callable, optional
        Returns whether the outcomes after an as_of (the first argument) are known on a later day (the second). The
        default test start is chosen so that at least one such as_of is left to train on.

    Returns
    -------
    tuple of Origin, length ``settings.origins``
        The latest origin tests every as_of from its start on; an earlier origin tests the as_ofs before the start of
        the next.

    Raises
    ------
    SplitError
        If an origin has no as_of to test on, or none to train on.
    """
    start = settings.test_from
    if start is None:
        start = _find_default_start(grid, settings, is_followed or (lambda _day, _known_at: True))
    origins: list[Origin] = []
    for back in range(settings.origins):
        test_from = subtract_months(start, back * settings.horizon)
        stop = origins[-1].test_from if origins else None
        test = tuple(day for day in grid.as_ofs if test_from <= day and (stop is None or day < stop))
        origin = Origin(test_from, _find_train(grid, settings, test_from), test)
        _refuse_empty(origin, grid, settings, back)
        origins.append(origin)
    return tuple(origins)


def _find_train(grid: Grid, settings: Settings, test_from: int) -> tuple[int, ...]:
    return tuple(day for day in grid.as_ofs if find_span_end(day, settings.horizon) <= test_from)


def _find_default_start(grid: Grid, settings: Settings, is_followed: Callable[[int, int], bool]) -> int:
    """Find the first as_of in the grid's last H months, or the last as_of if the first leaves nothing to train on."""
    if not grid.as_ofs:
        raise _build_too_short(grid, settings)
    last = grid.as_ofs[-1]
    start = next(day for day in grid.as_ofs if find_span_end(day, settings.horizon) > last)
    for day in (start, last):
        if any(is_followed(train, day) for train in _find_train(grid, settings, day)):
            return day
    raise _build_too_short(grid, settings)


def _build_too_short(grid: Grid, settings: Settings) -> SplitError:
    """Build the error that says how many months are needed: a window, a training span and a test span."""
    window, horizon, step = settings.window, settings.horizon, settings.step
    needed = count_months_needed(settings, stated=grid.stated)
    first, last = format_month(grid.first_month), format_month(grid.last_month)
    message = Text(
        "Training and testing forward in time need {least} months of income (the window {window} and twice the horizon"
        " {horizon}){statements}; the records have {months}{span}.",
        least=window + 2 * horizon,
        window=window,
        horizon=horizon,
        statements=Text(
            ", or {needed} if it is known only from yearly statements, recorded months after their end", needed=needed
        )
        if grid.stated
        else "",
        months=grid.months,
        span=Text(" ({first} to {last})", first=first, last=last) if grid.months else "",
    )
    apart = -(-horizon // step) * step
    if needed <= grid.months:
        if horizon % step:
            hint = Text(
                "As_ofs every {step} months need {needed}: choose a --step that divides {horizon}.",
                step=step,
                needed=window + horizon + apart,
                horizon=horizon,
            )
        else:
            hint = Text(
                "On every as_of, hardly any household is followed up, or none is at risk: check that amounts are in "
                "yuan, and add the income that has been recorded since."
            )
        return SplitError(message, hint)
    return SplitError(message, "Add more months, or choose a shorter --window or --horizon.")


def _refuse_empty(origin: Origin, grid: Grid, settings: Settings, back: int) -> None:
    """Refuse an origin that has no as_of to test on or to train on; ``back`` is its position, 0 for the latest."""
    if origin.train and origin.test:
        return
    if not grid.as_ofs:
        raise _build_too_short(grid, settings)
    horizon, step = settings.horizon, settings.step
    first, last, start = to_date(grid.as_ofs[0]), to_date(grid.as_ofs[-1]), to_date(origin.test_from)
    covered = Text(
        "As_ofs with a complete window and span run from {first} to {last} every {step} months.",
        first=first,
        last=last,
        step=step,
    )
    number, origins = back + 1, settings.origins
    name = Text("origin {number} of {origins}, ", number=number, origins=origins) if origins > 1 else ""
    if not origin.test:
        raise SplitError("No as_of is left to test ({name}test from {start}).", covered, name=name, start=start)
    ready = to_date(find_span_end(grid.as_ofs[0], horizon))
    raise SplitError(
        "No as_of is left to train on ({name}test from {start}): the first span to learn from ends on {ready}. "
        "{number} origin(s) need {needed} months of income (the window {window} and {times} times the horizon "
        "{horizon}); the records have {months}.",
        join_sentences(covered, Text("Choose a later --test-from, fewer --origins or a shorter --horizon.")),
        name=name,
        start=start,
        ready=ready,
        number=number,
        needed=settings.window + (back + 2) * horizon,
        window=settings.window,
        times=back + 2,
        horizon=horizon,
        months=grid.months,
    )

"""Compute the facts that a sentence can state: amounts in yuan, months and days, read from a panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from riskml.arrays import Floats, Mask, Positions
from riskml.explanation.wording.phrases import BELOW_NOTICE, UNCHANGED_SHARE
from riskml.explanation.wording.templates import Slot, parse
from riskml.features.catalogue import Feature
from riskml.features.kernels import fit_slope
from riskml.features.views import FLOOR, find_months_below, sum_help
from riskml.records.contract.calendar import to_month_end
from riskml.records.contract.schema import SOURCES, list_codes
from riskml.records.panel.events import Events
from riskml.records.panel.kernels import sum_window
from riskml.records.panel.panel import Panel

Numbers = tuple[Floats, ...]
Rows = Positions | None

REGULAR = ("outpatient", "chronic")
"""Kinds of medical care that a patient needs again and again."""


@dataclass(frozen=True)
class Fact:
    """A fact that sentences can state about the households in a panel.

    Parameters
    ----------
    kind : str
        How the numbers are put into words: a key of ``phrases.PHRASES``.
    compute : callable
        Function of the panel, the window in months and the argument. It returns one or more arrays of shape (n,), in
        which unknown values are NaN.
    """

    kind: str
    compute: Callable[[Panel, int, str], Floats | Numbers]


def compute_fact(panel: Panel, name: str, argument: str, window: int) -> Numbers:
    """Compute the numbers of a fact, only once for each panel, argument and window."""
    key = f"fact {name} {argument} {window}"
    if key not in panel.memo:
        with np.errstate(all="ignore"):
            computed = FACTS[name].compute(panel, window, argument)
        panel.memo[key] = computed if isinstance(computed, tuple) else (computed,)
    numbers: Numbers = panel.memo[key]  # type: ignore[assignment]
    return numbers


# -- income -----------------------------------------------------------------------------------------------------


def _count_reported(panel: Panel, window: int) -> Floats:
    return sum_window(panel.at_income_end.reported[:window].astype(np.float64))


def _compute_yearly_income(panel: Panel, window: int = 12) -> Floats:
    """Compute a household's yearly net income in yuan: 12 × the mean of the reported months; NaN if there are none."""
    count = _count_reported(panel, window)
    return np.where(count > 0, sum_window(panel.at_income_end.total_or_zero[:window]) / count * 12, np.nan)


def _compute_income_per_head(panel: Panel, window: int) -> Floats:
    """Compute income in yuan/person/year from the reported months in a window, however few they are."""
    return np.asarray(_compute_yearly_income(panel, window) / panel.at_income_end.size[0])


def _describe_level(panel: Panel, window: int) -> Numbers:
    """Return income per head, the line, the number of months, and 0 instead of the day on which the period ends."""
    line = panel.at_income_end.line[0]
    return _compute_income_per_head(panel, window), line, np.full(panel.n, float(window)), np.zeros(panel.n)


def _describe_latest_level(panel: Panel) -> Numbers:
    """Return the numbers of :func:`_describe_level` for the latest reported month.

    If that month is not the last complete one, the fourth number is the day on which it ends. A statement says nothing
    about a single month, so if the last twelve are equal parts of one, the numbers are those of the twelve months.
    """
    lag, stated, panel = panel.income_lag, panel.stated, panel.at_income_end
    year = panel.total_or_zero[:12]
    stated = stated & panel.reported[:12].all(axis=0) & (year == year[0]).all(axis=0)
    month, row = panel.reported.argmax(axis=0), np.arange(panel.n)
    income = np.where(panel.reported.any(axis=0), panel.total_or_zero[month, row] * 12 / panel.size[month, row], np.nan)
    ended = np.where((lag + month > 0) & ~stated, to_month_end(panel.month - lag - month), 0)
    return income, panel.line[0], np.where(stated, 12.0, 1.0), ended.astype(np.float64)


def _read_monthly_income(panel: Panel, source: str) -> tuple[Floats, Mask]:
    """Return the monthly income from a source (or ``total``) in yuan, and whether it is known in each month."""
    panel = panel.at_income_end
    if source == "total":
        return panel.total_or_zero, panel.reported
    amount = panel.sources[list(SOURCES).index(source)]
    # If a month is reported by source, sources not reported are zero; if it is reported as a total, all are unknown.
    return np.where(np.isnan(amount), 0.0, amount), panel.reported & np.isnan(panel.sources[-1])


def _read_yearly_per_head(panel: Panel) -> tuple[Floats, Mask]:
    """Return 12 × each month's income per head in yuan, 0 if it is not reported, and which months are reported."""
    panel = panel.at_income_end
    return np.where(panel.reported, panel.total_or_zero * 12 / panel.size, 0.0), panel.reported


def _fit_monthly_change(panel: Panel, window: int) -> Floats:
    """Fit the change of a month's income per head from one month to the next, in yuan."""
    yearly, reported = _read_yearly_per_head(panel)
    return fit_slope(yearly, reported, sum_window(reported[:window].astype(np.float64)), window) / 12


def _compare_recent_months(panel: Panel) -> Floats:
    """Compute the mean yearly income per head of the last 3 months minus that of the last 12, in yuan."""
    yearly, reported = _read_yearly_per_head(panel)
    recent, whole = (sum_window(yearly[:n]) / sum_window(reported[:n].astype(np.float64)) for n in (3, 12))
    return np.asarray(recent - whole)


def _sum_both_years(panel: Panel, window: int, source: str) -> Numbers:
    """Sum the months that are known in both years; return this year's sum, then the sum for the year before."""
    yuan, known = _read_monthly_income(panel, source)
    both = known[:window] & known[12 : 12 + window]
    now, before = (sum_window(np.where(both, part, 0.0)) for part in (yuan[:window], yuan[12 : 12 + window]))
    none = ~both.any(axis=0)
    return np.where(none, np.nan, now), np.where(none, np.nan, before)


# -- events -----------------------------------------------------------------------------------------------------


def _sum_stated(panel: Panel, events: Events | None, column: str, window: int, kinds: tuple[str, ...] = ()) -> Floats:
    """Sum the known amounts in a window; NaN if the table is absent, or if there are rows but none has an amount."""
    if events is None:
        return np.full(panel.n, np.nan)
    mask = panel.within(events, window)
    if kinds:
        table = "events" if events is panel.events else "illness"
        mask = mask & np.isin(events["kind"], [list_codes(table, "kind").index(kind) for kind in kinds])
    stated = mask & ~np.isnan(events[column])
    return np.where(events.any(mask) & ~events.any(stated), np.nan, events.sum(events[column], stated))


def _sum_help(panel: Panel) -> Floats:
    return np.full(panel.n, np.nan) if panel.help is None else sum_help(panel, panel.help, 12)


def _sum_self_paid(panel: Panel, window: int, kinds: tuple[str, ...] = ()) -> Floats:
    return _sum_stated(panel, panel.illness, "self_paid", window, kinds)


def _sum_losses(panel: Panel, window: int) -> Floats:
    loss = _sum_stated(panel, panel.disaster, "loss", window)
    return np.where(loss > 0, loss, np.nan)


def _sum_events(panel: Panel, window: int, kind: str) -> Floats:
    return _sum_stated(panel, panel.events, "amount", window, (kind,))


def _relate_to_income(panel: Panel, yuan: Floats) -> Floats:
    income = _compute_yearly_income(panel)
    return np.where((yuan > 0) & (income > 0), yuan / income, np.nan)


def _find_largest_bill(panel: Panel, window: int) -> Floats:
    care = panel.illness
    if care is None:
        return np.full(panel.n, np.nan)
    return care.max(care["self_paid"], panel.within(care, window))


def _collect_disaster_kinds(panel: Panel, window: int) -> Floats:
    """Encode the kinds of disaster as bits in the declared order, so that a sentence can name each of them."""
    disasters = panel.disaster
    if disasters is None:
        return np.full(panel.n, np.nan)
    rows, kinds = panel.within(disasters, window), list_codes("disaster", "kind")
    bits = [disasters.any(rows & (disasters["kind"] == code)) * 2.0**code for code in range(len(kinds))]
    total = np.add.accumulate(bits)[-1]
    return np.where(total > 0, total, np.nan)


def _find_latest_event(panel: Panel, window: int, kind: str) -> Floats:
    events = panel.events
    if events is None:
        return np.full(panel.n, np.nan)
    mask = panel.within(events, window) & (events["kind"] == list_codes("events", "kind").index(kind))
    return events.max(events["day"], mask)


FACTS: dict[str, Fact] = {
    "income_level": Fact("level", lambda panel, window, _: _describe_level(panel, window)),
    "latest_income_level": Fact("level", lambda panel, _window, _: _describe_latest_level(panel)),
    "yearly": Fact("yearly", lambda panel, window, _: np.full(panel.n, float(window))),
    "months_known": Fact("count", lambda panel, window, _: _count_reported(panel, window)),
    "months_below": Fact(
        "count", lambda panel, window, _: sum_window(find_months_below(panel)[:window].astype(np.float64))
    ),
    "change": Fact("change", _sum_both_years),
    "slope": Fact("slope", lambda panel, window, _: _fit_monthly_change(panel, window)),
    "recent_change": Fact("difference", lambda panel, _window, _: _compare_recent_months(panel)),
    "self_paid": Fact("yuan", lambda panel, window, _: _sum_self_paid(panel, window)),
    "self_paid_to_income": Fact(
        "to_income", lambda panel, window, _: _relate_to_income(panel, _sum_self_paid(panel, window))
    ),
    "largest_bill": Fact("yuan", lambda panel, window, _: _find_largest_bill(panel, window)),
    "regular_self_paid": Fact("yuan", lambda panel, window, _: _sum_self_paid(panel, window, REGULAR)),
    "regular_self_paid_a_month": Fact("yuan", lambda panel, window, _: _sum_self_paid(panel, window, REGULAR) / window),
    "medical_cost": Fact("yuan", lambda panel, window, _: _sum_stated(panel, panel.illness, "cost", window)),
    "disaster_loss": Fact("yuan", lambda panel, window, _: _sum_losses(panel, window)),
    "disaster_kinds": Fact("kinds", lambda panel, window, _: _collect_disaster_kinds(panel, window)),
    "disaster_loss_to_income": Fact(
        "to_income", lambda panel, window, _: _relate_to_income(panel, _sum_losses(panel, window))
    ),
    "event_sum": Fact("yuan", _sum_events),
    "event_sum_to_income": Fact(
        "to_income", lambda panel, window, kind: _relate_to_income(panel, _sum_events(panel, window, kind))
    ),
    "latest": Fact("month", _find_latest_event),
    "help_amount": Fact("yuan", lambda panel, _window, _: _sum_help(panel)),
    # The feature's value is in multiples of the line; multiplying by the line gives yuan.
    **{
        name: Fact(name, lambda panel, _window, _: panel.at_income_end.line[0])
        for name in ("more_yuan", "per_head", "typical_per_head")
    },
    # These facts need only the feature's own value.
    **{
        name: Fact(name, lambda _panel, _window, _: ()) for name in ("value", "number", "typical", "ago", "since_below")
    },
}
"""All facts, by the names used for them in the braces of a sentence."""


def compute_stated_values(panel: Panel, features: Sequence[Feature], values: Floats, rows: Rows = None) -> Floats:
    """Replace values by what their sentences state, so that reasons are chosen by the figures that a reader sees.

    A feature measures income in multiples of the line in force at the time, but its sentence states yuan and today's
    line. If the line rose, the two can be on different sides of a comparison, and the sentence would contradict the
    reason that it expresses.

    Parameters
    ----------
    panel : Panel
    features : sequence of Feature, length F
    values : array of float64, shape (n, F)
    rows : array of int, optional
        Rows of the panel that ``values`` covers; all by default.

    Returns
    -------
    array of float64, shape (n, F)
        A copy of the values. A column whose sentence compares income with the line holds the logarithm of their ratio,
        and one whose sentence states a change holds the change in whole yuan; both are 0 if the sentence calls the two
        figures equal.
    """
    out = values.copy()
    with np.errstate(all="ignore"):
        for j, feature in enumerate(features):
            for slot in _list_stated(feature.reason_zh):
                facts = compute_fact(panel, slot.name, slot.argument, slot.window or feature.window)
                numbers = [fact[slice(None) if rows is None else rows] for fact in facts]
                out[:, j] = _STATED[slot.name](values[:, j], *numbers)
    return out


@cache
def _list_stated(text: str) -> list[Slot]:
    return [slot for slot in parse(text).slots if slot.name in _STATED]


def _state_level(_: Floats, income: Floats, line: Floats, *_rest: Floats) -> Floats:
    equal = np.abs(income / line - 1) <= BELOW_NOTICE
    return np.where(equal, 0.0, np.log(np.maximum(income / line, np.exp(FLOOR))))


def _state_change(_: Floats, now: Floats, before: Floats) -> Floats:
    return np.where(np.abs(now - before) <= UNCHANGED_SHARE * np.abs(before), 0.0, np.round(now) - np.round(before))


def _state_difference(_: Floats, yuan: Floats) -> Floats:
    return np.round(yuan)


def _state_yuan(value: Floats, line: Floats) -> Floats:
    return np.round(value * line)


_STATED: dict[str, Callable[..., Floats]] = {
    "income_level": _state_level,
    "latest_income_level": _state_level,
    "change": _state_change,
    "slope": _state_difference,
    "recent_change": _state_difference,
    "more_yuan": _state_yuan,
}
"""For each fact that compares two figures, the function that computes the comparison which the sentence states."""

"""What a sentence can say: amounts in yuan, months and days, read from a panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.explanation.wording.templates import parse
from riskml.features.catalogue import Feature
from riskml.features.views import below
from riskml.records.contract.schema import SOURCES, codes
from riskml.records.panel.events import Events
from riskml.records.panel.panel import Panel, window_sum

__all__ = ["FACTS", "Fact", "compute_fact", "convert_changes_to_yuan", "yearly_income"]

Floats = NDArray[np.float64]
Numbers = tuple[Floats, ...]
Rows = NDArray[np.intp] | None


@dataclass(frozen=True)
class Fact:
    """One thing a sentence can say of every household of a panel.

    Parameters
    ----------
    kind : str
        How the numbers are put into words: a name in ``phrases.PHRASES``.
    numbers : callable
        Panel, window in months and argument to arrays of shape (n,); NaN where not known.
    """

    kind: str
    numbers: Callable[[Panel, int, str], Numbers]


FACTS: dict[str, Fact] = {}
"""Every fact by the name that stands in a sentence's braces."""


def compute_fact(panel: Panel, name: str, argument: str, window: int) -> Numbers:
    """Numbers of a fact, computed once a panel, window and argument."""
    key = f"fact {name} {argument} {window}"
    if key not in panel.memo:
        with np.errstate(all="ignore"):
            panel.memo[key] = FACTS[name].numbers(panel, window, argument)
    found: Numbers = panel.memo[key]  # type: ignore[assignment]
    return found


def _fact(kind: str, name: str) -> Callable[[Callable[[Panel, int, str], Numbers]], Callable[..., Numbers]]:
    def enter(function: Callable[[Panel, int, str], Numbers]) -> Callable[..., Numbers]:
        FACTS[name] = Fact(kind, function)
        return function

    return enter


# -- income -----------------------------------------------------------------------------------------------------


def yearly_income(panel: Panel) -> Floats:
    """Net income of the household over 12 months, yuan: the mean of the reported months × 12; NaN where none is."""
    count = window_sum(panel.reported[:12].astype(np.float64))
    with np.errstate(all="ignore"):
        return np.where(count > 0, window_sum(panel.total_or_zero[:12]) / count * 12, np.nan)


def _per_head(panel: Panel, window: int) -> Floats:
    """Yuan/person/year over the reported months of a window, however few."""
    count = window_sum(panel.reported[:window].astype(np.float64))
    mean = np.where(count > 0, window_sum(panel.total_or_zero[:window]) / count, np.nan)
    return np.asarray(mean * 12 / panel.size[0])


@_fact("yuan", "income")
def _income(panel: Panel, window: int, _: str) -> Numbers:
    return (_per_head(panel, window),)


@_fact("gap", "income_vs_line")
def _income_vs_line(panel: Panel, window: int, _: str) -> Numbers:
    return _per_head(panel, window), panel.line[0]


@_fact("yearly", "yearly")
def _yearly(panel: Panel, window: int, _: str) -> Numbers:
    return (np.full(panel.n, float(window)),)


def _latest(panel: Panel) -> Floats:
    month = panel.reported.argmax(axis=0)
    row = np.arange(panel.n)
    found = panel.total_or_zero[month, row] * 12 / panel.size[month, row]
    return np.where(panel.reported.any(axis=0), found, np.nan)


@_fact("yuan", "latest_income")
def _latest_income(panel: Panel, _window: int, _: str) -> Numbers:
    return (_latest(panel),)


@_fact("gap", "latest_income_vs_line")
def _latest_income_vs_line(panel: Panel, _window: int, _: str) -> Numbers:
    return _latest(panel), panel.line[0]


@_fact("count", "months_known")
def _months_known(panel: Panel, window: int, _: str) -> Numbers:
    return (window_sum(panel.reported[:window].astype(np.float64)),)


@_fact("count", "months_below")
def _months_below(panel: Panel, window: int, _: str) -> Numbers:
    return (window_sum(below(panel)[:window].astype(np.float64)),)


def _by_month(panel: Panel, source: str) -> tuple[Floats, NDArray[np.bool_]]:
    """Yuan by month of a source (or ``total``), and the months in which it is known."""
    if source == "total":
        return panel.total_or_zero, panel.reported
    amount = panel.sources[list(SOURCES).index(source)]
    # A month reported by source has nothing of those it does not name; one reported as a total says nothing of them.
    return np.where(np.isnan(amount), 0.0, amount), panel.reported & np.isnan(panel.sources[-1])


@_fact("change", "change")
def _change(panel: Panel, window: int, source: str) -> Numbers:
    """Sums over the months known in both years, now and a year before."""
    yuan, known = _by_month(panel, source)
    both = known[:window] & known[12 : 12 + window]
    now, before = (window_sum(np.where(both, part, 0.0)) for part in (yuan[:window], yuan[12 : 12 + window]))
    none = ~both.any(axis=0)
    return np.where(none, np.nan, now), np.where(none, np.nan, before)


def _source_sum(panel: Panel, window: int, source: str) -> Floats:
    yuan, known = _by_month(panel, source)
    return np.where(known[:window].any(axis=0), window_sum(np.where(known[:window], yuan[:window], 0.0)), np.nan)


@_fact("yuan", "source_sum")
def _source_yuan(panel: Panel, window: int, source: str) -> Numbers:
    return (_source_sum(panel, window, source),)


@_fact("share", "source_share")
def _source_share(panel: Panel, window: int, source: str) -> Numbers:
    whole = _source_sum(panel, window, "total")
    part = _source_sum(panel, window, source)
    return (np.where((whole > 0) & (part >= 0) & (part <= whole), part / whole, np.nan),)


# -- events -----------------------------------------------------------------------------------------------------


def _sum(panel: Panel, events: Events | None, column: str, window: int, kinds: tuple[str, ...] = ()) -> Floats:
    """Sum of known yuan of the rows of a window; NaN where the table is absent or no row states an amount."""
    if events is None:
        return np.full(panel.n, np.nan)
    mask = panel.within(events, window)
    if kinds:
        table = "events" if events is panel.events else "illness"
        mask = mask & np.isin(events["kind"], [Panel.code(table, "kind", kind) for kind in kinds])
    stated = mask & ~np.isnan(events[column])
    return np.where(events.any(mask) & ~events.any(stated), np.nan, events.total(events[column], stated))


def _to_income(panel: Panel, yuan: Floats) -> Floats:
    income = yearly_income(panel)
    return np.where((yuan > 0) & (income > 0), yuan / income, np.nan)


def _self_paid(panel: Panel, window: int) -> Floats:
    return _sum(panel, panel.illness, "self_paid", window)


@_fact("yuan", "self_paid")
def _self_paid_yuan(panel: Panel, window: int, _: str) -> Numbers:
    return (_self_paid(panel, window),)


@_fact("times", "self_paid_to_income")
def _self_paid_to_income(panel: Panel, window: int, _: str) -> Numbers:
    return (_to_income(panel, _self_paid(panel, window)),)


@_fact("yuan", "largest_bill")
def _largest_bill(panel: Panel, window: int, _: str) -> Numbers:
    care = panel.illness
    if care is None:
        return (np.full(panel.n, np.nan),)
    return (care.largest(care["self_paid"], panel.within(care, window)),)


@_fact("yuan", "regular_self_paid")
def _regular(panel: Panel, window: int, _: str) -> Numbers:
    return (_sum(panel, panel.illness, "self_paid", window, ("outpatient", "chronic")),)


@_fact("yuan", "regular_self_paid_a_month")
def _regular_a_month(panel: Panel, window: int, _: str) -> Numbers:
    return (_sum(panel, panel.illness, "self_paid", window, ("outpatient", "chronic")) / window,)


@_fact("yuan", "medical_cost")
def _medical_cost(panel: Panel, window: int, _: str) -> Numbers:
    return (_sum(panel, panel.illness, "cost", window),)


@_fact("yuan", "disaster_loss")
def _disaster_loss(panel: Panel, window: int, _: str) -> Numbers:
    loss = _sum(panel, panel.disaster, "loss", window)
    return (np.where(loss > 0, loss, np.nan),)


@_fact("kinds", "disaster_kinds")
def _disaster_kinds(panel: Panel, window: int, _: str) -> Numbers:
    """One bit a kind, in the declared order: a fall of prices is told as such, not as a flood."""
    own = panel.disaster
    if own is None:
        return (np.full(panel.n, np.nan),)
    rows = panel.within(own, window)
    bits = [own.any(rows & (own["kind"] == code)) * 2.0**code for code in range(len(codes("disaster", "kind")))]
    found = np.add.accumulate(bits)[-1]
    return (np.where(found > 0, found, np.nan),)


@_fact("times", "disaster_loss_to_income")
def _disaster_loss_to_income(panel: Panel, window: int, _: str) -> Numbers:
    return (_to_income(panel, _sum(panel, panel.disaster, "loss", window)),)


@_fact("yuan", "event_sum")
def _event_sum(panel: Panel, window: int, kind: str) -> Numbers:
    return (_sum(panel, panel.events, "amount", window, (kind,)),)


@_fact("times", "event_sum_to_income")
def _event_sum_to_income(panel: Panel, window: int, kind: str) -> Numbers:
    return (_to_income(panel, _sum(panel, panel.events, "amount", window, (kind,))),)


@_fact("month", "latest")
def _latest_event(panel: Panel, window: int, kind: str) -> Numbers:
    events = panel.events
    if events is None:
        return (np.full(panel.n, np.nan),)
    mask = panel.within(events, window) & (events["kind"] == Panel.code("events", "kind", kind))
    return (events.largest(events["day"], mask),)


@_fact("yuan", "help_amount")
def _help_amount(panel: Panel, window: int, _: str) -> Numbers:
    return (_sum(panel, panel.help, "amount", window),)


def convert_changes_to_yuan(panel: Panel, features: Sequence[Feature], values: Floats, rows: Rows = None) -> Floats:
    """Values by which it is decided what a feature may be a reason for.

    A feature measures a change in multiples of the line then, the sentence tells it in yuan: where the line rose, the
    two can differ in sign, and the sentence must not contradict what it is said for.

    Parameters
    ----------
    panel : Panel
    features : sequence of Feature, length F
    values : array of float64, shape (n, F)
    rows : array of int, optional
        Rows of the panel that ``values`` holds; all by default.

    Returns
    -------
    array of float64, shape (n, F)
        The values; in columns whose sentence tells a change, the change in yuan.
    """
    out = values.copy()
    for j, feature in enumerate(features):
        for slot in parse(feature.reason_zh or "").slots:
            if slot.name == "change":
                now, before = compute_fact(panel, slot.name, slot.argument, slot.window or feature.window)
                out[:, j] = (now - before)[slice(None) if rows is None else rows]
    return out


# -- words made of the feature's own value ------------------------------------------------------------------------


@_fact("slope", "slope")
@_fact("more_yuan", "more_yuan")
def _line_now(panel: Panel, _window: int, _: str) -> Numbers:
    """The value is in multiples of the line: the line makes yuan of it."""
    return (panel.line[0],)


def _nothing(_panel: Panel, _window: int, _: str) -> Numbers:
    return ()


for _name in ("value", "number", "typical", "higher", "ago", "more_persons", "since_below"):
    FACTS[_name] = Fact(_name, _nothing)

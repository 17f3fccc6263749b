"""The triggers of the rule line: the value that each of them observes for a household.

A trigger is a function in this module, with its wording and its thresholds under the same code in the policy table.
The function returns the value observed for each household, in the unit that the table states, or NaN if it is not
known. The table says which threshold the value is compared with, and how.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Floats
from riskml.policy.case import Case
from riskml.policy.entries import Trigger
from riskml.records.contract.calendar import to_month
from riskml.records.panel.events import Events
from riskml.records.panel.lines import BELOW

Observe = Callable[[Case, Trigger], Floats]

TRIGGERS: dict[str, Observe] = {}
"""The function of every trigger, by code."""

LATEST_REPORT = 3
"""Maximum number of months between the end of a run of months below the line and the last complete month."""

SEPTEMBER = 8
"""The month in which a school year begins; months are counted from January = 0."""


def trigger(observe: Observe) -> Observe:
    """Declare a trigger under the name of its function."""
    TRIGGERS[observe.__name__] = observe
    return observe


@trigger
def income_below_line(case: Case, rule: Trigger) -> Floats:
    """Income per head over the income window (``--window`` of ``riskml train``; 12 months by default)."""
    del rule
    return case.income


@trigger
def income_below_line_after_spending(case: Case, rule: Trigger) -> Floats:
    """Income per head minus unavoidable spending; missing if income is below the line even before spending."""
    del rule
    return np.where(case.income < case.line * BELOW, np.nan, case.income_after_spending)


@trigger
def three_months_below(case: Case, rule: Trigger) -> Floats:
    """Number of months in the latest run of consecutive months with income below a twelfth of that month's line.

    The run ends with the latest reported month, which lies at most three months before the last complete one, and
    breaks at a month that is not reported. No more months are counted than the window has.
    """
    panel = case.panel
    part = slice(0, rule.window + LATEST_REPORT)
    reported = panel.reported[part]
    below = reported & (panel.total_or_zero[part] * 12 < panel.line[part] * panel.size[part] * BELOW)
    started = np.logical_or.accumulate(reported, axis=0)
    run = np.logical_and.accumulate(below | ~started, axis=0) & started
    months = np.minimum(np.count_nonzero(run, axis=0), rule.window).astype(np.float64)
    recent = reported[: LATEST_REPORT + 1].any(axis=0)
    return np.where(recent, months, np.nan)


@trigger
def income_drop(case: Case, rule: Trigger) -> Floats:
    """Share by which income per head fell from the previous window to this one."""
    panel = case.panel.at_income_end
    now, before = panel.income_per_head(rule.window), panel.income_per_head(rule.window, lag=rule.window)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(before > 0, 1 - now / before, np.nan)


@trigger
def inpatient_self_pay(case: Case, rule: Trigger) -> Floats:
    """Sum of the self-paid amounts for all admissions in the window."""
    admissions = case.select_care(rule.window, "inpatient")
    return case.unknown if admissions is None else admissions.sum(admissions["self_paid"])


@trigger
def outpatient_monthly(case: Case, rule: Trigger) -> Floats:
    """Largest sum of self-paid amounts for outpatient and chronic care in one calendar month of the window."""
    care = case.select_care(rule.window, "outpatient", "chronic")
    if care is None:
        return case.unknown
    months_back = to_month(case.panel.as_of) - to_month(care["day"])
    return _find_largest_sum(case, care, care["self_paid"], months_back)


@trigger
def single_admission(case: Case, rule: Trigger) -> Floats:
    """Largest self-paid amount for one admission in the window; a row with several visits is split evenly."""
    admissions = case.select_care(rule.window, "inpatient")
    if admissions is None or not len(admissions):
        return case.unknown
    return admissions.max(admissions["self_paid"] / np.maximum(admissions["visits"], 1))


@trigger
def medical_burden(case: Case, rule: Trigger) -> Floats:
    """Sum of all members' self-paid amounts for all care in the window, since the member is not always known."""
    return case.sum_self_paid(rule.window)


@trigger
def school_cost(case: Case, rule: Trigger) -> Floats:
    """Largest net school cost in one school year (September to August), from the rows in the window."""
    fees = case.select_events("school_fee", rule.window)
    if fees is None:
        return case.unknown
    years = (to_month(case.panel.as_of) - SEPTEMBER) // 12 - (to_month(fees["day"]) - SEPTEMBER) // 12
    return _find_largest_sum(case, fees, fees["amount"], years)


@trigger
def disaster_loss(case: Case, rule: Trigger) -> Floats:
    """Sum of the household's losses from disasters in the window; regional losses are not divided among households."""
    disaster = case.select_recent("disaster", rule.window)
    return case.unknown if disaster is None else disaster.sum(disaster["loss"])


@trigger
def disaster_severe(case: Case, rule: Trigger) -> Floats:
    """The same losses as for ``disaster_loss``; they are compared with a year's income at the line."""
    return disaster_loss(case, rule)


@trigger
def disaster_unassessed(case: Case, rule: Trigger) -> Floats:
    """Number of disasters in the window that struck the household itself and whose loss is not recorded."""
    disaster = case.select_recent("disaster", rule.window)
    return case.unknown if disaster is None else disaster.count(np.isnan(disaster["loss"]))


@trigger
def new_low_income(case: Case, rule: Trigger) -> Floats:
    """Number of support measures that began in the window and whose text contains one of the listed words."""
    measures = case.select_recent("help", rule.window)
    if measures is None:
        return case.unknown
    words = [word.casefold() for word in rule.matches]
    named = [any(word in level.casefold() for word in words) for level in measures.levels["measure"]]
    return measures.count(np.array([*named, False])[measures["measure"]])


EVENTS = {
    "dropout": "Number of dropouts from school in the window.",
    "accident": "Number of accidents in the window.",
    "disability": "Number of new disabilities in the window.",
    "death": "Number of deaths in the window.",
    "job_loss": "Number of job losses in the window.",
    "venture_failure": "Number of failed ventures in the window.",
    "housing_unsafe": "Number of findings of unsafe housing in the window.",
    "water_unsafe": "Number of findings of unsafe drinking water in the window.",
}
"""What is observed by the triggers that count events; each is named after the kind of event that it counts."""


def _declare_count(kind: str, meaning: str) -> None:
    def count(case: Case, rule: Trigger) -> Floats:
        return case.count_events(kind, rule.window)

    count.__name__, count.__doc__ = kind, meaning
    trigger(count)


for _kind, _meaning in EVENTS.items():
    _declare_count(_kind, _meaning)


def _find_largest_sum(case: Case, events: Events, amounts: Floats, period: NDArray[np.int32]) -> Floats:
    """Sum the known amounts by household and period (0 is the latest), and take each household's largest sum."""
    if not len(events):
        return np.zeros(case.panel.n)
    periods = int(period.max()) + 1
    cell = events.household.astype(np.int64) * periods + period
    sums = np.bincount(cell, np.where(np.isnan(amounts), 0.0, amounts), minlength=case.panel.n * periods)
    largest: Floats = sums.reshape(case.panel.n, periods).max(axis=1)
    return largest

"""The rule line's verdict: the triggers that fire, the colour of the income, and the suggested category."""

from __future__ import annotations

import numpy as np

from riskml.arrays import Codes, Floats, Mask, Positions
from riskml.policy.case import Case
from riskml.policy.entries import BASES, GROUPS
from riskml.policy.in_force import InForce, Layout
from riskml.policy.signal import signal_income
from riskml.policy.table import Policy
from riskml.policy.triggers import TRIGGERS
from riskml.policy.verdicts import NO_CATEGORY, Verdicts
from riskml.records.panel.lines import BELOW
from riskml.records.panel.panel import Panel
from riskml.vocabulary.verdicts import CATEGORIES, NO_COLOUR

_UNSTABLE, _BORDERLINE, _SUDDEN = (
    CATEGORIES.codes.index(c) for c in ("unstable_exit", "borderline", "sudden_hardship")
)


SPENDING_TRIGGER = "income_below_line_after_spending"
"""Code of the one trigger for which the policy table states a separate colour."""


def apply_rule_line(panel: Panel, policy: Policy) -> Verdicts:
    """Judge every household of a panel by the rule line.

    Parameters
    ----------
    panel : Panel
    policy : Policy

    Returns
    -------
    Verdicts

    Notes
    -----
    The result for a household is the same, bit for bit, whether it is judged alone or with many others: every step is
    elementwise, a count, or a sum in the order of the rows.
    """
    case = Case(panel, policy.spending)
    triggers = list(policy.triggers.values())
    rows, row_of_household = _find_rows(panel, policy)
    thresholds = np.array([row.thresholds for row in rows])[row_of_household, :, case.group].T
    layout = policy.layout
    income = np.array([row.rural_income for row in rows])[row_of_household]
    for base, values in zip(BASES, (case.line, panel.line[0] * case.size, income), strict=True):
        thresholds[layout.base[base]] *= values
    observed = np.full(thresholds.shape, np.nan)
    for c in np.flatnonzero(~np.isnan(thresholds).all(axis=1)):
        values = TRIGGERS[triggers[c].code](case, triggers[c])
        observed[c] = np.where(np.isnan(thresholds[c]), np.nan, values)  # not where the trigger is not in force
    fired = _compare(observed, thresholds, layout)
    shock, hardship, unmet = (
        np.logical_or.reduce(fired[layout.counts_as[what]], axis=0) for what in ("shock", "hardship", "guarantee")
    )
    bounds = np.array([row.colours for row in rows])[row_of_household].T
    spent = np.logical_or.reduce(
        fired[[i for i, code in enumerate(policy.triggers) if code == SPENDING_TRIGGER]], axis=0
    )
    colour = signal_income(case.income, case.line, bounds, shock, unmet, hardship, spent)
    unknown = np.isnan(case.income - case.line) & (colour == 0) & ~panel.monitored  # green would say that all is well
    return Verdicts(
        policy=policy,
        as_of=panel.as_of,
        household_id=panel.household_id,
        codes=tuple(policy.triggers),
        fired=fired,
        observed=observed,
        threshold=thresholds,
        line=case.line,
        income=case.income,
        spending=case.spending,
        colour=np.where(unknown, NO_COLOUR, colour).astype(np.int8),
        category=_choose_category(case, hardship),
        monitored=panel.monitored,
        _in_force=(rows, row_of_household),
    )


def _find_rows(panel: Panel, policy: Policy) -> tuple[list[InForce], Positions]:
    """Find the rows in force in each region, and the position of the rows that apply to each household."""
    positions, names = panel.region
    if panel.n < 2:
        region = names[positions[0]] if panel.n else ""
        return [policy.find_in_force(region, panel.as_of)], np.zeros(panel.n, np.intp)
    used, row_of_household = np.unique(positions, return_inverse=True)
    return [policy.find_in_force(names[position], panel.as_of) for position in used], row_of_household


def _compare(observed: Floats, threshold: Floats, layout: Layout) -> Mask:
    """Compare observed values with thresholds; a trigger never fires if its value or its threshold is unknown."""
    fired = np.zeros(observed.shape, bool)
    rows = layout.fires["at_least"]
    fired[rows] = observed[rows] >= threshold[rows]
    rows = layout.fires["above"]
    fired[rows] = observed[rows] > threshold[rows]
    rows = layout.fires["below"]
    fired[rows] = observed[rows] < threshold[rows] * BELOW
    return fired


def _choose_category(case: Case, hardship: Mask) -> Codes:
    """Return the recorded category of monitored households, and the category that the rule suggests for others."""
    below = case.income < case.line * BELOW
    exited = case.group >= GROUPS.index("exited")
    suggested = np.where(below, np.where(exited, _UNSTABLE, _BORDERLINE), np.where(hardship, _SUDDEN, NO_CATEGORY))
    entries = case.panel.current_monitoring
    if entries is not None:  # sorted by household and day of entry, so the latest entry is written last
        suggested[entries.household] = entries["category"]
    return suggested.astype(np.int8)

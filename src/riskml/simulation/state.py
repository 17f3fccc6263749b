"""Two record types: the hidden state of a household, and what a month brings (recorded later).

Slots: up to three workers, two children. Causes are numbered in the order of the vocabulary; the first six
(illness, schooling, disability, disaster, accident, venture) can drag on income for months after the blow.
"""

from __future__ import annotations

import numpy as np

from riskml.vocabulary.causes import CAUSES

__all__ = ["CAUSE", "DRAGS", "JOBS", "MEMBERS", "MONTH_OUT", "SHOCKS", "STATE", "YEAR"]

CAUSE = {name: number for number, name in enumerate(CAUSES)}
"""Number of each cause code."""

DRAGS = 6
"""The first six causes leave a drag on income."""

YEAR = 12
"""Months of income in a household's memory: the window of the outcome."""

MEMBERS = 9
"""Member numbers of a household: 0-2 workers, 3 another adult, 4-5 children, 6-7 elders, 8 a child born later."""

JOBS = ("empty", "working", "out", "gone")
"""States of a worker's slot."""

SHOCKS = (
    "none",
    "admission",
    "serious",
    "job_loss",
    "accident",
    "disability",
    "elder_death",
    "worker_death",
    "venture_failure",
    "venture_start",
    "housing",
    "water",
    "birth",
)
"""Rare events of a household, at most one a month."""

STATE = np.dtype(
    [
        # fixed
        ("rate", "f8", 3),  # wage of each worker, yuan a month at the first year's level
        ("pay", "f8"),  # what a new worker of this household would earn
        ("business", "f8"),
        ("property", "f8"),
        ("transfer", "f8"),
        ("hazard", "f8"),  # factor on illness
        ("missing", "f8"),  # rate of months without a report
        ("instability", "f8"),  # factor on job loss, of the trade
        ("volatility", "f8"),  # factor on the persistent shocks of wages, of the trade
        ("kind", "i4", 3),  # 0 farm, 1 local wage, 2 migrant wage
        ("weak", "i4", 3),
        ("stock", "i4"),  # 1 livestock, 0 crops
        ("exited", "i4"),
        # changing
        ("present", "i4", MEMBERS),
        ("size", "i4"),
        ("job", "i4", 3),
        ("why", "i4", 3),  # cause of a lost wage
        ("person", "i4", 3),  # member number in the slot
        ("born", "i4", 3),  # month, counted from the start of the simulation
        ("elders", "i4"),
        ("kid", "i4", 2),  # 1 at home and not yet at work
        ("kid_born", "i4", 2),
        ("stage", "i4", 2),  # 0 none, 1 compulsory, 2 senior, 3 college
        ("trend", "f8"),
        ("clock", "i4"),
        # recomputed whenever the workers change, see `blows.count_workers`
        ("slots", "i4"),
        ("working", "i4"),
        ("away", "i4"),
        ("young", "i4"),
        ("retire_from", "i4"),
        ("risk", "f8"),  # sum of factors on job loss
        ("waged", "f8"),  # sum of the wages earned
        # changing on its own
        ("unstable", "f8"),  # months left
        ("wage_shock", "f8"),
        ("business_shock", "f8"),
        ("pending", "f8", DRAGS),
        ("drag", "f8", DRAGS),
        ("dragging", "i4"),
        ("treated", "i4"),
        ("venture", "i4"),
        ("missed", "i4"),
        ("totals", "f8", YEAR),
        ("reported", "i4", YEAR),
        ("income", "f8"),  # sum of totals
        ("reports", "i4"),  # sum of reported
        ("usual", "f8"),  # yuan a year, from the last twelve reports
        ("ratio", "f8"),  # income per head over the line, NaN without a verdict
        ("low", "i4"),  # months in a row below the line / 12
        ("alert", "f8"),
        ("alert_cause", "i4"),
        ("monitored", "i4"),
        ("stable", "i4"),
        ("help", "f8"),  # share of the line a person
    ],
    align=True,
)
"""Hidden state of a household."""

MONTH_OUT = np.dtype(
    [
        ("amounts", "f8", 4),  # wage, business, property, transfer
        ("cost", "f8"),
        ("self_paid", "f8"),
        ("treatment_cost", "f8"),
        ("treatment_paid", "f8"),
        ("loss", "f8"),
        ("fee", "f8"),
        ("spoiled", "f8"),  # business costs that a disaster or a failed venture made worthless
        ("ratio", "f4"),
        ("effect", "f4", len(CAUSES)),  # yuan of income lost by cause
        ("reported", "i1"),
        ("below", "i1"),
        ("size", "i1"),
        ("shock", "i1"),
        ("person", "i1"),
        ("returned", "i1"),
        ("retired", "i1"),
        ("joined", "i1"),
        ("left", "i1"),
        ("dropout", "i1"),
        ("stage", "i1", 2),
        ("entered", "i1"),
        ("category", "i1"),
        ("cleared", "i1"),
        ("emergency", "i1"),
        ("monitored", "i1"),
        ("alert_cause", "i1"),
        ("severe", "i1"),
    ],
    align=True,
)
"""What a month brings to a household."""

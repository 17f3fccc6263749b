"""Two record types: the hidden state of a household, and what a month brings (recorded later).

There are slots for up to three workers and two children. Causes are numbered in the order of the vocabulary; the first
six (illness, schooling, disability, disaster, accident, venture) can drag on income for months after the blow.
"""

from __future__ import annotations

import numpy as np

from riskml.vocabulary.causes import CAUSES

__all__ = [
    "CAUSE", "DRAGS", "EMPTY", "GONE", "MEMBERS", "MONTH_OUT", "OUT", "SHOCK", "SHOCKS", "STATE", "WORKING", "YEAR",
]  # fmt: skip

CAUSE = {name: number for number, name in enumerate(CAUSES)}
"""Number of each cause code."""

DRAGS = 6
"""The first six causes leave a drag on income."""

YEAR = 12
"""Months of income in a household's memory: the window of the outcome."""

MEMBERS = 9
"""Member numbers of a household: 0-2 workers, 3 another adult, 4-5 children, 6-7 elders, 8 a child born later."""

EMPTY, WORKING, OUT, GONE = range(4)
"""States of a worker's slot."""

SHOCKS = (
    "none", "admission", "serious", "job_loss", "accident", "disability", "elder_death", "worker_death",
    "venture_failure", "venture_start", "housing", "water", "birth",
)  # fmt: skip
"""Rare events of a household, at most one a month."""

SHOCK = {name: number for number, name in enumerate(SHOCKS)}
"""Number of each rare event."""


def _declare(kind: str, *names: str) -> list[tuple[str, str]]:
    """Declare fields of one type."""
    return [(name, kind) for name in names]


STATE = np.dtype(
    [
        # fixed
        ("rate", "f8", 3),  # wage of each worker, yuan a month at the first year's level
        ("pay", "f8"),  # what a new worker of this household would earn
        *_declare("f8", "business", "property", "transfer"),
        ("hazard", "f8"),  # factor on illness
        ("missing", "f8"),  # rate of months without a report
        ("instability", "f8"),  # factor on job loss in the trade
        ("volatility", "f8"),  # factor on persistent wage shocks in the trade
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
        *_declare("i4", "slots", "working", "away", "young", "retire_from"),
        ("risk", "f8"),  # sum of factors on job loss
        ("waged", "f8"),  # sum of the wages earned
        # changing on its own
        ("unstable", "f8"),  # months left
        *_declare("f8", "wage_shock", "business_shock"),
        ("pending", "f8", DRAGS),
        ("drag", "f8", DRAGS),
        *_declare("i4", "dragging", "treated", "venture", "missed"),
        ("totals", "f8", YEAR),
        ("reported", "i4", YEAR),
        ("income", "f8"),  # sum of totals
        ("reports", "i4"),  # sum of reported
        ("usual", "f8"),  # yuan a year, from the last twelve reports
        ("ratio", "f8"),  # income per head divided by the line, NaN without a verdict
        ("low", "i4"),  # months in a row below the line / 12
        ("alert", "f8"),
        *_declare("i4", "alert_cause", "monitored", "stable"),
        ("help", "f8"),  # share of the line per person
    ],
    align=True,
)
"""Hidden state of a household."""

MONTH_OUT = np.dtype(
    [
        ("amounts", "f8", 4),  # wage, business, property, transfer
        *_declare("f8", "cost", "self_paid", "treatment_cost", "treatment_paid", "loss", "fee"),
        ("spoiled", "f8"),  # business costs that a disaster or a failed venture made worthless
        ("ratio", "f4"),
        ("effect", "f4", len(CAUSES)),  # income lost by cause, in yuan
        *_declare(
            "i1", "reported", "below", "size", "shock", "person", "returned", "retired", "joined", "left", "dropout"
        ),
        ("stage", "i1", 2),
        *_declare("i1", "entered", "category", "cleared", "emergency", "monitored", "alert_cause", "severe"),
    ],
    align=True,
)
"""What a month brings to a household."""

"""Two record types for a simulated household: its hidden state, and what happens to it in a month.

The county's records are written from the latter. A household has slots for up to three workers and two children. Causes
are numbered in the order of the vocabulary; the first nine (illness to housing) can reduce income for months after the
event.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riskml.policy.case import SPENDING as ITEMS
from riskml.vocabulary.causes import CAUSES

CAUSE = {name: number for number, name in enumerate(CAUSES)}
"""The number that stands for each cause code."""

DRAGS = CAUSE["housing"] + 1
"""Number of causes that can reduce income for months after the event; they come first."""

SPENDING = {code: item.cause for code, item in ITEMS.items()}
"""Cause of hardship for each of the policy table's items of unavoidable spending."""

YEAR = 12
"""Number of months of income and spending stored in a household's state, which is the window of the outcome."""

MEMBERS = 9
"""Member numbers of a household: 0-2 workers, 3 another adult, 4-5 children, 6-7 elders, 8 a child born later."""

EMPTY, WORKING, OUT, GONE = range(4)
"""States of a worker slot: empty, working, temporarily out of work, permanently out of work."""

SHOCKS = (
    "none", "admission", "serious", "job_loss", "accident", "disability", "elder_death", "worker_death",
    "venture_failure", "venture_start", "housing", "water", "fire", "birth",
)  # fmt: skip
"""Rare events that can happen to a household, at most one per month."""

SHOCK = {name: number for number, name in enumerate(SHOCKS)}
"""The number that stands for each rare event."""


def _declare(kind: str, *names: str) -> list[tuple[str, str]]:
    """Declare fields that have the same type."""
    return [(name, kind) for name in names]


STATE = np.dtype(
    [
        # set at the start; a few events change them
        ("rate", "f8", 3),  # wage of each worker, in yuan per month at the first year's level
        ("pay", "f8"),  # wage of a new worker in this household
        *_declare("f8", "business", "property", "transfer"),
        ("hazard", "f8"),  # factor on the hazard of illness
        ("missing", "f8"),  # rate of months without a report
        ("instability", "f8"),  # factor on the hazard of job loss, by trade
        ("volatility", "f8"),  # factor on persistent wage shocks, by trade
        ("kind", "i4", 3),  # 0 farm, 1 local wage, 2 migrant wage
        ("weak", "i4", 3),
        ("stock", "i4"),  # 1 livestock, 0 crops
        ("exited", "i4"),
        # changing
        ("present", "i4", MEMBERS),
        ("chronic", "i4", MEMBERS),
        ("patients", "i4"),  # chronic patients present
        ("ailing", "f8"),  # recent admissions, decaying month by month
        ("size", "i4"),
        ("job", "i4", 3),
        ("why", "i4", 3),  # cause of the lost wage
        ("person", "i4", 3),  # number of the member in the slot
        ("born", "i4", 3),  # month of birth, counted from the start of the simulation
        ("elders", "i4"),
        ("kid", "i4", 2),  # 1 if at home and not yet working
        ("kid_born", "i4", 2),
        ("stage", "i4", 2),  # 0 none, 1 compulsory, 2 senior, 3 college
        ("costly", "f8", 2),  # factor on the fees of the child's school
        ("trend", "f8"),
        ("clock", "i4"),
        # recomputed whenever the workers change (`blows.count_workers`)
        *_declare("i4", "slots", "working", "away", "young", "retire_from"),
        ("risk", "f8"),  # sum of the workers' factors on job loss
        ("waged", "f8"),  # sum of the working members' wages
        # changing every month
        ("unstable", "f8"),  # number of months for which a new job stays unstable
        *_declare("f8", "wage_shock", "business_shock"),
        ("pending", "f8", DRAGS),
        ("drag", "f8", DRAGS),
        *_declare("i4", "dragging", "treated", "venture", "missed"),
        ("totals", "f8", YEAR),
        ("reported", "i4", YEAR),
        ("income", "f8"),  # sum of ``totals``
        ("reports", "i4"),  # sum of ``reported``
        ("spent", "f8", len(SPENDING) * YEAR),  # month by month, item after item
        ("spending", "f8", len(SPENDING)),  # sum of ``spent`` for each item
        ("usual", "f8"),  # yuan per year, from the reports of the last twelve months
        ("ratio", "f8"),  # income per head divided by the line, NaN if too few months are reported
        ("after", "f8"),  # the same, after unavoidable spending
        ("low", "i4"),  # number of consecutive months with income below a twelfth of the line
        ("alert", "f8"),
        *_declare("i4", "alert_cause", "monitored", "stable"),
        ("help", "f8"),  # help per person, as a share of the line
    ],
    align=True,
)
"""Hidden state of a household."""

MONTH_OUT = np.dtype(
    [
        ("amounts", "f8", 4),  # wage, business, property, transfer
        *_declare("f8", "cost", "self_paid", "treatment_cost", "treatment_paid", "visit_cost", "visit_paid"),
        *_declare("f8", "loss", "fee", "repair"),
        ("spoiled", "f8"),  # business costs wasted because of a disaster or a failed venture
        ("ratio", "f4"),
        ("effect", "f4", len(CAUSES)),  # income lost by cause, in yuan
        ("rates", "f4", 3),  # wage of each worker, or what the worker earns at odd jobs, before shocks
        ("earner", "i1", 3),  # member number of each worker who earns a wage, else -1
        *_declare("i1", "reported", "below", "hardship", "size", "shock", "person", "patient"),
        *_declare("i1", "returned", "retired", "joined", "left", "dropout"),
        ("stage", "i1", 2),
        *_declare("i1", "entered", "category", "cleared", "emergency", "monitored", "alert_cause", "severe"),
    ],
    align=True,
)
"""What happens to a household in a month."""


def list_paid(o: Any) -> tuple[Any, Any, Any]:
    """List what was paid for each item of `SPENDING`, in yuan, in one month or, as a record array, in many."""
    return o.self_paid + o.treatment_paid + o.visit_paid, o.fee, o.repair

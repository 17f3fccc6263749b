"""The policy rows in force in a region on a day, packed into arrays that can be applied to many households at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from riskml.arrays import Floats, Positions
from riskml.policy.dated import DatedTable
from riskml.policy.entries import BASES, COUNTS_AS, FIRES, GROUPS, ColourRow, IncomeRow, Trigger, TriggerValue

NEVER: tuple[float, ...] = (np.nan, np.nan, np.nan, 0.0, 0.0, 0.0, 0.0)
"""Bounds and colours for a region without a row in force: no income is ever below a bound."""


@dataclass(frozen=True)
class InForce:
    """The policy rows in force in one region on one day.

    Parameters
    ----------
    values : tuple of TriggerValue or None, one per trigger
    thresholds : array of float64, shape (triggers, groups)
        A trigger never fires if its threshold is NaN.
    colours : array of float64, shape (7,)
        ``red_below``, ``orange_below``, ``yellow_up_to``, and the colours for cases that the source does not settle.
    rural_income : float
        Rural per-capita disposable income, yuan/person/year; NaN if unknown.
    """

    values: tuple[TriggerValue | None, ...]
    thresholds: Floats
    colours: Floats
    rural_income: float

    @classmethod
    def look_up(
        cls,
        triggers: Iterable[Trigger],
        colours: DatedTable[ColourRow],
        rural_income: DatedTable[IncomeRow],
        region: str,
        day: int,
    ) -> InForce:
        """Look up the row for every trigger, for the colours and for the rural income."""
        values = tuple(trigger.values.find(region, day) for trigger in triggers)
        off = (np.nan,) * len(GROUPS)
        thresholds = np.array([off if value is None else value.thresholds for value in values])
        row, income = colours.find(region, day), rural_income.find(region, day)
        bounds = NEVER
        if row is not None:
            open_cases = (row.below_without_shock, row.guarantee_unmet, row.hardship, row.below_after_spending)
            bounds = (row.red_below, row.orange_below, row.yellow_up_to, *map(float, open_cases))
        amount = np.nan if income is None else income.amount
        return cls(values, thresholds.reshape(len(values), len(GROUPS)), np.array(bounds), amount)


@dataclass(frozen=True)
class Layout:
    """A policy table's triggers, grouped by how they fire, by the base of their thresholds, and by what they count as.

    Each group is an array of positions in the list of all triggers, which is sorted by code.
    """

    fires: dict[str, Positions]
    base: dict[str, Positions]
    counts_as: dict[str, Positions]

    @classmethod
    def group(cls, triggers: Iterable[Trigger]) -> Layout:
        """Group triggers, which must be sorted by code."""
        triggers = list(triggers)
        return cls(
            {how: _find_positions([trigger.fires == how for trigger in triggers]) for how in FIRES},
            {base: _find_positions([trigger.base == base for trigger in triggers]) for base in BASES},
            {what: _find_positions([what in trigger.counts_as for trigger in triggers]) for what in COUNTS_AS},
        )


def _find_positions(mask: list[bool]) -> Positions:
    return np.flatnonzero(np.array(mask, bool))

"""Verdicts of the rule line on the households of a panel, and the flags of one household."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Codes, Floats, Mask, Positions
from riskml.policy.in_force import InForce
from riskml.policy.table import Policy
from riskml.vocabulary.terms import Term
from riskml.vocabulary.verdicts import CATEGORIES, name_colour

INCOME_FLAGS = ("income_below_line", "three_months_below", "income_drop")
"""Triggers for low or falling income."""

NO_CATEGORY = -1
"""Used instead of a category if a household is not monitored and the rule suggests no category for it."""


@dataclass(frozen=True)
class Flag(Term):
    """One trigger that fired for one household.

    Parameters
    ----------
    code, zh, en : str
    threshold, observed : float
        Threshold and observed value in ``unit``; a relative threshold has already been multiplied by its base.
    unit : str
    fires : str
        How the observed value is compared with the threshold: ``at_least``, ``above`` or ``below``.
    window : int
        Number of months that were considered.
    cause : str or None
    source : str
        Where the threshold comes from.
    """

    threshold: float
    observed: float
    unit: str
    fires: str
    window: int
    cause: str | None
    source: str


@dataclass(frozen=True)
class Verdicts:
    """The rule line's verdict on the households of a panel at ``as_of``.

    Parameters
    ----------
    policy : Policy
    as_of : int
    household_id : array of str, shape (n,)
    codes : tuple of str
        Codes of the triggers, sorted; the rows of the next three arrays are in this order.
    fired : array of bool, shape (triggers, n)
    observed, threshold : array of float64, shape (triggers, n)
        Values in the unit of the trigger; NaN if unknown, or if no threshold is in force.
    line, income : array of float64, shape (n,)
        Line in force and income per head, yuan/person/year; NaN if unknown.
    spending : array of float64, shape (n,)
        Unavoidable spending in the last 12 months, yuan/person/year; NaN if unknown.
    colour : array of int8, shape (n,)
        Positions in ``COLOURS``; -1 if the rule line cannot judge.
    category : array of int8, shape (n,)
        Positions in ``CATEGORIES``: as recorded if the household is monitored, otherwise as the rule suggests; -1 if
        there is none.
    monitored : array of bool, shape (n,)
        Whether the household is in monitoring.
    """

    policy: Policy
    as_of: int
    household_id: NDArray[np.str_]
    codes: tuple[str, ...]
    fired: Mask
    observed: Floats
    threshold: Floats
    line: Floats
    income: Floats
    spending: Floats
    colour: Codes
    category: Codes
    monitored: Mask
    _in_force: tuple[list[InForce], Positions]

    def __len__(self) -> int:
        return len(self.colour)

    @property
    def any_flag(self) -> Mask:
        """Whether any trigger fired, so that the rule line is positive, shape (n,)."""
        flagged: Mask = np.logical_or.reduce(self.fired, axis=0)
        return flagged

    def mark_flagged(self, kind: str) -> Mask:
        """Mark the households that have a flag for one kind of fall, shape (n,).

        For ``income``, the flags for low or falling income count; for ``spending``, those that count as hardship; for
        ``monitoring``, any flag.
        """
        if kind == "monitoring":
            return self.any_flag
        hardship = self.policy.layout.counts_as["hardship"]
        rows = [c for c, code in enumerate(self.codes) if (code in INCOME_FLAGS if kind == "income" else c in hardship)]
        flagged: Mask = np.logical_or.reduce(self.fired[rows], axis=0)
        return flagged

    @property
    def flag_count(self) -> Positions:
        """Number of triggers that fired, shape (n,)."""
        count: Positions = np.count_nonzero(self.fired, axis=0)
        return count

    @property
    def gap(self) -> Floats:
        """Income minus the line, yuan/person/year, shape (n,); negative if the income is below the line."""
        return self.income - self.line

    @property
    def gap_after_spending(self) -> Floats:
        """Income minus unavoidable spending and minus the line, yuan/person/year, shape (n,)."""
        return self.income - self.spending - self.line

    @property
    def shortfall(self) -> Floats:
        """The line minus the income after unavoidable spending, yuan/person/year, shape (n,).

        Lists rank households by this value. Unknown spending is not subtracted.
        """
        return self.line - (self.income - np.nan_to_num(self.spending))

    @property
    def score(self) -> Floats:
        """Score of the baseline ``rule_line``, shape (n,).

        It ranks households by colour, then by number of flags, then by nearness to the line.

        Notes
        -----
        The score is ``1000 × colour + flags + nearness``. With ``x = income ÷ line − 1``, nearness is
        ``(1 − x ÷ (1 + |x|)) ÷ 2``, which is strictly between 0 and 1 and greater for lower incomes. It is 0 if the
        income or the line is unknown.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            above = self.income / self.line - 1
        nearness = (1 - above / (1 + np.abs(above))) / 2
        whole = 1000 * self.colour.astype(np.float64) + self.flag_count
        return np.asarray(whole + np.where(np.isnan(nearness), 0.0, nearness), np.float64)

    def read_colour(self, i: int) -> str:
        """Return the name of one household's colour."""
        return name_colour(int(self.colour[i]))

    def read_category(self, i: int) -> str | None:
        """Return the code of one household's category, or None."""
        return None if self.category[i] == NO_CATEGORY else CATEGORIES.codes[int(self.category[i])]

    def list_flag_codes(self, i: int) -> tuple[str, ...]:
        """List the codes of the triggers that fired for one household, sorted."""
        return tuple(self.codes[c] for c in np.flatnonzero(self.fired[:, i]))

    def list_flags(self, i: int) -> tuple[Flag, ...]:
        """List the triggers that fired for one household, with the observed value and the threshold."""
        return tuple(self._make_flag(int(c), i) for c in np.flatnonzero(self.fired[:, i]))

    def _make_flag(self, c: int, i: int) -> Flag:
        rows, row_of_household = self._in_force
        rule, value = self.policy.triggers[self.codes[c]], rows[row_of_household[i]].values[c]
        assert value is not None, "a trigger fires only where a row is in force"
        threshold, observed, source = float(self.threshold[c, i]), float(self.observed[c, i]), value.source
        return Flag(
            rule.code, rule.zh, rule.en, threshold, observed, rule.unit, rule.fires, rule.window, rule.cause, source
        )

"""Colours: the income signal of the rule line, and its combination with the model's tier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskml.policy.table import Policy, load_policy
from riskml.records.panel.panel import BELOW
from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, TIERS

__all__ = ["combine_signal", "is_above_safest", "name_agreement", "signal_income"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]

_YELLOW, _ORANGE, _RED = (COLOURS.codes.index(name) for name in ("yellow", "orange", "red"))


def signal_income(income: Floats, line: Floats, bounds: Floats, shock: Mask, unmet: Mask, hardship: Mask) -> Codes:
    """Give every household the colour of its income.

    Parameters
    ----------
    income, line : array of float64, shape (n,)
        Yuan/person/year; NaN where unknown.
    bounds : array of float64, shape (6, n)
        Rows as in ``InForce.colours``.
    shock, unmet, hardship : array of bool, shape (n,)
        Whether a flag counts as a major shock, as a guarantee that is not met, or as hardship.

    Returns
    -------
    array of int8, shape (n,)
        Positions in ``COLOURS``. If the income or the line is unknown, the income gives no colour.

    Notes
    -----
    Below ``red_below`` × line: red with a major shock, else ``below_without_shock``; below ``orange_below`` × line:
    orange; up to ``yellow_up_to`` × line: yellow; above: green, unless a guarantee is not met or a flag counts as
    hardship. Every bound is applied with the contract's tolerance of 1e-4.

    Examples
    --------
    >>> line, no = np.full(5, 8000.0), np.zeros(5, bool)
    >>> bounds = np.repeat([[1.0], [1.125], [1.25], [2.0], [1.0], [1.0]], 5, axis=1)
    >>> income = np.array([7999.0, 8000.0, 9000.0, 10000.0, 10002.0])
    >>> [COLOURS.codes[code] for code in signal_income(income, line, bounds, no, no, no)]
    ['orange', 'orange', 'yellow', 'yellow', 'green']
    """
    red, orange, yellow, without_shock, guarantee, hard = bounds
    colour = np.where(income <= yellow * line * (2 - BELOW), _YELLOW, 0)
    colour[income < orange * line * BELOW] = _ORANGE
    below = income < red * line * BELOW
    colour = np.where(below, np.where(shock, _RED, without_shock), colour)
    colour = np.maximum(colour, np.where(unmet, guarantee, 0))
    return np.maximum(colour, np.where(hardship, hard, 0)).astype(np.int8)


def combine_signal(colour: Codes, tier: Codes, policy: Policy | None = None) -> Codes:
    """Take the graver of the rule line's colour and the tier's colour.

    Parameters
    ----------
    colour : array of int8, shape (n,)
        Positions in ``COLOURS``.
    tier : array of int8, shape (n,)
        Positions in ``TIERS``; -1 (no probability) keeps the rule line's colour.
    policy : Policy, optional
        Defines the colour of each tier; the packaged policy by default.

    Returns
    -------
    array of int8, shape (n,)
        Positions in ``COLOURS``, never greener than the rule line's colour.

    Examples
    --------
    >>> signal = combine_signal(np.array([0, 3, 1], np.int8), np.array([2, 0, -1], np.int8))
    >>> [COLOURS.codes[code] for code in signal]
    ['orange', 'red', 'yellow']
    """
    tiers = (policy or load_policy()).tiers
    # A tier of -1 picks the last entry.
    colours = np.array([*(tiers[code].colour for code in TIERS), 0], np.int8)
    return np.maximum(colour, colours[tier]).astype(np.int8)


def is_above_safest(tier: Codes | int) -> Mask:
    """Return whether tiers (positions in ``TIERS``) are above the safest: the model's flag without a visit capacity.

    >>> is_above_safest(np.array([-1, 0, 1], np.int8)).tolist()
    [False, False, True]
    """
    return np.asarray(tier) > 0


def name_agreement(model_positive: Mask, rule_positive: Mask) -> NDArray[np.str_]:
    """Name whether the model, the rule line, both or neither flag a household.

    >>> name_agreement(np.array([True, True, False, False]), np.array([True, False, True, False])).tolist()
    ['both', 'model_only', 'rule_only', 'neither']
    """
    return np.array(AGREEMENTS.codes)[2 * model_positive.astype(np.int8) + rule_positive.astype(np.int8)]

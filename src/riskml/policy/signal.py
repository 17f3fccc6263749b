"""Compute colours: the rule line's colour from income, and its combination with the colour of the model's tier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Codes, Floats, Mask
from riskml.policy.table import Policy, load_policy
from riskml.records.panel.lines import BELOW
from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, NO_COLOUR, TIERS

_YELLOW, _ORANGE, _RED = (COLOURS.codes.index(name) for name in ("yellow", "orange", "red"))


def signal_income(
    income: Floats, line: Floats, bounds: Floats, shock: Mask, unmet: Mask, hardship: Mask, spent: Mask
) -> Codes:
    """Determine every household's colour from its income and its flags.

    Parameters
    ----------
    income, line : array of float64, shape (n,)
        Income per head and the line, yuan/person/year; NaN if unknown.
    bounds : array of float64, shape (7, n)
        One column per household, with the rows of ``InForce.colours``.
    shock, unmet, hardship, spent : array of bool, shape (n,)
        Whether any flag counts as a major shock, as a guarantee that is not met, or as hardship, and whether the flag
        for income below the line after unavoidable spending is raised.

    Returns
    -------
    array of int8, shape (n,)
        Positions in ``COLOURS``. If the income or the line is unknown, the income contributes no colour.

    Notes
    -----
    An income below ``red_below`` × line is red if there is a major shock, and ``below_without_shock`` otherwise. Below
    ``orange_below`` × line it is orange, up to ``yellow_up_to`` × line yellow, and above that green. A guarantee that
    is not met, a flag that counts as hardship, and income below the line after spending can only make the colour
    more severe. Every bound has a tolerance of 1e-4 of its value.

    Examples
    --------
    >>> line, no = np.full(5, 8000.0), np.zeros(5, bool)
    >>> bounds = np.repeat([[1.0], [1.125], [1.25], [2.0], [1.0], [1.0], [2.0]], 5, axis=1)
    >>> income = np.array([7999.0, 8000.0, 9000.0, 10000.0, 10002.0])
    >>> [COLOURS.codes[code] for code in signal_income(income, line, bounds, no, no, no, no)]
    ['orange', 'orange', 'yellow', 'yellow', 'green']
    """
    red, orange, yellow, without_shock, guarantee, hard, after_spending = bounds
    colour = np.where(income <= yellow * line * (2 - BELOW), _YELLOW, 0)
    colour[income < orange * line * BELOW] = _ORANGE
    below = income < red * line * BELOW
    colour = np.where(below, np.where(shock, _RED, without_shock), colour)
    colour = np.maximum(colour, np.where(unmet, guarantee, 0))
    colour = np.maximum(colour, np.where(hardship, hard, 0))
    return np.maximum(colour, np.where(spent, after_spending, 0)).astype(np.int8)


def combine_signal(colour: Codes, tier: Codes, policy: Policy | None = None) -> Codes:
    """Return the more severe of the rule line's colour and the tier's colour.

    Parameters
    ----------
    colour : array of int8, shape (n,)
        Positions in ``COLOURS``; -1 for no colour.
    tier : array of int8, shape (n,)
        Positions in ``TIERS``. A household without a probability has -1, and keeps the rule line's colour.
    policy : Policy, optional
        The policy that defines the colour of each tier; the packaged one by default.

    Returns
    -------
    array of int8, shape (n,)
        Positions in ``COLOURS``, never milder than the rule line's colour; -1 if neither gives a colour.

    Examples
    --------
    >>> signal = combine_signal(np.array([0, 3, 1, -1], np.int8), np.array([2, 0, -1, -1], np.int8))
    >>> signal.tolist()
    [2, 3, 1, -1]
    """
    tiers = (policy or load_policy()).tiers
    # A tier of -1 (none) selects the last entry.
    colours = np.array([*(tiers[code].colour for code in TIERS), NO_COLOUR], np.int8)
    return np.maximum(colour, colours[tier]).astype(np.int8)


def is_above_safest(tier: Codes | int) -> Mask:
    """Return whether each tier, given as a position in ``TIERS``, is more severe than the safest one.

    This is the model's flag if the number of visits is not limited.

    >>> is_above_safest(np.array([-1, 0, 1], np.int8)).tolist()
    [False, False, True]
    """
    return np.asarray(tier) > 0


def name_agreement(model_positive: Mask, rule_positive: Mask) -> NDArray[np.str_]:
    """Say for each household whether it is flagged by the model, by the rule line, by both or by neither.

    >>> name_agreement(np.array([True, True, False, False]), np.array([True, False, True, False])).tolist()
    ['both', 'model_only', 'rule_only', 'neither']
    """
    return np.array(AGREEMENTS.codes)[2 * model_positive.astype(np.int8) + rule_positive.astype(np.int8)]


def is_near_line(colour: str, *, flagged: bool) -> bool:
    """Return whether the rule line gives a household a colour only because its income is near the line.

    >>> [is_near_line(colour, flagged=False) for colour in ("green", "yellow")], is_near_line("yellow", flagged=True)
    ([False, True], False)
    """
    return colour in COLOURS.codes[1:] and not flagged


def refine_agreement(agreement: str, tier: str, *, near_line: bool = False) -> str:
    """Refine the agreement code for a household near the line, or outside the visit capacity.

    ``near_line``: whether its income gives it a colour though no trigger fired; it would be wrong to say that the rule
    line does not warn about it. Its tier may be above the safest one even though other households come first for a
    visit. In that case, it would be wrong to say that the model does not warn about it. Conversely, the model does not
    warn about a household of the safest tier, even if there is capacity to visit it.

    >>> refine_agreement("neither", "likely"), refine_agreement("neither", "stable"), refine_agreement("both", "likely")
    ('neither_outside', 'neither', 'both')
    >>> refine_agreement("neither", "likely", near_line=True), refine_agreement("model_only", "likely", near_line=True)
    ('neither_near_outside', 'model_only_near')
    >>> refine_agreement("both", "stable")
    'rule_only'
    """
    above = is_above_safest(TIERS.codes.index(tier))
    if not above:
        agreement = {"both": "rule_only", "model_only": "neither"}.get(agreement, agreement)
    near = "_near" if near_line and agreement in ("neither", "model_only") else ""
    outside = "_outside" if above and agreement in ("neither", "rule_only") else ""
    return f"{agreement}{near}{outside}"

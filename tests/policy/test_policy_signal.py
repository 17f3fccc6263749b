"""How the colour from the rule line (the policy's fixed rules) and the model's tier combine into one signal, and when
the two verdicts agree."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from riskml.policy import combine_signal, name_agreement, parse_policy
from riskml.policy.signal import is_near_line, signal_income
from riskml.records.panel.lines import BELOW
from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, TIERS


def test_the_signal_is_never_milder_than_the_rule():
    colour, tier = (np.array(values, np.int8) for values in zip(*product(range(4), range(-1, 3)), strict=True))
    signal = combine_signal(colour, tier)
    assert np.all(signal >= colour)
    assert np.all(signal[tier == -1] == colour[tier == -1])
    assert signal.dtype == np.int8


@pytest.mark.parametrize(("tier", "expected"), [("stable", "green"), ("likely", "yellow"), ("very_likely", "orange")])
def test_a_tier_raises_green_to_its_own_colour(tier, expected):
    signal = combine_signal(np.zeros(1, np.int8), np.array([TIERS.codes.index(tier)], np.int8))
    assert COLOURS.codes[signal[0]] == expected


def test_the_colours_of_tiers_come_from_the_table(packaged):
    text = packaged.replace("probability: 0.30, colour: orange", "probability: 0.30, colour: red")
    signal = combine_signal(np.zeros(1, np.int8), np.array([2], np.int8), parse_policy(text))
    assert COLOURS.codes[signal[0]] == "red"


def test_agreement_is_right_for_every_pair():
    model, rule = np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool)
    assert tuple(name_agreement(model, rule)) == AGREEMENTS.codes
    assert name_agreement(model[:0], rule[:0]).shape == (0,)


def test_an_income_on_a_bound_is_not_below_it():
    line, no = np.full(3, 8000.0), np.zeros(3, bool)
    bounds = np.repeat([[1.0], [1.125], [1.25], [2.0], [1.0], [1.0], [2.0]], 3, axis=1)
    income = np.array([1.0, 1.125, 1.25]) * 8000.0 * BELOW
    for shift, colours in ((0.0, ["orange", "yellow", "yellow"]), (-1e-6, ["red", "orange", "yellow"])):
        colour = signal_income(income + shift, line, bounds, ~no, no, no, no)
        assert [COLOURS.codes[code] for code in colour] == colours
        assert colour.dtype == np.int8


@pytest.mark.parametrize("colour", ["", *COLOURS.codes])
@pytest.mark.parametrize("flagged", [False, True])
def test_a_household_is_near_the_line_if_it_has_a_colour_without_a_flag(colour, flagged):
    assert is_near_line(colour, flagged=flagged) == (colour in ("yellow", "orange", "red") and not flagged)

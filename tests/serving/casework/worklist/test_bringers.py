"""The list, a household's page and the workbooks agree on who warns: the rule line, the model, clues."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from riskml.explanation.household.rendering import describe_agreement
from riskml.policy.signal import combine_signal, is_above_safest, name_agreement, refine_agreement
from riskml.vocabulary.verdicts import COLOURS, REFINED_AGREEMENTS, TIERS, name_colour
from riskml_serving.casework.worklist.states import is_near_line, list_bringers

SAYS = {
    "neither": set(),
    "neither_outside": {"model"},
    "neither_near": {"rule"},
    "neither_near_outside": {"rule", "model"},
    "rule_only": {"rule"},
    "rule_only_outside": {"rule", "model"},
    "model_only": {"model"},
    "model_only_near": {"rule", "model"},
    "both": {"rule", "model"},
}
"""Who warns according to the words for each agreement between rule line and model."""

DENIALS = {
    "rule": ("未触发监测线规则", "no condition of the rule"),
    "model": ("模型判断风险不高", "模型也未提示", "not flag"),
}
"""Words of sentences that deny it; neither is in a sentence about a household that it warns of."""


@dataclass
class Seen:
    """What a household's page knows."""

    agreement: str
    rule: object
    model: object


@dataclass
class Part:
    """Verdict of the rule line, or of the model."""

    colour: str = ""
    flags: tuple[str, ...] = ()
    hidden_flags: int = 0
    tier: str = ""


def make_rows():
    """Make every row that rule colour, flags, tier, a clue and the visit capacity (None: unknown) can give."""
    for colour, flags, tier, clued, within in product(
        range(-1, len(COLOURS)), ("", "income_drop"), range(-1, len(TIERS)), (False, True), (None, False, True)
    ):
        signal = int(combine_signal(np.array([colour], np.int8), np.array([tier], np.int8))[0])
        positive = is_above_safest(tier) if within is None else within
        agreement = str(name_agreement(np.array([positive]), np.array([bool(flags)]))[0])
        row = {"rule_signal": colour, "rule_flags": flags, "tier": tier, "clued": clued, "signal": signal}
        yield pytest.param(row, agreement, id=f"{name_colour(colour)}-{flags}-{tier}-{clued}-{within}")


def test_every_word_is_among_them():
    assert SAYS.keys() == REFINED_AGREEMENTS.keys()


@pytest.mark.parametrize(("row", "agreement"), [*make_rows()])
def test_what_is_said_about_who_warns_agrees(row, agreement):
    bringers, listed = list_bringers(row), row["clued"] or row["signal"] > 0
    assert bool(bringers) == listed, "everything on the list is there because of somebody"
    assert ("clue" in bringers) == row["clued"]
    if row["tier"] < 0:
        assert "model" not in bringers
        return
    tier = TIERS.codes[row["tier"]]
    refined = refine_agreement(agreement, tier, near_line=is_near_line(row))
    if row["signal"] > 0:
        assert set(bringers) - {"clue"} == SAYS[refined], "under the colour and beside the tier stands the same"
    shown = (row["rule_flags"],) if row["rule_flags"] else ()
    for rule in (Part(name_colour(row["rule_signal"]), shown), Part(name_colour(row["rule_signal"]), (), len(shown))):
        seen = Seen(agreement, rule, Part(tier=tier))
        assert describe_agreement(seen, "zh") == REFINED_AGREEMENTS[refined].sentence_zh, "the page says it too"
        for who in SAYS[refined]:
            sentences = describe_agreement(seen, "zh") + describe_agreement(seen, "en").lower()
            assert not [words for words in DENIALS[who] if words in sentences], (who, sentences)

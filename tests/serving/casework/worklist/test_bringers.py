"""The list, a household's page and the workbooks agree on who warns: the rule line, the model, clues."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from openpyxl import load_workbook

from riskml.explanation.household.rendering import describe_agreement
from riskml.policy.signal import combine_signal, is_above_safest, name_agreement, refine_agreement
from riskml.vocabulary.verdicts import COLOURS, REFINED_AGREEMENTS, TIERS, name_colour
from riskml_serving.base.database import writing
from riskml_serving.casework.worklist.states import BRINGERS, is_near_line, list_bringers
from riskml_serving.people.auth.service import create_key

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


def test_the_rest_api_and_the_workbook_say_alike_who_warns(site):
    """Report one household on the list and one that is not; keys see who warns even without health details."""
    site.sign_in("county")
    quiet, warned = (
        site.rows(f"SELECT household_id FROM current_scores WHERE {rule} ORDER BY 1")[0][0] for rule in RULES
    )
    with writing(site.engine) as connection:
        rights = {name: ("read", "write", *more) for name, more in (("whole", ("health-details",)), ("blind", ()))}
        keys = {name: f"Bearer {create_key(connection, name, '', own)}" for name, own in rights.items()}
    for code in (quiet, warned):
        body = {"household_id": code, "what": "accident", "channel": "hotline"}
        answer = site.client.post("/v1/clues", json=body, headers={"Authorization": keys["whole"]})
        assert answer.status_code == 201, answer.text
    sheet = load_workbook(io.BytesIO(site.get("/worklist.xlsx?state=all").content)).active
    head, *lines = sheet.iter_rows(min_row=2, values_only=True)
    names = {line[0]: line[head.index("来源")] for line in lines}
    for key in keys.values():
        headers = {"Authorization": key}
        rows = site.client.get("/v1/households?limit=1000", headers=headers).json()["households"]
        listed = {row["household_id"]: row["brought_by"] for row in rows}
        assert {code: "、".join(BRINGERS[one].zh for one in own) or None for code, own in listed.items()} == names
        assert {"clue"} < {one for own in listed.values() for one in own} == set(BRINGERS)
        assert listed[quiet] == ["clue"]
        assert "clue" in listed[warned]
        for code in (quiet, warned, *list(listed)[::40]):
            assert site.client.get(f"/v1/households/{code}", headers=headers).json()["brought_by"] == listed[code]


RULES = ("signal = 0", "tier > 0 AND rule_flags <> ''")
"""Conditions for a household of which nobody warns, and one of which the rule line and the model do."""

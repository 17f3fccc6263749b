"""The table of rules and the code name the same rules."""

from __future__ import annotations

import re
from pathlib import Path

import riskml.records
from riskml.records.checking.registry import CHECKS
from riskml.records.reading.rules import FILES, RULES
from riskml.vocabulary.regions import DIGITS_EN, DIGITS_ZH

SOURCES = "".join(path.read_text("utf-8") for path in Path(riskml.records.__file__).parent.rglob("*.py"))


def test_every_rule_about_rows_has_a_check_and_every_other_rule_is_reported_somewhere():
    assert {rule.code for rule in CHECKS} == RULES.keys() - FILES
    named = {*re.findall(r'RULES\["(\w+)"\]', SOURCES)}
    assert named <= FILES
    assert {code for code in FILES - named if f'"{code}"' not in SOURCES} == set()


def test_titles_state_the_limits_of_the_contract():
    title = RULES["bad_region"]
    assert DIGITS_EN in title.title
    assert DIGITS_ZH in title.zh
    assert "1900 to 2100" in RULES["date_out_of_range"].what_to_do
    assert "128 characters" in RULES["unusable_code"].what_to_do

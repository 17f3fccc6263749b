"""Which person a row is about if numbers in the register are old, wrong, incomplete, shared or missing."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.persons.identity import Identity
from riskml.lists.persons.matching import Matcher

JULY = date(2024, 7, 5)
OWN, OTHER = "990123198503122356", "990123197011020017"
HOME = {"town": "青石镇", "village": "新民村"}


def test_numbers_of_15_digits_and_slips_in_the_register_are_found(make_register, person, number):
    old = number("19500101", 17)
    slip = OWN[:9] + "7" + OWN[10:]
    matcher = Matcher(make_register(person("000101", "王宝明", slip), person("000201", "孙志强", old[:6] + old[8:17])))
    assert matcher.match(Identity(name="孙志强", id_number=old), JULY).person_id == "000201"
    assert matcher.match(Identity(name="孙志强", id_number=old[:6] + old[8:17]), JULY).person_id == "000201"
    for text in (OWN, "990123********2356", "990123198503122000"):
        assert matcher.match(Identity(name="王宝明", id_number=text, **HOME), JULY).person_id == "000101"
    assert matcher.match(Identity(name="李秀英", id_number=OWN, **HOME), JULY).decision == "stranger"


def test_a_register_without_numbers_is_matched_by_name_village_and_birth(make_register, person):
    matcher = Matcher(make_register(person("000101", "王宝明", "", birth_date=date(1985, 3, 12), sex="m")))
    assert matcher.match(Identity(name="王宝明", id_number=OWN, **HOME), JULY).person_id == "000101"
    assert matcher.match(Identity(name="王宝明", id_number=OTHER, **HOME), JULY).decision == "ask"


@pytest.mark.parametrize("known", ["990123********2356", "99012319850312****", "9.90123198503122E+17"])
def test_a_register_with_incomplete_numbers_is_matched_by_the_exact_name(make_register, person, known):
    matcher = Matcher(make_register(person("000101", "王宝明", known)))
    assert matcher.match(Identity(name="王宝明", id_number=OWN), JULY).person_id == "000101"
    assert matcher.match(Identity(name="王寶明", id_number=OWN), JULY).decision != "matched"
    assert matcher.match(Identity(name="王宝明", id_number=OTHER, **HOME), JULY).reason == "number_differs"
    assert matcher.match(Identity(name="王宝明", **HOME), JULY).person_id == "000101"


def test_one_number_of_several_persons_is_decided_by_the_name(make_register, person):
    persons = [person("000101", "王宝明", OWN), person("000201", "李秀英", OWN), person("000301", "李秀鹰", OWN)]
    matcher = Matcher(make_register(*persons))
    assert matcher.match(Identity(name="李秀英", id_number=OWN), JULY).person_id == "000201"
    assert matcher.match(Identity(name="张国华", id_number=OWN, **HOME), JULY).decision == "ask"

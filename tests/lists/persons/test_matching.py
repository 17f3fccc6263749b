"""Which person a row is about: certain matches, questions and strangers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from riskml.lists.persons.identity import Identity
from riskml.lists.persons.matching import Matcher
from riskml.lists.persons.register import Person

MARCH, JUNE, JULY = date(2024, 3, 1), date(2024, 6, 30), date(2024, 7, 5)
TOWN, VILLAGE = "青石镇", "新民村"

OWN, OTHER = "990123198503122356", "990123197011020017"
NUMBERS = {
    "same": OWN,
    "near": "990123198503122000",  # a spreadsheet has kept 15 digits
    "masked": "990123********2356",
    "none": "不详",
    "other": OTHER,
}
NAMES = {"same": "王宝明", "sound": "王寶明", "near": "王宝国", "surname": "王志远", "other": "李秀英"}
HOMES = {
    "village": {"town": TOWN, "village": VILLAGE},
    "town": {"town": TOWN},
    "unknown": {},
    "elsewhere": {"town": "柳河乡", "village": "沙坪村"},
}
ORDER = list(HOMES)

LEAST = {
    ("same", "same"): "elsewhere",
    ("same", "sound"): "elsewhere",
    ("same", "near"): "town",
    ("near", "same"): "unknown",
    ("near", "sound"): "town",
    ("near", "near"): "village",
    ("masked", "same"): "unknown",
    ("masked", "sound"): "village",
    ("masked", "near"): "village",
    ("none", "same"): "village",
}
"""The least that the place must say so that a row with such a number and name is matched; otherwise it never is."""

BACKED = LEAST | {("near", "same"): "elsewhere", ("none", "same"): "unknown", ("none", "sound"): "village"}
"""The same where the day of birth agrees."""


@pytest.fixture
def register(make_register, person):
    return make_register(
        person("000101", "王宝明", OWN, relation="户主", phone="10012345678", sex="m", birth_date=date(1985, 3, 12)),
        person("000102", "赵玉兰", "990123198811020028", relation="配偶"),
        person("000201", "孙志强", "990123195001010019", relation="户主"),
    )


@pytest.fixture
def match(register):
    matcher = Matcher(register)
    return lambda on=JULY, **cells: matcher.match(Identity(**cells), on)


@pytest.mark.parametrize("birth", [None, date(1985, 3, 12)])
@pytest.mark.parametrize("where", ORDER)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_enough(match, number, name, where, birth):
    got = match(name=NAMES[name], id_number=NUMBERS[number], birth=birth, **HOMES[where])
    least = (BACKED if birth else LEAST).get((number, name))
    if least and ORDER.index(where) <= ORDER.index(least):
        assert (got.decision, got.person_id, got.household_id) == ("matched", "000101", "0001")
    elif (number, name, where) == ("same", "surname", "village"):
        assert (got.decision, got.person_id, got.household_id) == ("matched", None, "0001")  # a former name
        assert got.candidates == ()
    else:
        assert got.decision in ("ask", "stranger"), got


@pytest.mark.parametrize(
    ("number", "name", "where", "decision", "reason"),
    [
        ("same", "other", "village", "ask", "number_of_other"),
        ("same", "other", "elsewhere", "ask", "number_of_other"),
        ("same", "near", "elsewhere", "ask", "place_differs"),
        ("other", "same", "village", "ask", "number_differs"),
        ("other", "same", "elsewhere", "stranger", ""),
        ("other", "sound", "village", "stranger", ""),
        ("none", "sound", "village", "ask", "name_differs"),
        ("none", "same", "unknown", "ask", "vague"),
        ("none", "same", "elsewhere", "stranger", ""),
        ("none", "other", "village", "stranger", ""),
        ("masked", "same", "elsewhere", "ask", "place_differs"),
        ("near", "same", "elsewhere", "ask", "place_differs"),
    ],
)
def test_what_becomes_a_question_and_who_is_a_stranger(match, number, name, where, decision, reason):
    got = match(name=NAMES[name], id_number=NUMBERS[number], **HOMES[where])
    assert (got.decision, got.reason) == (decision, reason)
    assert got.candidates == (("000101",) if decision == "ask" else ())


@pytest.mark.parametrize(
    ("number", "name", "conversions"),
    [
        (OWN, "王宝明", set()),
        (OWN[:6] + OWN[8:17], "王宝明", {("id_number", "number_of_15")}),
        (f"身份证：{OWN}", "王寶明", {("id_number", "number_form"), ("name", "name_by_sound")}),
        ("９９０１２３１９８５０３１２２３５６", "王宝国", {("id_number", "number_form"), ("name", "name_near")}),
        (NUMBERS["near"], "王宝明", {("id_number", "number_restored")}),
        (NUMBERS["masked"], "王宝明", {("id_number", "number_restored")}),
        ("", "王宝明", set()),
    ],
)
def test_a_repaired_number_and_a_name_that_is_spelt_alike_are_counted(match, number, name, conversions):
    assert set(match(name=name, id_number=number, **HOMES["village"]).conversions) == conversions


def test_a_lower_case_x_is_counted(make_register, person):
    register = make_register(person("000301", "王宝明", "99012319850312209X"))
    got = Matcher(register).match(Identity(name="王宝明", id_number="99012319850312209x", **HOMES["village"]), JULY)
    assert (got.person_id, got.conversions) == ("000301", (("id_number", "number_form"),))


@pytest.mark.parametrize(
    "slip",
    [
        "990123198503222356",  # one digit
        "990123198530122356",  # two changed places
        "99012319803122356",  # one is missing
        "9901231985031223568",  # one is too many
        "990124198503222356",  # two digits
    ],
)
def test_typing_errors_are_forgiven_if_name_and_village_agree(match, slip):
    assert match(name="王宝明", id_number=slip, **HOMES["village"]).person_id == "000101"
    assert match(name="李秀英", id_number=slip, **HOMES["village"]).decision != "matched"


def test_fragments_of_a_number_say_nothing_and_longer_ones_are_compared(match):
    assert match(name="王宝明", id_number="99012319850", **HOMES["village"]).person_id == "000101"
    got = match(name="王宝明", id_number="990123198503", **HOMES["village"])
    assert (got.decision, got.reason) == ("ask", "number_differs")


def test_two_valid_numbers_never_differ_by_a_slip(make_register, person, number):
    one, other = number("19850312", 235), number("19850312", 236)
    got = Matcher(make_register(person("000101", "王宝明", one))).match(
        Identity(name="王宝明", id_number=other, **HOMES["village"]), JULY
    )
    assert (got.decision, got.reason) == ("ask", "number_differs")
    old = other[:6] + other[8:17]  # has no check digit, so that it may be a slip
    matcher = Matcher(make_register(person("000101", "王宝明", one)))
    assert matcher.match(Identity(name="王宝明", id_number=old, **HOMES["village"]), JULY).person_id == "000101"


def test_three_wrong_digits_are_another_number(match):
    got = match(name="王宝明", id_number="990124198513132356", **HOMES["village"])
    assert (got.decision, got.reason) == ("ask", "number_differs")


def test_two_slips_need_the_exact_name(match):
    assert match(name="王寶明", id_number="990124198503222356", **HOMES["village"]).decision == "ask"


def test_a_valid_number_of_somebody_else_becomes_a_question(match, register):
    got = match(name="王宝明", id_number="990123195001010019", **HOMES["village"])
    assert (got.decision, got.reason, set(got.candidates)) == ("ask", "number_of_other", {"000101", "000201"})


def test_the_number_of_another_member_makes_the_household_certain(match):
    got = match(name="赵玉兰", id_number=OWN, **HOMES["village"])
    assert (got.decision, got.person_id, got.household_id) == ("matched", None, "0001")


def test_the_number_of_a_namesake_elsewhere_becomes_a_question(make_register, person):
    register = make_register(person("000101", "王宝明", OWN), person("000901", "王宝明", OTHER, village=3))
    got = Matcher(register).match(Identity(name="王宝明", id_number=OTHER, **HOMES["village"]), JULY)
    assert (got.decision, set(got.candidates)) == ("ask", {"000101", "000901"})


def test_a_name_that_fits_another_villager_better_becomes_a_question(make_register, person):
    register = make_register(person("000101", "何兴", OWN), person("000201", "何星", OTHER))
    matcher = Matcher(register)
    assert matcher.match(Identity(name="何星", id_number=OWN, **HOMES["village"]), JULY).decision == "ask"
    assert (
        matcher.match(Identity(name="何星", id_number=OWN), JULY).person_id == "000101"
    )  # people of the same name may live anywhere


@pytest.fixture
def namesakes(make_register, person):
    """Two persons of the same name in one village, and one in a village of the same name in another town."""
    return Matcher(
        make_register(
            person(
                "000101", "王宝明", OWN, phone="10011111111", sex="m", birth_date=date(1985, 3, 12), relation="户主"
            ),
            person("000102", "赵玉兰", "990123198811020028"),
            person("000201", "王宝明", OTHER, phone="10022222222", sex="m", birth_date=date(1970, 11, 2)),
            person("000301", "孙小明", "990123201503120013"),
            person("000401", "孙小明", "990123201603120010", village=2),
        )
    )


@pytest.mark.parametrize(
    ("cells", "person_id"),
    [
        ({}, None),
        ({"phone": "10022222222"}, None),  # a telephone number may be shared or passed on
        ({"birth": date(1970, 11, 2)}, "000201"),
        ({"birth": date(1971, 11, 2)}, None),
        ({"birth_month": date(1985, 3, 1)}, "000101"),
        ({"birth_month": date(1970, 10, 1)}, "000201"),  # the other one is far younger
        ({"birth_month": date(1950, 3, 1)}, None),
        ({"age": 55}, "000201"),  # 53 in July 2024, 54 in a list that counts years only
        ({"age": 38}, "000101"),
        ({"age": 46}, None),
        ({"head_name": "赵玉兰"}, "000101"),
        ({"head_id": "990123198811020028"}, "000101"),
        ({"id_number": "99012319701102****"}, "000201"),
        ({"id_number": "9.90123E+17"}, None),
        ({"sex": "女"}, None),
    ],
)
def test_namesakes_in_a_village_are_distinguished_by_proof_only(namesakes, cells, person_id):
    got = namesakes.match(Identity(name="王宝明", **HOMES["village"], **cells), JULY)
    assert got.person_id == person_id
    assert got.decision == ("matched" if person_id else "ask")


def test_villages_of_one_name_are_distinguished_by_the_town(namesakes):
    assert namesakes.match(Identity(name="孙小明", village="新民村"), JULY).reason == "several"
    assert namesakes.match(Identity(name="孙小明", village="柳河乡新民村"), JULY).person_id == "000401"
    assert namesakes.match(Identity(name="孙小明", village="新民", town="青石"), JULY).person_id == "000301"


def test_namesakes_in_one_household_become_a_question_too(make_register, person):
    register = make_register(person("000101", "王宝明", OWN), person("000102", "王宝明", OTHER))
    assert Matcher(register).match(Identity(name="王宝明", **HOMES["village"]), JULY).reason == "several"


def test_a_member_who_has_the_name_of_the_row_leaves_the_household_certain(make_register, person):
    register = make_register(person("000101", "王宝明", OWN), person("000102", "王宝国", OTHER))
    got = Matcher(register).match(Identity(name="王宝国", id_number=OWN, **HOMES["village"]), JULY)
    assert (got.decision, got.person_id, got.household_id) == ("matched", None, "0001")
    assert got.candidates == ("000102",)


def test_at_most_five_candidates_are_named_the_likeliest_first(make_register, person):
    others = [person(f"0002{n:02}", "王宝国", "") for n in range(10, 17)]
    matcher = Matcher(make_register(*others, person("000999", "王寶明", OTHER)))
    got = matcher.match(Identity(name="王宝明", **HOMES["village"]), JULY)
    assert got.candidates == ("000999", "000210", "000211", "000212", "000213")


@pytest.mark.parametrize(
    "cells",
    [
        {"sex": "女"},
        {"birth": date(1999, 1, 1)},
        {"birth_month": date(1983, 1, 1)},
        {"age": 43},
        {"head_name": "孙志强"},
        {"head_id": "990123195001010019"},
    ],
)
def test_contradictions_become_a_question_unless_the_number_is_complete(match, cells):
    got = match(name="王宝明", **HOMES["village"], **cells)
    assert (got.decision, got.reason) == ("ask", "facts_differ")
    assert match(name="王宝明", id_number=OWN, **HOMES["village"], **cells).person_id == "000101"


def test_a_given_name_without_the_fathers_becomes_a_question(make_register, person):
    matcher = Matcher(make_register(person("000101", "古丽娜·阿不都热合曼", OWN)))
    got = matcher.match(Identity(name="古丽娜", **HOMES["village"]), JULY)
    assert (got.decision, got.reason, got.candidates) == ("ask", "name_differs", ("000101",))
    assert matcher.match(Identity(name="古丽娜", id_number=OWN, **HOMES["village"]), JULY).person_id == "000101"
    assert matcher.match(Identity(name="古丽娜", **HOMES["elsewhere"]), JULY).decision == "stranger"


def test_a_telephone_supports_a_name_that_sounds_alike(match):
    assert match(name="王寶明", phone="100-1234-5678", **HOMES["village"]).person_id == "000101"
    assert match(name="王寶明", phone="10099999999", **HOMES["village"]).decision == "ask"
    assert match(name="王宝国", phone="10012345678", **HOMES["village"]).decision == "ask"


def test_a_row_without_a_name_needs_number_and_place(match):
    assert match(id_number=OWN, **HOMES["town"]).person_id == "000101"
    assert match(id_number=OWN).decision == "ask"
    assert match(id_number=OWN, **HOMES["elsewhere"]).decision == "ask"
    assert match(id_number="990123********2356", **HOMES["village"]).decision == "ask"
    assert match(**HOMES["village"]).reason == "vague"


def test_a_row_that_names_only_the_head_is_about_the_head(match):
    for cells in (
        {"head_name": "王宝明(户主)"},
        {"head_name": "王宝明", "head_id": OWN},
        {"head_name": "王宝明", "id_number": OWN},
    ):
        assert match(**cells, **HOMES["village"]).person_id == "000101"
    spoilt = match(head_name="王宝明", head_id="990123198503122000", id_is_number=True)
    assert spoilt.person_id == "000101"


def test_relatives_are_found_by_their_number_or_as_a_household(match):
    assert match(name="王宝明之妻", id_number="990123198811020028", **HOMES["village"]).person_id == "000102"
    got = match(name="王宝明之妻", **HOMES["village"])
    assert (got.decision, got.person_id, got.household_id) == ("matched", None, "0001")
    assert match(name="王宝明之妻", id_number="990123195001010019", **HOMES["village"]).decision == "ask"
    assert match(name="钱多多之妻", **HOMES["village"]).decision == "stranger"


def test_former_names_and_hidden_characters_agree_with_a_complete_number(match):
    assert match(name="王志远（曾用名王宝明）", id_number=OWN).person_id == "000101"
    assert match(name="王宝?", id_number=OWN, **HOMES["village"]).person_id == "000101"
    assert match(name="王某某", **HOMES["village"]).decision == "ask"
    assert match(name="王某某", id_number=OTHER, **HOMES["village"]).decision == "stranger"


def test_a_former_name_is_not_assumed_if_a_villager_has_it_or_the_sex_differs(make_register, person):
    register = make_register(
        person("000101", "王宝明", OWN, sex="m"),
        person("000201", "王志远", OTHER, sex="m"),
        person("000301", "李四海", "990123195001010019"),
    )
    matcher = Matcher(register)
    assert matcher.match(Identity(name="王志远", id_number=OWN, **HOMES["village"]), JULY).decision == "ask"
    assert matcher.match(Identity(name="王秀英", id_number=OWN, sex="女", **HOMES["village"]), JULY).decision == "ask"
    assert (
        matcher.match(Identity(name="王秀英", id_number=OWN, sex="男", **HOMES["village"]), JULY).household_id == "0001"
    )


def test_the_household_is_that_of_the_day_and_who_has_left_is_still_found(make_register, person):
    moved = [
        *person("000101", "王宝明", OWN, days=(MARCH,)),
        *person("000101", "王宝明", OWN, days=(JUNE,), household_id="0009"),
    ]
    others = [person(f"0002{n:02}", "孙志强", "") for n in range(1, 6)]
    register = make_register(moved, person("000301", "李秀英", OTHER, days=(MARCH,)), *others)
    matcher, row = Matcher(register), Identity(name="王宝明", id_number=OWN)
    assert [matcher.match(row, day).household_id for day in (date(2024, 1, 1), MARCH, JUNE, JULY)] == [
        "0001",
        "0001",
        "0009",
        "0009",
    ]
    assert matcher.match(Identity(name="李秀英", id_number=OTHER), JULY).person_id == "000301"
    assert [register.find_left("000301", day) for day in (MARCH, JUNE)] == [None, JUNE]


def test_codes_of_the_register_are_trusted_if_the_name_agrees(match):
    assert match(name="王宝明", person_no="000101").person_id == "000101"
    for name in ("李秀英", "王志远", "王宝国"):  # a department's own numbers may coincide with codes
        assert match(name=name, person_no="000101", **HOMES["village"]).decision != "matched"
    assert match(name="王宝明", household_no="0001").person_id == "000101"


def test_a_village_that_is_not_in_the_register_counts_only_as_a_town(match):
    got = match(name="王宝明", town=TOWN, village="东沟村")
    assert (got.decision, got.reason) == ("ask", "vague")
    assert match(name="王宝明", id_number="990123********2356", town=TOWN, village="东沟村").person_id == "000101"


def test_an_order_of_rows_or_persons_never_matters(register, make_register):
    versions = [version for own in register.versions.values() for version in own]
    turned = make_register([replace(version) for version in reversed(versions)])
    for row in (
        Identity(name="王宝明", **HOMES["village"]),
        Identity(name="王寶明", id_number=OTHER, **HOMES["village"]),
    ):
        assert Matcher(register).match(row, JULY) == Matcher(turned).match(row, JULY)


def test_a_match_holds_codes_only(match):
    got = match(name="王寶明", **HOMES["village"])
    assert "王" not in repr(got)
    assert OWN not in repr(got)
    assert isinstance(got.candidates, tuple)
    assert not any(isinstance(value, Person) for value in (got.person_id, got.household_id))

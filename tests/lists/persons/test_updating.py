"""Exports of the register: known persons and households keep their codes, and new ones get new codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from riskml.lists.persons.identity import Identity
from riskml.lists.persons.matching import Matcher
from riskml.lists.persons.register import Register
from riskml.lists.persons.updating import update_register

MARCH, JUNE, AUGUST = date(2024, 3, 1), date(2024, 6, 30), date(2024, 8, 31)
HOME = {"town": "青石镇", "village": "新民村"}
FAMILY = [
    Identity(name="王宝明", id_number="990123198503122356", relation="户主", phone="10012345678", **HOME),
    Identity(name="赵玉兰", id_number="990123881102002", relation="配偶", sex="女", **HOME),
    Identity(name="王小东", relation="之子", birth=date(2015, 3, 12), **HOME),
    Identity(name="孙志强", id_number="990123195001010019", relation="户主", **HOME),
]
NUMBERED = [
    replace(row, household_no=number[:2], person_no=number)
    for row, number in zip(FAMILY, ("0101", "0102", "0103", "0201"), strict=True)
]


@pytest.fixture
def empty():
    return Register(region="990123")


def read_codes(matches):
    assert all(match.decision == "matched" for match in matches)
    return [(match.household_id, match.person_id) for match in matches]


def test_a_register_starts_from_an_export(empty):
    codes = read_codes(update_register(empty, FAMILY, MARCH))
    assert codes == [
        ("H0000001", "P0000001"),
        ("H0000001", "P0000002"),
        ("H0000001", "P0000003"),
        ("H0000002", "P0000004"),
    ]
    wife, son = empty.find_person("P0000002", MARCH), empty.find_person("P0000003", MARCH)
    assert (wife.id_number, wife.sex, wife.birth_date) == ("990123198811020028", "f", date(1988, 11, 2))
    assert (son.village_code, son.known_from, son.birth_date) == ("990123100200", MARCH, date(2015, 3, 12))


def test_group_and_house_number_come_from_their_column_or_the_address_and_stay_when_an_export_lacks_them(empty):
    update_register(empty, [replace(row, village="新民村3组12号") for row in FAMILY[:3]] + FAMILY[3:], MARCH)
    update_register(empty, [FAMILY[0], *(replace(row, group="五组") for row in FAMILY[1:])], JUNE)
    persons = [empty.find_person(f"P000000{n}", JUNE) for n in (1, 2, 4)]
    assert [(one.group, one.door) for one in persons] == [("3组", "12号"), ("五组", "12号"), ("五组", "")]


@pytest.mark.parametrize(
    "code", ["990123195001010019", "990123500101001", "孙志强"], ids=["number", "number of 15 digits", "name"]
)
@pytest.mark.parametrize("column", ["household_no", "person_no"])
def test_an_export_whose_numbers_say_who_somebody_is_gives_codes_without_meaning(empty, column, code):
    rows = [*NUMBERED[:3], replace(NUMBERED[3], **{column: code})]
    assert read_codes(update_register(empty, rows, MARCH)) == read_codes(
        update_register(Register(region="990123"), FAMILY, MARCH)
    )


def test_the_numbers_of_an_export_are_the_codes_of_a_register_that_starts_from_it(empty):
    assert read_codes(update_register(empty, NUMBERED, MARCH)) == [
        ("01", "0101"),
        ("01", "0102"),
        ("01", "0103"),
        ("02", "0201"),
    ]


def test_the_same_export_again_changes_nothing(empty):
    first = update_register(empty, FAMILY, MARCH)
    versions = {code: list(own) for code, own in empty.versions.items()}
    assert update_register(empty, FAMILY, MARCH) == first
    assert dict(empty.versions) == versions


def test_codes_of_a_register_that_uses_other_ones_are_kept(make_register, person):
    register = make_register(
        person("A01", "王宝明", "990123198503122356", days=(MARCH,)),
        person("A02", "赵玉兰", "990123198811020028", days=(MARCH,)),
    )
    codes = read_codes(update_register(register, NUMBERED, JUNE))
    assert codes == [("A", "A01"), ("A", "A02"), ("A", "P0000001"), ("H0000001", "P0000002")]


def test_corrected_numbers_and_moves_are_taken_over(empty):
    update_register(empty, [replace(FAMILY[0], id_number="990123198503122376"), *FAMILY[1:]], MARCH)
    rows = [FAMILY[0], FAMILY[1], FAMILY[3], replace(FAMILY[2], village="河西村", relation="户主")]
    codes = read_codes(update_register(empty, rows, JUNE))
    assert codes[:3] == [("H0000001", "P0000001"), ("H0000001", "P0000002"), ("H0000002", "P0000004")]
    matcher = Matcher(empty)
    assert matcher.match(Identity(name="王宝明", id_number="990123198503122356"), JUNE).person_id == "P0000001"


def test_who_is_missing_has_left_and_who_is_new_gets_a_code(empty):
    update_register(empty, FAMILY, MARCH)
    new = Identity(name="王小北", id_number="990123202403010022", relation="之女", **HOME)
    codes = read_codes(update_register(empty, [*FAMILY[:2], new, FAMILY[3]], JUNE))
    assert codes[2] == ("H0000001", "P0000005")
    assert empty.find_left("P0000003", AUGUST) == JUNE
    assert [one.person_id for one in empty.list_persons(JUNE)] == ["P0000001", "P0000002", "P0000004", "P0000005"]


def test_a_split_household_leaves_its_code_with_most_of_its_members(empty):
    update_register(empty, FAMILY, MARCH)
    rows = [replace(FAMILY[2], relation="户主"), FAMILY[0], replace(FAMILY[1], relation="配偶"), FAMILY[3]]
    assert read_codes(update_register(empty, rows, JUNE)) == [
        ("H0000003", "P0000003"),
        ("H0000001", "P0000001"),
        ("H0000001", "P0000002"),
        ("H0000002", "P0000004"),
    ]


def test_rows_about_one_person_become_a_question_unless_they_are_equal(empty):
    update_register(empty, FAMILY, MARCH)
    twice = update_register(empty, [*FAMILY, FAMILY[0], replace(FAMILY[0], name="王寶明")], JUNE)
    assert twice[4] == twice[0]
    assert (twice[5].decision, twice[5].candidates) == ("ask", ("P0000001",))
    assert len(empty.versions) == 4


def test_rows_without_a_name_or_with_the_number_of_another_become_questions_and_change_nothing(empty):
    update_register(empty, FAMILY, MARCH)
    wrong = [replace(FAMILY[0], name=None), replace(FAMILY[3], id_number=FAMILY[0].id_number), *FAMILY[1:3]]
    matches = update_register(empty, wrong, JUNE)
    assert [match.decision for match in matches] == ["ask", "ask", "matched", "matched"]
    assert [len(empty.versions[code]) for code in ("P0000001", "P0000004")] == [1, 1]


def test_spoilt_numbers_do_not_replace_complete_ones(empty):
    update_register(empty, FAMILY, MARCH)
    update_register(empty, [replace(FAMILY[0], id_number="9.90123198503122E+17"), *FAMILY[1:]], JUNE)
    assert empty.find_person("P0000001", JUNE).id_number == "990123198503122356"


def test_numbers_that_are_known_in_part_are_kept_until_they_are_complete(empty):
    masked = replace(FAMILY[0], id_number="990123********2356")
    codes = read_codes(update_register(empty, [masked, *FAMILY[1:]], MARCH))
    assert empty.find_person("P0000001", MARCH).id_number == "990123********2356"
    assert read_codes(update_register(empty, FAMILY, JUNE)) == codes
    assert empty.find_person("P0000001", JUNE).id_number == "990123198503122356"


def test_one_new_person_in_two_rows_gets_one_code(empty):
    assert len({match.person_id for match in update_register(empty, [FAMILY[0], FAMILY[0]], MARCH)}) == 1


def test_rows_without_numbers_and_relations_are_grouped_by_their_head(empty):
    rows = [replace(row, relation=None, head_name="王宝明" if i < 3 else "孙志强") for i, row in enumerate(FAMILY)]
    homes = [match.household_id for match in update_register(empty, rows, MARCH)]
    assert homes == ["H0000001"] * 3 + ["H0000002"]

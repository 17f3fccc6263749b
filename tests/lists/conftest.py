"""A small made-up register: every ID number begins with 99, every telephone number with 100."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.persons.register import Person, Register
from riskml.lists.persons.villages import Village
from riskml.records.contract.personal import compute_check_digit

VILLAGES = [
    Village("990123101201", "青石镇", "新民村"),
    Village("990123101202", "青石镇", "河西村"),
    Village("990123102201", "柳河乡", "新民村"),
    Village("990123102202", "柳河乡", "沙坪村"),
]
MARCH, JUNE = date(2024, 3, 1), date(2024, 6, 30)


def make_number(birth="19850312", sequence=234, region="990123"):
    first = f"{region}{birth}{sequence:03}"
    return first + compute_check_digit(first)


def make_person(code, name, number, village=0, days=(MARCH, JUNE), **values):
    """Return the versions of a person; the household's code is the person's without its last two digits."""
    where = VILLAGES[village]
    own = {"household_id": code[:-2], "town": where.town, "village": where.name, "village_code": where.code, **values}
    return [Person(person_id=code, known_from=day, name=name, id_number=number, **own) for day in days]


@pytest.fixture
def make_register():
    """Return a function that makes a register of persons' versions."""

    def make(*persons):
        return Register([version for versions in persons for version in versions], VILLAGES)

    return make


@pytest.fixture
def number():
    return make_number


@pytest.fixture
def person():
    return make_person

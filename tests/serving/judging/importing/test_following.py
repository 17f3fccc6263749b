"""Persons live where the member records of an imported folder say, and go back if it is withdrawn."""

from __future__ import annotations

import datetime as dt

import pytest

from riskml_serving.base.database import reading, writing
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.importing.withdrawal import withdraw_import
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.service import Person, keep_persons, read_persons

TODAY, MAY, JULY = dt.date(2023, 6, 30), dt.date(2023, 5, 31), dt.date(2023, 7, 31)
KEYS = IdentityKeys([bytes(32)])


def make_home(code):
    return {"household_id": code, "region_code": "370112001001", "size": 2}


def make_member(home, code, on=None, left_on=None):
    return {"household_id": home, "member_id": code, "recorded_on": on, "left_on": left_on}


WAGE = {"period_start": dt.date(2023, 1, 1), "months": 1, "source": "wage", "amount": 900.0}


@pytest.fixture
def take(engine, deliver):
    def run(homes, *members):
        tables = {"households": [make_home(code) for code in homes], "income": [{"household_id": homes[0], **WAGE}]}
        return import_folder(engine, deliver(**tables, members=members), TODAY, simulated=True)

    return run


@pytest.fixture
def read_homes(engine):
    def read():
        with reading(engine) as connection:
            homes = read_persons(connection, KEYS, ["h1", "h2", "h3"])
        return {one.person_id: (one.household_id, one.left_on) for own in homes.values() for one in own}

    return read


LATER = {
    "a split": ([make_member("h1", "m2", MAY, MAY), make_member("h3", "m2", MAY)], ("h3", None)),
    "a split without a day of leaving": ([make_member("h3", "m2", MAY)], ("h3", None)),
    "a merge": ([make_member("h1", "m2", MAY, MAY), make_member("h2", "m2", MAY)], ("h2", None)),
    "a death": ([make_member("h1", "m2", MAY, MAY)], ("h1", MAY)),
    "a move that is known later": ([make_member("h3", "m2", JULY)], ("h1", None)),
    "a correction": ([make_member("h1", "m2", MAY) | {"birth_year": 1970}], ("h1", None)),
    "two homes on one day": ([make_member("h1", "m2", MAY), make_member("h3", "m2", MAY)], ("h1", None)),
}


@pytest.mark.parametrize(("rows", "home"), LATER.values(), ids=LATER)
def test_persons_follow_the_member_records_of_a_folder_and_go_back_with_it(engine, take, read_homes, rows, home):
    take(["h1", "h2"], make_member("h1", "m1"), make_member("h1", "m2"), make_member("h2", "m3"))
    people = [Person("m1", "h1", name="王宝明"), Person("m2", "h1", name="王小宝"), Person("m3", "h2", name="李水")]
    with writing(engine) as connection:
        keep_persons(connection, KEYS, people)
    before = read_homes()
    done = take(["h1", "h2", "h3"], *rows)
    assert read_homes() == {**before, "m2": home}
    withdraw_import(engine, done.import_id, TODAY)
    assert read_homes() == before

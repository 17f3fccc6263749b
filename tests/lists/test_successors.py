"""Households that split or merge: members who move take their share with them, from the day the move is known."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.persons.register import Register
from riskml.lists.successors import find_moves, share_past
from riskml.lists.writing import Book

MARCH, APRIL, JUNE = date(2024, 3, 1), date(2024, 4, 5), date(2024, 6, 30)


@pytest.fixture
def split(make_register, person):
    """Household 0001 of four: two move to the new household 0009, one dies; household 0002 of one joins 0003."""
    moved = [
        version
        for code in ("000103", "000104")
        for version in (
            *person(code, code, "", days=(MARCH,)),
            *person(code, code, "", days=(JUNE,), household_id="0009"),
        )
    ]
    joined = [*person("000201", "b", "", days=(MARCH,)), *person("000201", "b", "", days=(JUNE,), household_id="0003")]
    return make_register(
        person("000101", "a", ""), person("000102", "a", "", days=(MARCH,)), moved, joined, person("000301", "c", "")
    )


def test_moves_are_found_between_states(split):
    moves = find_moves(split)
    assert [(move.old, move.new, move.on, sorted(move.members)) for move in moves] == [
        ("0001", "0009", JUNE, ["000103", "000104"]),
        ("0002", "0003", JUNE, ["000201"]),
    ]
    assert [(move.share, move.left) for move in moves] == [(pytest.approx(2 / 3), pytest.approx(1 / 3)), (1, 0)]
    assert find_moves(Register()) == []


def add(book, table, record_id, household, recorded_on=APRIL, **values):
    book.add_record(table, record_id, {"household_id": household}, recorded_on, values)


def read(book, table):
    return {
        (record_id, row["household_id"], day): {
            k: v for k, v in row.items() if k not in ("record_id", "household_id", "recorded_on")
        }
        for (record_id, day), row in book.tables[table].items()
    }


def test_money_is_shared_by_persons_from_the_day_of_the_move(split):
    book = Book()
    add(book, "income", "i1", "0001", source="wage", amount=300.0)
    add(book, "help", "h1", "0002", measure="低保", amount=90.0)
    assert share_past(book, split) == 2
    income = read(book, "income")
    assert income["i1", "0001", APRIL]["amount"] == 300
    assert income["i1", "0001", JUNE] == {"source": "wage", "amount": 100}
    assert income["i1-from-0001-to-0009", "0009", JUNE] == {"source": "wage", "amount": 200}
    assert read(book, "help") == {
        ("h1", "0002", APRIL): {"measure": "低保", "amount": 90},  # a household that has ended keeps its past
        ("h1-from-0002-to-0003", "0003", JUNE): {"measure": "低保", "amount": 90},
    }


def test_rows_of_a_member_go_with_the_member(split):
    book = Book()
    add(book, "illness", "moved", "0001", member_id="000103", kind="inpatient", self_paid=50.0)
    add(book, "illness", "stayed", "0001", member_id="000101", kind="inpatient", self_paid=60.0)
    add(book, "illness", "unknown", "0001", kind="inpatient", self_paid=70.0)
    add(book, "income", "wages", "0001", member_id="000104", source="wage", amount=10.0)
    assert share_past(book, split) == 2
    assert {key: (row.get("self_paid"), row.get("withdrawn")) for key, row in read(book, "illness").items()} == {
        ("moved", "0001", APRIL): (50, None),
        ("stayed", "0001", APRIL): (60, None),
        ("unknown", "0001", APRIL): (70, None),
        ("moved", "0001", JUNE): (50, True),
        ("moved-from-0001-to-0009", "0009", JUNE): (50, None),
    }
    assert {key: row["amount"] for key, row in read(book, "income").items()} == {
        ("wages", "0001", APRIL): 10,
        ("wages", "0001", JUNE): None,
        ("wages-from-0001-to-0009", "0009", JUNE): 10,
    }


def test_events_and_help_of_a_member_go_with_the_member(split):
    book = Book()
    add(book, "events", "moved", "0001", kind="disability")
    add(book, "events", "stayed", "0001", kind="disability")
    add(book, "help", "aid", "0001", measure="临时救助", amount=90.0)
    book.persons |= {"moved": "000103", "stayed": "000101", "aid": "000104"}
    assert share_past(book, split) == 2
    assert read(book, "events") == {
        ("moved", "0001", APRIL): {"kind": "disability"},
        ("stayed", "0001", APRIL): {"kind": "disability"},
        ("moved", "0001", JUNE): {"kind": "disability", "withdrawn": True},
        ("moved-from-0001-to-0009", "0009", JUNE): {"kind": "disability"},
    }
    assert read(book, "help")["aid-from-0001-to-0009", "0009", JUNE] == {"measure": "临时救助", "amount": 90}
    assert read(book, "help")["aid", "0001", JUNE]["withdrawn"] is True


def test_what_a_list_of_that_day_states_is_left_as_it_is(split):
    book, year = Book(), {"source": "wage", "period_start": date(2022, 10, 1), "months": 12, "statement": True}
    add(book, "income", "old", "0001", **year, amount=300.0)
    add(book, "income", "old", "0001", JUNE, **year, amount=120.0)
    add(book, "income", "new", "0009", JUNE, **year, amount=180.0)
    assert share_past(book, split) == 0
    assert [row["amount"] for row in read(book, "income").values()] == [300, 120, 180]


def test_only_what_was_known_before_is_shared_in_its_latest_version(split):
    book = Book()
    add(book, "events", "e1", "0001", None, kind="school_fee", amount=30.0)
    add(book, "events", "e1", "0001", kind="school_fee", amount=60.0)
    add(book, "events", "late", "0001", date(2024, 7, 1), kind="school_fee", amount=30.0)
    add(book, "events", "gone", "0001", kind="school_fee", amount=30.0, withdrawn=True)
    add(book, "events", "visit", "0001", kind="visit")
    add(book, "income", "none", "0001", source="wage", period_start=MARCH)
    book.tables["income"]["none", APRIL]["amount"] = None  # withdrawn
    assert share_past(book, split) == 2
    events = read(book, "events")
    assert events["e1-from-0001-to-0009", "0009", JUNE]["amount"] == 40
    assert events["e1", "0001", JUNE]["amount"] == 20
    assert events["visit-from-0001-to-0009", "0009", JUNE] == {"kind": "visit"}
    assert ("visit", "0001", JUNE) not in events
    assert len(events) == 8


def test_several_successors_share_one_past(make_register, person):
    homes = {"000101": "0001", "000102": "0008", "000103": "0009", "000104": "0009"}
    persons = [
        [*person(code, code, "", days=(MARCH,)), *person(code, code, "", days=(JUNE,), household_id=home)]
        for code, home in homes.items()
    ]
    book = Book()
    add(book, "income", "i1", "0001", source="total", amount=400.0)
    assert share_past(book, make_register(*persons)) == 2
    amounts = {key[1:]: row["amount"] for key, row in read(book, "income").items()}
    assert amounts == {("0001", APRIL): 400, ("0001", JUNE): 100, ("0008", JUNE): 100, ("0009", JUNE): 200}


def test_what_a_move_has_shared_is_shared_again_by_later_moves(make_register, person):
    october = date(2024, 10, 1)
    moved = [
        *person("000102", "b", "", days=(MARCH,)),
        *person("000102", "b", "", days=(JUNE,), household_id="0009"),
        *person("000102", "b", "", days=(october,), household_id="0003"),
    ]
    others = [version for code in ("000101", "000301") for version in person(code, code, "", days=(JUNE, october))]
    book = Book()
    add(book, "income", "i1", "0001", source="wage", amount=300.0)
    assert share_past(book, make_register(person("000101", "a", "", days=(MARCH,)), moved, others)) == 2
    assert {key[1:]: row["amount"] for key, row in read(book, "income").items()} == {
        ("0001", APRIL): 300,
        ("0001", JUNE): 150,
        ("0009", JUNE): 150,
        ("0003", october): 150,
    }

"""A small made-up register: every ID number begins with 99, every telephone number with 100."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.entries import make_entries
from riskml.lists.persons.register import Person, Register
from riskml.lists.persons.villages import Village
from riskml.lists.reading.sheets import Column, Context, Row, Sheet
from riskml.lists.row_reader import RowReader, index_columns
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


RECEIVED = date(2024, 7, 5)
NOTHING = Context()


def make_reader(cells, *, context=NOTHING, filled=(), factors=None, headers=None):
    """Make the reader of a row from its cells by field; several cells of one field are given as a list."""
    pairs = [(name, cell) for name, own in cells.items() for cell in (own if isinstance(own, list) else [own])]
    columns = [
        Column(i, (headers or {}).get(name, name), name, "synonym", (factors or {}).get(name))
        for i, (name, _) in enumerate(pairs, 1)
    ]
    above = frozenset(column.index for column in columns if column.field in filled)
    row = Row(5, "data", tuple(cell for _, cell in pairs), context, above)
    return RowReader(index_columns(Sheet("a.xlsx", "s", columns=columns, rows=[row])), row, RECEIVED, RECEIVED)


@pytest.fixture
def read_row():
    """Return a function that makes the reader of a row from its cells."""
    return make_reader


@pytest.fixture
def list_records():
    """Return a function that lists the table and the values of each record that a row gives."""

    def list_rows(topic, cells, **rest):
        return [
            (entry.table, {k: v for k, v in entry.values.items() if v is not None})
            for entry in make_entries(topic, make_reader(cells, **rest))
        ]

    return list_rows

"""Divides the past of households that split or merge: members who move take their share with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from riskml.lists.events import AMOUNTS
from riskml.lists.persons.register import Register
from riskml.lists.writing import Book, Key

_Homes = defaultdict[tuple[str, str | None], dict[Key, dict[str, Any]]]
"""Rows by table and household, in the order of the table."""

_OWN = ("record_id", "recorded_on", "household_id")
"""Columns in which a successor's row differs from the original."""


@dataclass(frozen=True, slots=True)
class Move:
    """Members of a household who live in another one from a snapshot of the register on.

    Of the old household's members who are still in the register, ``share`` is the fraction that moved to this household
    and ``left`` the fraction that stayed.
    """

    old: str
    new: str
    on: date
    members: frozenset[str]
    share: float
    left: float


def find_moves(register: Register) -> list[Move]:
    """Find the moves between the snapshots of a register, in the order of their days."""
    moves = []
    homes = [{p.person_id: p.household_id for p in register.list_persons(day)} for day in register.states]
    for day, before, after in zip(register.states[1:], homes, homes[1:], strict=False):
        flows: dict[tuple[str, str], set[str]] = {}
        for person, old in before.items():
            if person in after:
                flows.setdefault((old, after[person]), set()).add(person)
        sizes = Counter(old for (old, _), members in flows.items() for _ in members)
        for (old, new), members in sorted(flows.items()):
            if old != new:
                stayed = len(flows.get((old, old), ())) / sizes[old]
                moves.append(Move(old, new, day, frozenset(members), len(members) / sizes[old], stayed))
    return moves


def share_past(book: Book, register: Register, shared: Collection[date] = ()) -> int:
    """Pass on past rows of households that split or merged to their successors; return how many rows were added.

    Moves on the days ``shared`` are left out: an earlier delivery has shared their past.

    Money is divided by the number of persons: the successor gets the share of those who moved, and the old household
    keeps the share of those who stayed. Rows about one member, including events and help, go with the member; an
    illness of an unknown member stays. The shares are recorded on the day of the snapshot that shows the move, so that
    nothing changes before it. The ``record_id`` of a successor's row ends in ``-from-OLD-to-NEW``. Amounts in a list of
    that same day are not divided, and a household without members keeps its past.
    """
    stated = {name: set(rows) for name, rows in book.tables.items()}
    homes = _group_by_household(book)
    added = 0
    for move in find_moves(register):
        if move.on in shared:
            continue
        for table, amounts in AMOUNTS.items():
            for record_id, row in _list_past(homes, table, move):
                member = row.get("member_id") or book.persons.get(record_id)
                money = [name for name in amounts if row.get(name) is not None]
                if member not in (None, *move.members) or (table == "illness" and not member and move.left):
                    continue
                values = {name: value for name, value in row.items() if name not in _OWN}
                part = 1.0 if member else move.share
                copy = values | {name: round(row[name] * part, 2) for name in money}
                copy_id = f"{record_id}-from-{move.old}-to-{move.new}"
                copy_key = book.add_record(table, copy_id, {"household_id": move.new}, move.on, copy)
                homes[table, move.new][copy_key] = book.tables[table][copy_key]
                if member:
                    book.persons[copy_id] = member
                added += 1
                key = (record_id, move.on)
                if not move.left or not (money or member) or key in stated[table]:
                    continue
                if member:
                    kept = values | ({"amount": None} if table == "income" else {"withdrawn": True})
                else:
                    kept = values | {name: round(row[name] * move.left, 2) for name in money}
                book.tables[table][key] = homes[table, move.old][key] = row | kept | {"recorded_on": move.on}
    return added


def _group_by_household(book: Book) -> _Homes:
    """Group the rows of the tables whose past is divided."""
    homes: _Homes = defaultdict(dict)
    for table in AMOUNTS:
        for key, row in book.tables.get(table, {}).items():
            homes[table, row.get("household_id")][key] = row
    return homes


def _list_past(homes: _Homes, table: str, move: Move) -> list[tuple[str, dict[str, Any]]]:
    """List the old household's rows as known before the move, except statements that the new one has too."""
    own = {_name_statement(row) for row in homes[table, move.new].values()}
    latest: dict[str, dict[str, Any]] = {}
    rows = homes[table, move.old].items()
    for (record_id, recorded_on), row in sorted(rows, key=lambda item: item[0][1] or date.min):
        if (recorded_on or date.min) < move.on:
            latest[record_id] = row
    return [
        (record_id, row)
        for record_id, row in sorted(latest.items())
        if not row.get("withdrawn")
        and (table != "income" or row["amount"] is not None)
        and (not row.get("statement") or _name_statement(row) not in own)
    ]


def _name_statement(row: Mapping[str, Any]) -> tuple[object, ...]:
    return (row.get("statement"), row.get("source"), row.get("period_start"))

"""Whom a row of a list is about: what the row says, and the match in the register."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Decision = Literal["matched", "ask", "stranger"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a row says, as written in its cells, about the person or household that it is about.

    A field is ``None`` if the list has no such column or the cell is empty. ``id_number`` may be spoilt, masked or the
    number of a certificate. ``id_is_number`` is true if the cell held a number instead of text, of which a spreadsheet
    keeps only 15 digits. ``birth_month`` is the first day of the month of birth if the list does not give the day, and
    ``age`` is in years, as of some day before the list arrived.
    """

    name: str | None = None
    id_number: str | None = None
    id_is_number: bool = False
    head_name: str | None = None
    head_id: str | None = None
    relation: str | None = None
    household_no: str | None = None
    person_no: str | None = None
    town: str | None = None
    village: str | None = None
    group: str | None = None
    phone: str | None = None
    sex: str | None = None
    birth: date | None = None
    birth_month: date | None = None
    age: int | None = None

    @property
    def names_somebody(self) -> bool:
        """Whether the row names a person or a household, and not only a village."""
        return any((self.name, self.id_number, self.head_name, self.head_id, self.household_no))


@dataclass(frozen=True, slots=True)
class Match:
    """Result of looking up an identity in the register.

    ``matched`` with ``person_id=None`` means that only the household is certain. ``candidates`` are the codes of the
    possible persons for an ``ask``, or of the members of a certain household who have the name; ``reason`` is the code
    of a sentence that says why. ``conversions`` are fields whose cells had to be converted, each with a code from
    `riskml.lists.wording`.
    """

    decision: Decision
    person_id: str | None = None
    household_id: str | None = None
    reason: str = ""
    candidates: tuple[str, ...] = ()
    conversions: tuple[tuple[str, str], ...] = field(default=(), compare=False)

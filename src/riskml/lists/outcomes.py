"""What became of each row of a list, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from riskml.lists.reading.derived import Disagreement

Outcome = Literal["taken", "nothing", "repeated", "refused", "ask", "stranger", "ignored"]
OUTCOMES: tuple[Outcome, ...] = ("taken", "repeated", "nothing", "ask", "stranger", "refused", "ignored")

DECISIONS: dict[Outcome, str] = {**{outcome: outcome for outcome in OUTCOMES}, "taken": "matched", "repeated": "repeat"}
"""The word for each outcome in the audit file."""


class Piece(NamedTuple):
    """What a row contributes to one row of the records: that row's key, and the columns that come from the list."""

    table: str
    key: tuple[Any, ...]
    columns: tuple[str, ...]


class Fact(NamedTuple):
    """What a property comparison says about a person: a vehicle, a licence or a second home. It is not a record."""

    household_id: str
    person_id: str | None
    kind: str
    what: str
    happened_on: date | None
    received_on: date
    file: str


@dataclass(slots=True)
class RowOutcome:
    """What became of one row.

    ``reason`` is a code from `riskml.lists.wording`, ``column`` is the index of the column with the fault, or 0, and
    ``candidates`` are the codes of the persons whom the row may be about. ``disagreements`` are sums that their parts
    do not give.
    """

    file: str
    sheet: str
    row: int
    outcome: Outcome
    reason: str = ""
    person_id: str | None = None
    household_id: str | None = None
    record_id: str | None = None
    pieces: list[Piece] = field(default_factory=list)
    candidates: tuple[str, ...] = ()
    column: int = 0
    disagreements: Sequence[Disagreement] = ()


def count_outcomes(rows: Iterable[RowOutcome]) -> dict[Outcome, int]:
    """Count the rows by outcome, in the order of `OUTCOMES`; an outcome without rows is left out."""
    counts = Counter(row.outcome for row in rows)
    return {outcome: counts[outcome] for outcome in OUTCOMES if counts[outcome]}

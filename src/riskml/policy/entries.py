"""The rows of the policy table: one small class for each kind of row; its annotations say how each key is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from riskml.policy.dated import DatedTable
from riskml.policy.reading import Node
from riskml.records.contract.calendar import LOOK_BACK
from riskml.text import Joined, Text
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.terms import Term
from riskml.vocabulary.verdicts import COLOURS

FIRES = ("at_least", "above", "below")
"""How an observed value is compared with a threshold."""

BASES = ("line", "household_line", "rural_income")
"""What a relative threshold can be a multiple of."""

COUNTS_AS = ("shock", "hardship", "guarantee")
"""What a flag can count as; this decides how it affects the colour and the suggested category."""

GROUPS = ("ordinary", "ordinary, monitored", "exited", "exited, monitored")
"""Groups of households that can have their own thresholds; a group's position is 2 x exited + monitored."""

_PARTS = ("all", "exited", "ordinary", "monitored", "others")
_SPLITS = {
    frozenset({"all"}): ("all", "all", "all", "all"),
    frozenset({"exited", "ordinary"}): ("ordinary", "ordinary", "exited", "exited"),
    frozenset({"monitored", "others"}): ("others", "monitored", "others", "monitored"),
}


def _read_colour(node: Node) -> int:
    """Read a colour as its position in COLOURS; null is green."""
    return COLOURS.codes.index(node.read_choice_or_null(COLOURS) or "green")


def _read_values(node: Node) -> DatedTable[TriggerValue]:
    if not node.read_items():
        node.fail("is empty.", "Write one row with a threshold of null to switch the trigger off.")
    return DatedTable.read(node, TriggerValue.read)


String = Annotated[str, Node.read_text]
Region = Annotated[str, Node.read_region]
Day = Annotated[int, Node.read_day]
DayOrAlways = Annotated[int, Node.read_day_or_always]
Year = Annotated[int, lambda node: node.read_count(1949, 2200)]
Window = Annotated[int, lambda node: node.read_count(1, LOOK_BACK)]
Positive = Annotated[float, lambda node: node.read_number(0, exclusive=True)]
AtLeastOneOrNull = Annotated[float, lambda node: node.read_number_or_null(1)]
NotNegative = Annotated[float, lambda node: node.read_number(0)]
Probability = Annotated[float, lambda node: node.read_number(0, 1)]
Flag = Annotated[bool, Node.read_flag]
Fires = Annotated[str, lambda node: node.read_choice(FIRES)]
Base = Annotated[str | None, lambda node: node.read_choice_or_null(BASES)]
CauseOrNull = Annotated[str | None, lambda node: node.read_choice_or_null(CAUSES)]
CountsAs = Annotated[frozenset[str], lambda node: frozenset(item.read_choice(COUNTS_AS) for item in node.read_items())]
Words = Annotated[tuple[str, ...], lambda node: tuple(word.read_text() for word in node.read_items())]
Colour = Annotated[int, _read_colour]
Unread = Annotated[object, lambda _: None]


@dataclass(frozen=True)
class Line:
    """A monitoring line, yuan/person/year; its name is only for people who read the file."""

    region: Region
    effective_from: Day
    amount: Positive
    source: String
    name: Unread


@dataclass(frozen=True)
class IncomeRow:
    """Rural per-capita disposable income for a year, yuan/person/year, and the day from which it is used.

    A null amount in the file is read as NaN.
    """

    region: Region
    effective_from: Day
    year: Year
    amount: AtLeastOneOrNull
    source: String


@dataclass(frozen=True)
class TriggerValue:
    """Thresholds of a trigger for a region, in force from a day onwards.

    Parameters
    ----------
    region : str
    effective_from : int
    thresholds : tuple of float
        One threshold for each of ``GROUPS``; a trigger never fires if its threshold is NaN.
    written : dict of str to float
        Maps the names used in the file (``all``, or ``exited`` and ``ordinary``, ...) to the thresholds.
    source : str
    """

    region: str
    effective_from: int
    thresholds: tuple[float, ...]
    written: dict[str, float] = field(hash=False)
    source: str

    @classmethod
    def read(cls, node: Node) -> TriggerValue:
        """Read one row."""
        row = node.read_mapping(("region", "effective_from", "source"), _PARTS)
        written = {name: row[name].read_number_or_null() for name in node.read_entries() if name in _PARTS}
        split = _SPLITS.get(frozenset(written))
        if split is None:
            node.fail(
                "has thresholds for {written}.",
                "Give `all`, or `exited` and `ordinary`, or `monitored` and `others`; null switches one off.",
                written=Joined(written or [Text("nobody")]),
            )
        thresholds = tuple(written[name] for name in split)
        day = row["effective_from"].read_day_or_always()
        return cls(row["region"].read_region(), day, thresholds, written, row["source"].read_text())


@dataclass(frozen=True)
class _Named(Term):
    zh: String
    en: String


@dataclass(frozen=True)
class Trigger(_Named):
    """A trigger: its wording, what it counts as, how it fires, and its dated thresholds.

    Parameters
    ----------
    code, zh, en : str
    cause : str or None
        One of ``CAUSES``.
    counts_as : frozenset of str
        Elements of ``COUNTS_AS``.
    fires : str
        One of ``FIRES``.
    base : str or None
        One of ``BASES``; None means that thresholds are absolute.
    unit : str
    window : int
        Number of months before ``as_of`` that are considered.
    matches : tuple of str
        Words that a trigger looks for, if it reads text.
    values : DatedTable of TriggerValue
    """

    cause: CauseOrNull
    counts_as: CountsAs
    fires: Fires
    base: Base
    unit: String
    window: Window
    matches: Words
    values: Annotated[DatedTable[TriggerValue], _read_values] = field(hash=False, compare=False)


@dataclass(frozen=True)
class ColourRow:
    """Bounds of the income colours as multiples of the line, and colours for cases that the source does not settle.

    Colours are positions in COLOURS.
    """

    region: Region
    effective_from: DayOrAlways
    red_below: Positive
    orange_below: Positive
    yellow_up_to: Positive
    below_without_shock: Colour
    guarantee_unmet: Colour
    hardship: Colour
    below_after_spending: Colour
    source: String

    @classmethod
    def read(cls, node: Node) -> ColourRow:
        """Read one row."""
        # In a table that predates this key, the colour for this case is orange; null means green, as for other keys.
        stated = "below_after_spending" in node.read_entries()
        row = node.read_row(cls, below_after_spending=0 if stated else COLOURS.codes.index("orange"))
        if not row.red_below <= row.orange_below <= row.yellow_up_to:
            node.fail("has bounds out of order.", "They must satisfy red_below <= orange_below <= yellow_up_to.")
        return row


@dataclass(frozen=True)
class Tier(_Named):
    """A tier: its lowest probability, and the colour (a position in COLOURS) that it contributes to the signal.

    The names come from the vocabulary unless the file gives its own.
    """

    probability: Probability
    colour: Colour
    source: String


@dataclass(frozen=True)
class Switch(_Named):
    """An item of income or spending, and whether it counts."""

    counts: Flag
    source: String


@dataclass(frozen=True)
class Timing(_Named):
    """A deadline or an interval."""

    value: NotNegative
    unit: String
    source: String


@dataclass(frozen=True)
class Measure(_Named):
    """A measure of help."""

    code: String
    source: String


@dataclass(frozen=True)
class ReassessmentRow:
    """After how many months it is assessed again whether help works."""

    region: Region
    effective_from: Day
    months: Annotated[int, lambda node: node.read_count(1, 60)]
    source: String


@dataclass(frozen=True)
class CauseNames(_Named):
    """Names of a cause; a name that the file leaves out comes from the vocabulary."""

    topics: Unread  # a key in earlier versions of the table

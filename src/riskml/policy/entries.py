"""The rows of the policy table: one small class for each kind, which reads and checks it."""

from __future__ import annotations

from dataclasses import dataclass, field

from riskml.policy.codes import BASES, COUNTS_AS, FIRES
from riskml.policy.dated import DatedTable
from riskml.policy.reading import Node, Reader
from riskml.records.contract.calendar import LOOK_BACK
from riskml.records.panel.lines import LineRow
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.terms import Term
from riskml.vocabulary.verdicts import COLOURS, TIERS

__all__ = [
    "GROUPS",
    "ColourRow",
    "IncomeRow",
    "Measure",
    "Switch",
    "Tier",
    "Timing",
    "Trigger",
    "TriggerValue",
    "read_cause",
    "read_line",
]

GROUPS = ("ordinary", "ordinary, monitored", "exited", "exited, monitored")
"""Groups of households that can have thresholds of their own: position = 2 x exited + monitored."""

_SPLITS = {
    frozenset({"all"}): ("all", "all", "all", "all"),
    frozenset({"exited", "ordinary"}): ("ordinary", "ordinary", "exited", "exited"),
    frozenset({"monitored", "others"}): ("others", "monitored", "others", "monitored"),
}

_NAMED: dict[str, Reader] = {"zh": Node.read_text, "en": Node.read_text}
_DATED: dict[str, Reader] = {"region": Node.read_region, "effective_from": Node.read_day}
_DATED_OR_ALWAYS: dict[str, Reader] = {"region": Node.read_region, "effective_from": Node.read_day_or_always}


def _read_colour(node: Node) -> int:
    """Read a colour as its position in COLOURS; null is green."""
    return COLOURS.codes.index(node.read_choice_or_null(COLOURS) or "green")


def _read_values(node: Node) -> DatedTable[TriggerValue]:
    if not node.read_items():
        node.fail("is empty.", "Write one row with a threshold of null to switch the trigger off.")
    return DatedTable.read(node, TriggerValue.read)


def _make_name_readers(term: Term) -> dict[str, Reader]:
    """Make readers of the names that a place gives a term; null is the name of the vocabulary."""
    return {
        "zh": lambda node: term.zh if node.value is None else node.read_text(),
        "en": lambda node: term.en if node.value is None else node.read_text(),
    }


@dataclass(frozen=True)
class IncomeRow:
    """Rural per-capita disposable income of a year, yuan/person/year, and the day from which it is used."""

    region: str
    effective_from: int
    year: int
    amount: float
    source: str

    @classmethod
    def read(cls, node: Node) -> IncomeRow:
        """Read one row; a null amount is NaN."""
        return cls(
            **node.read_row(
                **_DATED,
                year=lambda year: year.read_count(1949, 2200),
                amount=lambda amount: amount.read_number_or_null(1),
                source=Node.read_text,
            )
        )


@dataclass(frozen=True)
class TriggerValue:
    """Thresholds of a trigger in a region from a day on.

    Parameters
    ----------
    region : str
    effective_from : int
    thresholds : tuple of float
        One for each of ``GROUPS``; NaN never fires.
    written : dict of str to float
        The thresholds as the file writes them (``all``, or ``exited`` and ``ordinary``, ...).
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
        names = {name: Node.read_number_or_null for split in _SPLITS for name in sorted(split)}
        row = node.read_row(names, **_DATED_OR_ALWAYS, source=Node.read_text)
        written = {name: row[name] for name in node.read_entries() if name in names}
        if frozenset(written) not in _SPLITS:
            node.fail(
                f"has thresholds for {', '.join(written) or 'nobody'}.",
                "Give `all`, or `exited` and `ordinary`, or `monitored` and `others`; null switches one off.",
            )
        thresholds = tuple(written[name] for name in _SPLITS[frozenset(written)])
        return cls(row["region"], row["effective_from"], thresholds, written, row["source"])


@dataclass(frozen=True)
class Trigger(Term):
    """A trigger: how it reads, what it counts as, how it fires, and its dated thresholds.

    Parameters
    ----------
    code, zh, en : str
    cause : str or None
        One of ``CAUSES``.
    counts_as : frozenset of str
        Of ``COUNTS_AS``.
    fires : str
        Of ``FIRES``.
    base : str or None
        Of ``BASES``; none means that thresholds are absolute.
    unit : str
    window : int
        Months before ``as_of`` that are looked at.
    matches : tuple of str
        Words looked for in a text, for triggers that read one.
    values : DatedTable of TriggerValue
    """

    cause: str | None
    counts_as: frozenset[str]
    fires: str
    base: str | None
    unit: str
    window: int
    matches: tuple[str, ...]
    values: DatedTable[TriggerValue] = field(hash=False, compare=False)

    @classmethod
    def read(cls, code: str, node: Node) -> Trigger:
        """Read one trigger."""
        row = node.read_row(
            {"matches": lambda words: tuple(word.read_text() for word in words.read_items_or_none())},
            **_NAMED,
            cause=lambda cause: cause.read_choice_or_null(CAUSES),
            counts_as=lambda codes: frozenset(item.read_choice(COUNTS_AS) for item in codes.read_items()),
            fires=lambda how: how.read_choice(FIRES),
            base=lambda base: base.read_choice_or_null(BASES),
            unit=Node.read_text,
            window=lambda months: months.read_count(1, LOOK_BACK),
            values=_read_values,
        )
        return cls(code, **row)


@dataclass(frozen=True)
class ColourRow:
    """Bounds of the income colour in multiples of the line, and what the source leaves open (positions in COLOURS)."""

    region: str
    effective_from: int
    red_below: float
    orange_below: float
    yellow_up_to: float
    below_without_shock: int
    guarantee_unmet: int
    hardship: int
    source: str

    @classmethod
    def read(cls, node: Node) -> ColourRow:
        """Read one row."""
        bounds = ("red_below", "orange_below", "yellow_up_to")
        open_cases = ("below_without_shock", "guarantee_unmet", "hardship")
        row = node.read_row(
            **_DATED_OR_ALWAYS,
            **dict.fromkeys(bounds, lambda bound: bound.read_number(0, exclusive=True)),
            **dict.fromkeys(open_cases, _read_colour),
            source=Node.read_text,
        )
        if not row["red_below"] <= row["orange_below"] <= row["yellow_up_to"]:
            node.fail("has bounds out of order.", "red_below <= orange_below <= yellow_up_to is needed.")
        return cls(**row)


@dataclass(frozen=True)
class Tier(Term):
    """A tier: the smallest probability in it, and the position in COLOURS that it adds to the signal.

    The names are those of the vocabulary, unless a place gives its own.
    """

    probability: float
    colour: int
    source: str

    @classmethod
    def read(cls, code: str, node: Node) -> Tier:
        """Read one tier."""

        def read_probability(node: Node) -> float:
            probability = node.read_number(0, 1)
            if code == TIERS.codes[0] and probability > 0:
                node.fail(f"is {probability:g}, but the tier {code!r} begins at 0.")
            return probability

        names = _make_name_readers(TIERS[code])
        row = node.read_row(names, probability=read_probability, colour=_read_colour, source=Node.read_text)
        return cls(code, **row)


@dataclass(frozen=True)
class Switch(Term):
    """An item of income or spending, and whether it counts."""

    counts: bool
    source: str

    @classmethod
    def read(cls, code: str, node: Node) -> Switch:
        """Read one switch."""
        return cls(code, **node.read_row(**_NAMED, counts=Node.read_flag, source=Node.read_text))


@dataclass(frozen=True)
class Timing(Term):
    """A deadline or a rhythm."""

    value: float
    unit: str
    source: str

    @classmethod
    def read(cls, code: str, node: Node) -> Timing:
        """Read one deadline."""
        value: Reader = lambda value: value.read_number(0)  # noqa: E731
        return cls(code, **node.read_row(**_NAMED, value=value, unit=Node.read_text, source=Node.read_text))


@dataclass(frozen=True)
class Measure(Term):
    """A measure of help."""

    source: str

    @classmethod
    def read(cls, node: Node) -> Measure:
        """Read one measure."""
        return cls(**node.read_row(code=Node.read_text, **_NAMED, source=Node.read_text))


def read_line(node: Node) -> LineRow:
    """Read one monitoring line as the row that the records ask where their folder has none."""
    row = node.read_row(
        {"name": lambda _: None},
        **_DATED,
        amount=lambda amount: amount.read_number(0, exclusive=True),
        source=Node.read_text,
    )
    return LineRow(row["region"], row["effective_from"], row["amount"], row["source"])


def read_cause(code: str, node: Node) -> Term:
    """Read how a place names a cause; what it does not name has the name of the vocabulary."""
    row = node.read_row(
        {**_make_name_readers(CAUSES[code]), "topics": lambda _: None}
    )  # topics: of earlier tables, never read
    return Term(code, row["zh"], row["en"])

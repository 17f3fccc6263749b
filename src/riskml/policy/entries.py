"""The rows of the policy table: one small class for each kind, which reads and checks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from riskml.policy.codes import BASES, COUNTS_AS, FIRES
from riskml.policy.dated import DatedTable
from riskml.policy.reading import Node
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
        row = node.read_mapping(["region", "effective_from", "year", "amount", "source"])
        return cls(
            row["region"].read_region(),
            row["effective_from"].read_day(),
            row["year"].read_count(1949, 2200),
            row["amount"].read_number_or_null(1),
            row["source"].read_text(),
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
        names = [name for split in _SPLITS for name in sorted(split)]
        row = node.read_mapping(["region", "effective_from", "source"], names)
        groups = [name for name in node.read_entries() if name in names]
        if frozenset(groups) not in _SPLITS:
            node.fail(
                f"has thresholds for {', '.join(groups) or 'nobody'}.",
                "Give `all`, or `exited` and `ordinary`, or `monitored` and `others`; null switches one off.",
            )
        written = {name: row[name].read_number_or_null() for name in groups}
        return cls(
            row["region"].read_region(),
            row["effective_from"].read_day_or_always(),
            tuple(written[name] for name in _SPLITS[frozenset(groups)]),
            written,
            row["source"].read_text(),
        )


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
        required = ["zh", "en", "cause", "counts_as", "fires", "base", "unit", "window", "values"]
        row = node.read_mapping(required, ["matches"])
        nodes = row["values"].read_items()
        if not nodes:
            row["values"].fail("is empty.", "Write one row with a threshold of null to switch the trigger off.")
        return cls(
            code,
            row["zh"].read_text(),
            row["en"].read_text(),
            None if row["cause"].value is None else row["cause"].read_choice(CAUSES),
            frozenset(item.read_choice(COUNTS_AS) for item in row["counts_as"].read_items()),
            row["fires"].read_choice(FIRES),
            None if row["base"].value is None else row["base"].read_choice(BASES),
            row["unit"].read_text(),
            row["window"].read_count(1, LOOK_BACK),
            () if row["matches"].value is None else tuple(item.read_text() for item in row["matches"].read_items()),
            DatedTable([TriggerValue.read(item) for item in nodes], nodes),
        )


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
        bounds = ["red_below", "orange_below", "yellow_up_to"]
        open_cases = ["below_without_shock", "guarantee_unmet", "hardship"]
        row = node.read_mapping(["region", "effective_from", *bounds, *open_cases, "source"])
        red, orange, yellow = (row[name].read_number(0, exclusive=True) for name in bounds)
        if not red <= orange <= yellow:
            node.fail("has bounds out of order.", "red_below <= orange_below <= yellow_up_to is needed.")
        return cls(
            row["region"].read_region(),
            row["effective_from"].read_day_or_always(),
            red,
            orange,
            yellow,
            _colour(row["below_without_shock"]),
            _colour(row["guarantee_unmet"]),
            _colour(row["hardship"]),
            row["source"].read_text(),
        )


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
        row = node.read_mapping(["probability", "colour", "source"], ["zh", "en"])
        probability = row["probability"].read_number(0, 1)
        if code == TIERS.codes[0] and probability > 0:
            row["probability"].fail(f"is {probability:g}, but the tier {code!r} begins at 0.")
        return cls(code, *_names(row, TIERS[code]), probability, _colour(row["colour"]), row["source"].read_text())


@dataclass(frozen=True)
class Switch(Term):
    """An item of income or spending, and whether it counts."""

    counts: bool
    source: str

    @classmethod
    def read(cls, code: str, node: Node) -> Switch:
        """Read one switch."""
        row = node.read_mapping(["zh", "en", "counts", "source"])
        return cls(
            code, row["zh"].read_text(), row["en"].read_text(), row["counts"].read_flag(), row["source"].read_text()
        )


@dataclass(frozen=True)
class Timing(Term):
    """A deadline or a rhythm."""

    value: float
    unit: str
    source: str

    @classmethod
    def read(cls, code: str, node: Node) -> Timing:
        """Read one deadline."""
        row = node.read_mapping(["zh", "en", "value", "unit", "source"])
        return cls(
            code,
            row["zh"].read_text(),
            row["en"].read_text(),
            row["value"].read_number(0),
            row["unit"].read_text(),
            row["source"].read_text(),
        )


@dataclass(frozen=True)
class Measure(Term):
    """A measure of help."""

    source: str

    @classmethod
    def read(cls, node: Node) -> Measure:
        """Read one measure."""
        row = node.read_mapping(["code", "zh", "en", "source"])
        return cls(*(row[name].read_text() for name in ("code", "zh", "en", "source")))


def read_line(node: Node) -> LineRow:
    """Read one monitoring line as the row that the records ask where their folder has none."""
    row = node.read_mapping(["region", "effective_from", "amount", "source"], ["name"])
    return LineRow(
        row["region"].read_region(),
        row["effective_from"].read_day(),
        row["amount"].read_number(0, exclusive=True),
        row["source"].read_text(),
    )


def read_cause(code: str, node: Node) -> Term:
    """Read how a place names a cause; what it does not name has the name of the vocabulary."""
    row = node.read_mapping([], ["zh", "en", "topics"])  # topics: of earlier tables, where nothing read them
    return Term(code, *_names(row, CAUSES[code]))


def _names(row: Mapping[str, Node], term: Term) -> tuple[str, str]:
    zh, en = (term.get_name(lang) if row[lang].value is None else row[lang].read_text() for lang in ("zh", "en"))
    return zh, en


def _colour(node: Node) -> int:
    """Position in COLOURS; null is green."""
    return 0 if node.value is None else COLOURS.codes.index(node.read_choice(COLOURS))

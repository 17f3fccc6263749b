"""The policy table: rules as dated rows with sources, read from a YAML file and checked."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from riskml.errors import PolicyError, explaining
from riskml.policy.case import SPENDING
from riskml.policy.dated import DatedTable
from riskml.policy.entries import (
    CauseNames,
    ColourRow,
    IncomeRow,
    Line,
    Measure,
    ReassessmentRow,
    Switch,
    Tier,
    Timing,
    Trigger,
)
from riskml.policy.in_force import InForce, Layout
from riskml.policy.reading import Node, read_yaml, suggest
from riskml.policy.triggers import TRIGGERS
from riskml.records.contract.calendar import to_date
from riskml.records.panel.lines import LineRow
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.terms import Term
from riskml.vocabulary.verdicts import TIERS

T = TypeVar("T")

LONGEST_VERSION = 40
"""Maximum length of the version that a file states; databases and file names contain it, followed by the hash."""

_CACHED = 50_000
"""Number of combinations of a region and a day for which the rows in force are cached."""


@dataclass(frozen=True)
class Policy:
    """A checked policy table.

    Parameters
    ----------
    version : str
        Version that the file states, followed by ``+`` and 12 hexadecimal digits of the SHA-256 hash of the content. It
        depends on every figure, but not on comments, the order of keys or the way numbers are written.
    lines : list of LineRow
        Monitoring lines, for ``Records.load(..., fallback_lines=policy.lines)``.
    rural_income : DatedTable of IncomeRow
        Rural per-capita disposable income; rows with an unknown amount are left out.
    triggers : dict of str to Trigger
        Maps each code to its trigger, sorted by code.
    colours : DatedTable of ColourRow
    tiers : dict of str to Tier
    visit_capacity : float
        Fraction of the households at risk that can be visited.
    spending, counting : dict of str to Switch
        Items of unavoidable spending and of income, and whether each of them counts.
    timing : dict of str to Timing
    reassessment : DatedTable of ReassessmentRow
        After how many months it is assessed again whether help works. It concerns procedure only, so a file may leave
        it out; the packaged rows then apply, and no verdict and no version depends on them.
    causes : dict of str to Term
        Names of the causes.
    measures : dict of str to tuple of Measure
        Measures of help by cause.
    """

    version: str
    lines: list[LineRow]
    rural_income: DatedTable[IncomeRow]
    triggers: dict[str, Trigger]
    colours: DatedTable[ColourRow]
    tiers: dict[str, Tier]
    visit_capacity: float
    spending: dict[str, Switch]
    counting: dict[str, Switch]
    timing: dict[str, Timing]
    reassessment: DatedTable[ReassessmentRow]
    causes: dict[str, Term]
    measures: dict[str, tuple[Measure, ...]]
    _in_force: dict[tuple[str, int], InForce] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def usual_lines(self) -> list[tuple[str, dt.date, float]]:
        """The lines as region prefix, first day and amount, for `riskml.records.checking.check.check`."""
        return [(row.region_prefix, to_date(row.effective_from), row.amount) for row in self.lines]

    @cached_property
    def layout(self) -> Layout:
        """The triggers, grouped by how they fire, by the base of their thresholds, and by what they count as."""
        return Layout.group(self.triggers.values())

    def find_in_force(self, region: str, day: int) -> InForce:
        """Find the rows in force in a region on a day."""
        rows = self._in_force.get((region, day))
        if rows is None:
            if len(self._in_force) >= _CACHED:
                self._in_force.clear()
            rows = InForce.look_up(self.triggers.values(), self.colours, self.rural_income, region, day)
            self._in_force[region, day] = rows
        return rows

    @cached_property
    def _tier_bounds(self) -> NDArray[np.float64]:
        return np.array([self.tiers[code].probability for code in TIERS])

    def assign_tiers(self, probability: NDArray[np.float64]) -> NDArray[np.int8]:
        """Assign a tier to each probability, as a position in ``TIERS``; -1 if the probability is NaN.

        >>> load_policy().assign_tiers(np.array([0.3, 0.2999, 0.0, np.nan])).tolist()
        [2, 1, 0, -1]
        """
        positions = np.searchsorted(self._tier_bounds, probability, side="right") - 1
        return np.where(np.isnan(probability), -1, positions).astype(np.int8)


def load_policy(path: str | Path | None = None) -> Policy:
    """Read and check a policy table.

    Parameters
    ----------
    path : str or Path, optional
        A YAML file with the same structure as the packaged one; by default the packaged one is read.

    Returns
    -------
    Policy

    Raises
    ------
    PolicyError
        If the file cannot be read, or a value in it is wrong; the message names the value's path inside the file.

    Examples
    --------
    >>> [row.amount for row in load_policy().lines if row.region_prefix == "13"]
    [5000.0, 7300.0, 8300.0]
    """
    if path is None:
        return _load_packaged()
    try:
        with explaining("The policy file {path} cannot be read: {reason}.", "Check the path.", PolicyError, path=path):
            text = Path(path).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError("The policy file {path} is not UTF-8.", "Save it as UTF-8.", path=path) from error
    return parse_policy(text, str(path))


@cache
def _load_packaged() -> Policy:
    policy = parse_policy(files("riskml.policy").joinpath("policy.yaml").read_text("utf-8"), "policy.yaml")
    for cause in CAUSES:
        if not policy.measures[cause]:
            raise PolicyError(
                "policy.yaml: measures has no row for the cause {cause!r} of riskml/vocabulary/causes.py.",
                "Add `{cause}:` with at least one measure (code, zh, en, source) to riskml/policy/policy.yaml.",
                cause=cause,
            )
    return policy


def parse_policy(text: str, name: str = "policy.yaml") -> Policy:
    """Parse and check the text of a policy table; see :func:`load_policy`."""
    file = read_yaml(text, name)
    keys = ["version", "visit_capacity", "lines", "rural_income", "triggers", "colours", "tiers"]
    keys += ["spending", "counting", "timing", "measures"]
    root = file.read_mapping(keys, ["causes", "income_window", "reassessment"])
    return Policy(
        lines=_read_lines(root["lines"]),
        rural_income=_read_rural_income(root["rural_income"]),
        triggers=_read_triggers(root["triggers"]),
        colours=DatedTable.read(root["colours"], ColourRow.read),
        tiers=_read_tiers(root["tiers"]),
        visit_capacity=root["visit_capacity"].read_number(0, 1, exclusive=True),
        spending=_read_terms(root["spending"].read_mapping(list(SPENDING)), Switch),
        counting=_read_terms(root["counting"].read_entries(), Switch),
        timing=_read_terms(root["timing"].read_entries(), Timing),
        reassessment=_read_reassessment(root["reassessment"]),
        causes=_read_causes(root["causes"]),
        measures=_read_measures(root["measures"]),
        version=f"{root['version'].read_text(LONGEST_VERSION)}+{_hash(file.value)[:12]}",
    )


def _hash(content: object) -> str:
    """Hash the content with SHA-256, written as JSON with sorted keys, whole numbers as floats and dates as text."""
    plain = json.loads(json.dumps(content, default=str), parse_int=float)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _read_lines(node: Node) -> list[LineRow]:
    rows = DatedTable.read(node, lambda item: item.read_row(Line, name=None)).rows
    return [LineRow(row.region, row.effective_from, row.amount, row.source) for row in rows]


def _read_rural_income(node: Node) -> DatedTable[IncomeRow]:
    rows = [(item.read_row(IncomeRow), item) for item in node.read_items()]
    stated = [(row, item) for row, item in rows if not np.isnan(row.amount)]
    return DatedTable([row for row, _ in stated], [item for _, item in stated])


def _read_triggers(node: Node) -> dict[str, Trigger]:
    entries = node.read_entries()
    for code, item in entries.items():
        if code not in TRIGGERS:
            item.fail("is not a trigger that riskml can observe.", suggest(code, sorted(TRIGGERS)))
    return {code: entries[code].read_row(Trigger, code=code, matches=()) for code in sorted(entries)}


def _read_tiers(node: Node) -> dict[str, Tier]:
    entries = node.read_mapping(TIERS.codes)
    tiers = {code: item.read_row(Tier, **vars(TIERS[code])) for code, item in entries.items()}
    lowest, begins = TIERS.codes[0], tiers[TIERS.codes[0]].probability
    if begins > 0:
        probability = entries[lowest].read_entries()["probability"]
        probability.fail("is {begins:g}, but the tier {lowest!r} begins at 0.", begins=begins, lowest=lowest)
    for safer, worse in pairwise(TIERS.codes):
        if tiers[worse].probability <= tiers[safer].probability:
            node.fail(
                "has no room for {safer!r}: {worse!r} must begin at a higher probability.", safer=safer, worse=worse
            )
        if tiers[worse].colour < tiers[safer].colour:
            node.fail("gives {worse!r} a safer colour than {safer!r}.", worse=worse, safer=safer)
    return tiers


def _read_causes(node: Node) -> dict[str, Term]:
    rows = {} if node.value is None else node.read_mapping([], CAUSES.codes)
    causes: dict[str, Term] = dict(CAUSES)
    for code, row in rows.items():
        if row.value is not None:
            names = row.read_row(CauseNames, code=code, zh=CAUSES[code].zh, en=CAUSES[code].en, topics=None)
            causes[code] = Term(code, names.zh, names.en)
    return causes


def _read_reassessment(node: Node) -> DatedTable[ReassessmentRow]:
    if node.value is None:
        text = files("riskml.policy").joinpath("procedure.yaml").read_text("utf-8")
        node = read_yaml(text, "procedure.yaml").read_mapping(["reassessment"])["reassessment"]
    return DatedTable.read(node, lambda item: item.read_row(ReassessmentRow))


def _read_measures(node: Node) -> dict[str, tuple[Measure, ...]]:
    entries = node.read_mapping([], CAUSES.codes)
    rows = {cause: [] if item.value is None else item.read_items() for cause, item in entries.items()}
    return {cause: tuple(row.read_row(Measure) for row in items) for cause, items in rows.items()}


def _read_terms(entries: dict[str, Node], term: type[T]) -> dict[str, T]:
    return {code: item.read_row(term, code=code) for code, item in entries.items()}

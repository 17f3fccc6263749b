"""The fields of a household's score, each declared once.

The table of scores is derived from ``FIELDS``, and so are the service's database columns, files, responses and pages. A
new field is declared here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Codes, Floats
from riskml.records.contract.calendar import to_date
from riskml.records.contract.versions import NO_DAY
from riskml.vocabulary.terms import Term, Vocabulary
from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, STATUSES, TIERS, UNKNOWN_COLOUR

if TYPE_CHECKING:  # processes that judge no households import this module too, and should start quickly
    from riskml.policy import Verdicts


@dataclass(frozen=True)
class Opinion:
    """The verdicts of the model and of the rule line on a panel's households, each judged independently of the others.

    Parameters
    ----------
    status : array of int8, shape (n,)
        Positions in ``STATUSES``.
    margin, probability : array of float64, shape (n,)
        Log odds before calibration, and calibrated probability; NaN unless the household is at risk.
    tier : array of int8, shape (n,)
        Positions in ``TIERS``; -1 unless the household is at risk.
    signal : array of int8, shape (n,)
        Positions in ``COLOURS``; -1 if unknown.
    income_until : array of int32, shape (n,)
        Last day of the last reported month in the window over which income is measured; ``NO_DAY`` if there is none.
    verdicts : Verdicts
        Verdicts of the rule line, which an explanation can reuse.
    """

    status: Codes
    margin: Floats
    probability: Floats
    tier: Codes
    signal: Codes
    income_until: NDArray[np.int32]
    verdicts: Verdicts

    @property
    def rule_colour(self) -> Codes:
        """Colours of the rule line, as positions in ``COLOURS``, shape (n,)."""
        return self.verdicts.colour

    @cached_property
    def flags(self) -> list[str]:
        """Codes of the triggers that fired, joined by ``;``, one string per household."""
        return [";".join(self.verdicts.list_flag_codes(i)) for i in range(len(self.verdicts))]


class Kind(StrEnum):
    """How a field is represented in arrays and as plain Python values."""

    WORD = "word"
    """An array holds positions in ``words``; a plain value is one of the words."""
    LEVEL = "level"
    """Arrays and plain values both hold positions in ``words``, in order of severity for sorting; -1 means none."""
    NUMBER = "number"
    """An array holds numbers, with NaN for none; a plain value is a number or None."""
    FLAGS = "flags"
    """Arrays and plain values both hold the codes of triggers, joined by ``;``."""
    DAY = "day"
    """An array holds day numbers, with ``NO_DAY`` for none; a plain value is a date or None."""
    VERSION = "version"
    """Text that names the version of the model or of the policy, the same for every household."""


@dataclass(frozen=True)
class Field:
    """One field of a score.

    Parameters
    ----------
    name : str
    kind : Kind
    read : callable, optional
        Reads the field from an :class:`Opinion` as an array of its kind, shape (n,). It is None for versions, and for a
        field that is known only after all households have been compared.
    terms : Vocabulary, optional
        Values that a ``WORD`` or ``LEVEL`` field can take.
    nullable : bool, default False
    otherwise : Term, optional
        Value for position -1, for a field that is never null.
    bounds : tuple of float, optional
        The smallest and the largest number allowed.
    identity : bool, default True
        Whether two scores that differ only in this field count as different scores.
    brief : bool, default True
        Whether the field is included in a short response about a changed score.
    description : str
        Text for the API description.
    label : tuple of str, optional
        What a page shows next to the value, in Chinese and English; None if pages have a special layout for the field.
    header : str
        Header in a workbook of scores, in Chinese; a field with a label needs none.
    """

    name: str
    kind: Kind
    read: Callable[[Opinion], NDArray[Any]] | None = None
    terms: Vocabulary[Any] | None = None
    nullable: bool = False
    otherwise: Term | None = None
    bounds: tuple[float, float] | None = None
    identity: bool = True
    brief: bool = True
    description: str = ""
    label: tuple[str, str] | None = None
    header: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """Codes of the terms, without the one for position -1."""
        return () if self.terms is None else self.terms.codes

    def spell(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn an array of the field into the values that a table of scores shows."""
        if self.kind is Kind.DAY:
            return np.array(self.to_plain(values), dtype=object)
        if not self.words:
            return values
        words = np.array([*self.words, self.otherwise and self.otherwise.code], dtype=object)
        return np.asarray(words[values])  # -1 (none) selects the last word

    def to_plain(self, values: NDArray[Any]) -> list[Any]:
        """Turn an array of the field into plain Python values, as a database stores them."""
        match self.kind:
            case Kind.WORD:
                return [self.words[i] for i in values.tolist()]
            case Kind.NUMBER:
                return [None if value != value else value for value in values.tolist()]
            case Kind.DAY:
                return [None if day == NO_DAY else to_date(day) for day in values.tolist()]
            case _:
                return list(values.tolist())


FIELDS: tuple[Field, ...] = (
    Field("status", Kind.WORD, lambda o: o.status, STATUSES, header="情况"),
    Field(
        "probability",
        Kind.NUMBER,
        lambda o: o.probability,
        nullable=True,
        bounds=(0, 1),
        description="Calibrated; null unless at risk.",
        header="返贫致贫概率",
    ),
    Field(
        "margin",
        Kind.NUMBER,
        lambda o: o.margin,
        nullable=True,
        brief=False,
        description="Log odds before calibration.",
        header="模型原始分（校准前对数几率）",
    ),
    Field("tier", Kind.LEVEL, lambda o: o.tier, TIERS, nullable=True, header="模型分级"),
    Field("rule_signal", Kind.LEVEL, lambda o: o.rule_colour, COLOURS, otherwise=UNKNOWN_COLOUR, header="规则信号"),
    Field(
        "signal",
        Kind.LEVEL,
        lambda o: o.signal,
        COLOURS,
        otherwise=UNKNOWN_COLOUR,
        description="Never milder than the rule line's.",
        header="信号",
    ),
    Field(
        "rule_flags",
        Kind.FLAGS,
        lambda o: np.array(o.flags, dtype=object),
        description="Triggers that fired.",
        header="规则提示",
    ),
    Field("agreement", Kind.WORD, terms=AGREEMENTS, nullable=True, header="规则与模型"),
    Field(
        "income_until",
        Kind.DAY,
        lambda o: o.income_until,
        nullable=True,
        description="Last day of the last month that is reported in the income window that counts.",
        header="收入数据截至",
    ),
    Field("model_version", Kind.VERSION, header="模型版本"),
    Field("policy_version", Kind.VERSION, header="政策表版本"),
)
"""Fields of a score, in the order of the table of scores."""


def read_fields(opinion: Opinion) -> dict[str, NDArray[Any]]:
    """Read every field that does not depend on other households, as arrays of shape (n,) by name."""
    return {field.name: field.read(opinion) for field in FIELDS if field.read is not None}

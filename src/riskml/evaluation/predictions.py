"""The input of an evaluation: labelled test rows and the predictions of each model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from riskml.errors import ModelError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class TestRows:
    """Labelled rows on which models are compared, one per household and as-of date.

    Parameters
    ----------
    household : array of int64, shape (n,)
        Number of the household, which must be the same at every as-of date, since intervals are computed by resampling
        households, not rows.
    as_of : array of int32, shape (n,)
        Day number.
    label : array of int8, shape (n,)
        1 if the household fell, 0 if not.
    by : array of int8, shape (n,)
        How the household fell (see ``riskml.outcomes.FALL_KINDS``): 0 for no fall, 1 for income below the line, 2 for
        income below the line after unavoidable spending, 3 for entry into monitoring.
    lead : array of float, shape (n,)
        Months from the as-of date to the fall, that is, to the first month end at which income is below the line
        (before or after unavoidable spending), or to the entry into monitoring if that is earlier.
        Used only for households that fell.
    rule_positive : array of bool, shape (n,)
        Whether the rule line raises any flag at the as-of date.
    household_code : array of str, shape (n,)
        Code of the household, used to break ties at the end of a visit list.
    groups : dict of str to array of str, shape (n,)
        Groups to audit, such as ``category``, ``region`` and ``no_labour``.
    first_rule_flag : array of float, shape (n,), optional
        Months from the as-of date to the first month end at which the rule line raises any flag: 0 if it raises one at
        the as-of date, NaN if it raises none within the horizon. Used only for households that fell. If the array is
        not passed, no lead over the rule line is reported.
    """

    __test__: ClassVar[bool] = False  # pytest must not collect a class of this name

    household: NDArray[np.int64]
    as_of: NDArray[np.int32]
    label: NDArray[np.int8]
    by: NDArray[np.int8]
    lead: FloatArray
    rule_positive: BoolArray
    household_code: NDArray[np.str_]
    groups: dict[str, NDArray[np.str_]] = field(default_factory=dict)
    first_rule_flag: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.household)

    @property
    def positive(self) -> BoolArray:
        """Whether each row's household fell, shape (n,)."""
        return np.asarray(self.label == 1)


@dataclass(frozen=True)
class Prediction:
    """The predictions of one model for every test row.

    Parameters
    ----------
    score : array of float, shape (n,)
        Higher is riskier; only the order matters.
    probability : array of float, shape (n,)
        Probability of a fall, from 0 to 1.

    Raises
    ------
    ModelError
        If a score is missing, or a probability is missing or lies outside 0 to 1.
    """

    score: FloatArray
    probability: FloatArray

    def __post_init__(self) -> None:
        valid = ~np.isnan(self.score) & (self.probability >= 0) & (self.probability <= 1)
        if not valid.all():
            raise ModelError(
                "{count} test row(s) have no score, or no probability from 0 to 1.",
                "Every model must score every test row.",
                count=int(np.count_nonzero(~valid)),
            )

    def __len__(self) -> int:
        return len(self.score)

"""What a check is: it reads evidence and returns a finding, nothing, or why it does not apply."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = [
    "ChampionEvidence",
    "Check",
    "CheckContext",
    "Finding",
    "MonotoneProbe",
    "NotApplicable",
    "SplitEvidence",
    "shorten_list_zh",
]


def shorten_list_zh(values: Iterable[str], most: int = 5) -> str:
    """Join values for a Chinese message, at most ``most`` of them.

    >>> shorten_list_zh(["甲", "乙", "丙"], most=2)
    '甲、乙等 3 项'
    """
    texts = list(values)
    return "、".join(texts[:most]) + (f"等 {len(texts)} 项" if len(texts) > most else "")


@dataclass(frozen=True)
class SplitEvidence:
    """Dates of training and test rows.

    Parameters
    ----------
    train_as_of, test_as_of : sequence of int
        Day numbers; each date once is enough.
    horizon : int
        Months that a label looks ahead.
    labels_known_by : int, optional
        Day up to which records could enter the training labels; none where that was not limited.
    """

    train_as_of: Sequence[int]
    test_as_of: Sequence[int]
    horizon: int
    labels_known_by: int | None = None


@dataclass(frozen=True)
class MonotoneProbe:
    """How a model moved while one feature with a demanded direction rose and everything else stood still.

    Parameters
    ----------
    feature : str
    direction : int
        1 where a higher value may only raise the risk, -1 where it may only lower it.
    worst : float
        Largest move of the margin against the direction; 0 where there was none.
    """

    feature: str
    direction: int
    worst: float


@dataclass(frozen=True)
class ChampionEvidence:
    """The candidate's average precision less the champion's.

    Parameters
    ----------
    value : float or None
        None where there is no average precision.
    ci : sequence of two floats, optional
        95 % interval over the same resamples of households.
    same_rows : bool
        Whether both models were measured on the same test rows.
    """

    value: float | None
    ci: Sequence[float] | None
    same_rows: bool = True


@dataclass(frozen=True)
class CheckContext:
    """Evidence for the checks.

    Parameters
    ----------
    evaluation : mapping
        What ``evaluate`` returns for the candidate and its baselines.
    split : SplitEvidence
    monotonicity : sequence of MonotoneProbe
        One for each feature with a demanded direction.
    champion : ChampionEvidence, optional
        None where no model has been released yet.
    feature_auc : mapping of str to float, optional
        Area under the ROC curve of each feature by itself on the test rows.
    drift : mapping of str to float, optional
        Population stability index of each feature between training and test rows.
    """

    evaluation: Mapping[str, Any]
    split: SplitEvidence
    monotonicity: Sequence[MonotoneProbe]
    champion: ChampionEvidence | None = None
    feature_auc: Mapping[str, float] | None = None
    drift: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Finding:
    """Something is wrong with a model.

    Parameters
    ----------
    message : str
        What, where and how much.
    hint : str
        What to do.
    blocking : bool, default True
        Whether the model may not be released; otherwise it is a warning.
    zh, hint_zh : str
        Message and hint in Chinese.
    """

    message: str
    hint: str
    blocking: bool = True
    zh: str = ""
    hint_zh: str = ""


@dataclass(frozen=True)
class NotApplicable:
    """A check has nothing to look at.

    Parameters
    ----------
    reason, zh : str
        In English and in Chinese.
    """

    reason: str
    zh: str = ""


class Check(ABC):
    """One check with a stable code, a title in both languages and a page in ``riskml.reporting``."""

    code: ClassVar[str]
    title: ClassVar[str]
    title_zh: ClassVar[str]

    @abstractmethod
    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Return what was found, why the check does not apply, or nothing when all is well."""

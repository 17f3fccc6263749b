"""The interface of a release check.

A check reads evidence about a model and returns a finding, None, or the reason why the check does not apply.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from riskml.errors import shorten_list

__all__ = ["ChampionEvidence", "Check", "CheckContext", "Finding", "NotApplicable", "list_figures", "shorten_list_zh"]


def shorten_list_zh(values: Iterable[str], most: int = 5) -> str:
    """Join at most ``most`` of the values for a Chinese message.

    >>> shorten_list_zh(["甲", "乙", "丙"], most=2)
    '甲、乙等 3 项'
    """
    texts = list(values)
    return "、".join(texts[:most]) + (f"等 {len(texts)} 项" if len(texts) > most else "")


def list_figures(figures: Mapping[str, float], digits: int) -> tuple[str, str]:
    """List the features with their figures, the largest first, in English and in Chinese.

    >>> list_figures({"debt": 0.9, "income": 0.971}, digits=2)
    ('income (0.97), debt (0.90)', 'income（0.97）、debt（0.90）')
    """
    ordered = sorted(figures.items(), key=lambda item: -item[1])
    return (
        shorten_list(f"{name} ({figure:.{digits}f})" for name, figure in ordered),
        shorten_list_zh(f"{name}（{figure:.{digits}f}）" for name, figure in ordered),
    )


@dataclass(frozen=True)
class ChampionEvidence:
    """The candidate's average precision minus the champion's.

    Parameters
    ----------
    value : float or None
        The difference; None if either model has no average precision.
    ci : sequence of two floats, optional
        95 % interval of the difference, computed on the same resamples of households for both models.
    same_rows : bool
        Whether both models were measured on the same test rows.
    """

    value: float | None
    ci: Sequence[float] | None
    same_rows: bool = True


@dataclass(frozen=True)
class CheckContext:
    """The evidence that the checks examine.

    Parameters
    ----------
    evaluation : mapping
        The candidate's ``evaluation.json``: the figures of all models, the split and the evidence.
    champion : ChampionEvidence, optional
        None if no model has been released yet.
    """

    evaluation: Mapping[str, Any]
    champion: ChampionEvidence | None = None

    @property
    def evidence(self) -> Mapping[str, Any]:
        """Measurements made only for the checks (see ``riskml.evaluation.evidence``); empty if there are none."""
        evidence: Mapping[str, Any] = self.evaluation.get("evidence", {})
        return evidence


@dataclass(frozen=True)
class Finding:
    """A problem with a model.

    Parameters
    ----------
    message : str
        What is wrong, where and how much.
    hint : str
        What to do.
    blocking : bool, default True
        Whether it blocks the release; otherwise it is a warning.
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
    """The check does not apply: there is nothing to examine.

    Parameters
    ----------
    reason, zh : str
        The reason, in English and in Chinese.
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
        """Return a finding, the reason why the check does not apply, or None if nothing is wrong."""

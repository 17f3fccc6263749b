"""The interface of a release check.

A check reads evidence about a model and returns a finding, None, or the reason why the check does not apply.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from riskml.features import CATALOGUE
from riskml.text import Text, shorten_list


def list_figures(figures: Mapping[str, float], digits: int) -> Text:
    """List the features with their figures, the largest first: in English by column, in Chinese by readable name.

    An attribute that only one data set has is listed by its column in both languages.

    >>> text = list_figures({"debt": 0.9, "students": 0.971}, digits=2)
    >>> text, text.read("zh")
    ('students (0.97), debt (0.90)', '高中、中职及以上在校人数（0.97）、debt（0.90）')
    """
    ordered = sorted(figures.items(), key=lambda item: -item[1])
    zh = {name: CATALOGUE[name].get_short_name("zh") if name in CATALOGUE else name for name in figures}
    return shorten_list(
        Text("{name} ({figure})", name=name, name_zh=zh[name], figure=f"{figure:.{digits}f}")
        for name, figure in ordered
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
    message : Text
        What is wrong, where and how much.
    hint : Text
        What to do.
    blocking : bool, default True
        Whether it blocks the release; otherwise it is a warning.
    """

    message: Text
    hint: Text
    blocking: bool = True


@dataclass(frozen=True)
class NotApplicable:
    """The check does not apply: there is nothing to examine.

    Parameters
    ----------
    reason : Text
    """

    reason: Text


class Check(ABC):
    """One check with a stable code, a title and a page in ``riskml.reporting``."""

    code: ClassVar[str]
    title: ClassVar[Text]

    @abstractmethod
    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Return a finding, the reason why the check does not apply, or None if nothing is wrong."""

"""The catalogue: a feature is a plain function of a panel, and its decorator declares everything about it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from riskml.features.matrix import Direction, FeatureColumn
from riskml.records.panel.panel import Panel
from riskml.vocabulary.causes import CAUSES

__all__ = ["CATALOGUE", "Feature", "Topic", "feature"]

Floats = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., NDArray[np.float64]])

Topic = str
TOPICS: dict[Topic, str] = {
    "income": "收入",
    "illness": "医疗",
    "disaster": "灾害",
    "schooling": "就学",
    "work": "务工与产业",
    "household": "家庭结构",
    "help": "帮扶",
    "leads": "线索",
    "attributes": "属性",
}


@dataclass(frozen=True)
class Feature:
    """One feature and its declaration.

    Parameters
    ----------
    name : str
        Name of the column.
    topic : str
        One of ``TOPICS``.
    unit : str
        ``line``: multiples of the monitoring line, per head and year. ``log line``: its natural logarithm.
        Otherwise ``months``, ``years``, ``share``, ``persons`` or ``count``.
    cause : str
        Official cause code to which its contribution belongs.
    zh, en : str
        Readable name in Chinese and in English.
    function : callable
        Takes a panel and returns an array of float64, shape (n,).
    definition : str
        The function's docstring.
    window : int
        Months before ``as_of`` that can matter: nothing flags a household forever. 0 is the state at ``as_of``.
    direction : Direction
        Sign of the effect on the risk that every model must keep.
    requires : tuple of str
        Tables without which the feature is missing.
    categorical : bool
        Whether the values are positions in levels.
    reason_zh, reason_en : str or None
        The sentence of an explanation. ``{value}`` and the facts of ``riskml.explanation.wording.facts`` are in
        braces, a part in brackets is left out if a fact in it is unknown, and the text after ``|`` is used if the
        value is 0. If empty, the sentence is made from ``zh`` or ``en`` and the value; if None, the feature describes
        the records, not the household.
    """

    name: str
    topic: Topic
    unit: str
    cause: str
    zh: str
    en: str
    function: Callable[[Panel], Floats]
    definition: str
    window: int = 0
    direction: Direction = Direction.FREE
    requires: tuple[str, ...] = ()
    categorical: bool = False
    reason_zh: str | None = ""
    reason_en: str | None = ""

    @cached_property
    def column(self) -> FeatureColumn:
        """What a model needs to know about the feature."""
        return FeatureColumn(self.name, self.direction, self.categorical)


CATALOGUE: dict[str, Feature] = {}
"""Every feature that does not depend on the attributes of a data set, in order of declaration."""


def feature(
    *,
    topic: Topic,
    unit: str,
    cause: str,
    zh: str,
    en: str,
    name: str = "",
    definition: str = "",
    window: int = 0,
    windows: tuple[int, ...] = (),
    earlier: int = 0,
    direction: Direction = Direction.FREE,
    requires: tuple[str, ...] = (),
    reason_zh: str | None = "",
    reason_en: str | None = "",
) -> Callable[[F], F]:
    """Add a function to the catalogue under its own name, or under ``name`` if one function serves several features.

    With ``windows`` the function takes the argument ``window`` and is added once for each; the number of months
    replaces ``{w}`` in ``zh``, ``en`` and the sentences, and is appended to the name. ``earlier`` is the number of
    months before the window with which it is compared, ``window`` the number of months that can matter in any case. A
    name that ends in a number of months, such as ``disasters_12m``, sets the window by itself.

    Raises
    ------
    ValueError
        If a name is declared twice, or the cause is not declared.
    """
    if cause not in CAUSES:
        raise ValueError(f"no cause {cause!r} is declared: add it to riskml/vocabulary/causes.py")

    def register(function: F) -> F:
        base = name or function.__name__
        documented = function.func if isinstance(function, partial) else function
        stated = re.search(r"_(\d+)m$", base)
        for months in windows or (int(stated[1]) if stated else window,):
            column = f"{base}_{months}m" if windows else base
            if column in CATALOGUE:
                raise ValueError(f"feature {column!r} is declared twice")
            CATALOGUE[column] = Feature(
                name=column,
                topic=topic,
                unit=unit,
                window=max(window, months + earlier),
                direction=direction,
                cause=cause,
                zh=zh.replace("{w}", str(months)),
                en=en.replace("{w}", str(months)),
                requires=requires,
                function=partial(function, window=months) if windows else function,
                definition=definition or inspect.getdoc(documented) or "",
                reason_zh=reason_zh and reason_zh.replace("{w}", str(months)),
                reason_en=reason_en and reason_en.replace("{w}", str(months)),
            )
        return function

    return register

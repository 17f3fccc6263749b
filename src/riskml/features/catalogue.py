"""The catalogue: a feature is a plain function of a panel, and its decorator declares everything about it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Concatenate, ParamSpec

import numpy as np
from numpy.typing import NDArray

from riskml.features.matrix import Direction, FeatureColumn
from riskml.records.panel.panel import Panel
from riskml.vocabulary.causes import CAUSES

__all__ = ["CATALOGUE", "Feature", "Topic", "feature"]

Floats = NDArray[np.float64]
P = ParamSpec("P")

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
    window : int
        Months before ``as_of`` that can matter: nothing flags a household for ever. 0 is the state at ``as_of``.
    direction : Direction
        Sign of the effect on the risk that every model must keep.
    cause : str
        Official cause code to which its contribution belongs.
    zh, en : str
        Name for people, in Chinese and in English.
    requires : tuple of str
        Tables without which it is missing.
    function : callable
        Panel to array of float64, shape (n,).
    definition : str
        The function's docstring.
    categorical : bool
        Whether the values are positions in levels.
    reason_zh, reason_en : str or None
        The sentence of an explanation. ``{value}`` and the facts of ``riskml.explanation.wording.facts`` are in
        braces, a part in brackets is left out where a fact in it is unknown, and the text after ``|`` is used where
        the value is 0. Empty: made from ``zh`` or ``en`` and the value. None: the feature describes the records, not
        the household.
    """

    name: str
    topic: Topic
    unit: str
    window: int
    direction: Direction
    cause: str
    zh: str
    en: str
    requires: tuple[str, ...]
    function: Callable[[Panel], Floats]
    definition: str
    categorical: bool = False
    reason_zh: str | None = ""
    reason_en: str | None = ""

    @cached_property
    def column(self) -> FeatureColumn:
        """What a model needs to know about it."""
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
    window: int = 0,
    windows: tuple[int, ...] = (),
    earlier: int = 0,
    direction: Direction = Direction.FREE,
    requires: tuple[str, ...] = (),
    reason_zh: str | None = "",
    reason_en: str | None = "",
) -> Callable[[Callable[Concatenate[Panel, P], Floats]], Callable[Concatenate[Panel, P], Floats]]:
    """Add a function to the catalogue under its own name.

    With ``windows`` the function takes the window as its second argument and is added once for each; the number of
    months replaces ``{w}`` in ``zh``, ``en`` and the sentences, and is appended to the name. ``earlier`` are the
    months before the window that it is compared with, ``window`` the months that can matter in any case.

    Raises
    ------
    ValueError
        If a name is declared twice, or the cause is not declared.
    """
    if cause not in CAUSES:
        raise ValueError(f"no cause {cause!r} is declared: add it to riskml/vocabulary/causes.py")

    def register(function: Callable[Concatenate[Panel, P], Floats]) -> Callable[Concatenate[Panel, P], Floats]:
        base = function.__name__
        text = inspect.getdoc(function) or ""
        for months in windows or (window,):
            name = f"{base}_{months}m" if windows else base
            if name in CATALOGUE:
                raise ValueError(f"feature {name!r} is declared twice")
            CATALOGUE[name] = Feature(
                name=name,
                topic=topic,
                unit=unit,
                window=max(window, months + earlier),
                direction=direction,
                cause=cause,
                zh=zh.replace("{w}", str(months)),
                en=en.replace("{w}", str(months)),
                requires=requires,
                function=_bind_window(function, months) if windows else function,
                definition=text,
                reason_zh=reason_zh and reason_zh.replace("{w}", str(months)),
                reason_en=reason_en and reason_en.replace("{w}", str(months)),
            )
        return function

    return register


def _bind_window(function: Callable[..., Floats], months: int) -> Callable[[Panel], Floats]:
    def with_window(panel: Panel) -> Floats:
        return function(panel, months)

    return with_window

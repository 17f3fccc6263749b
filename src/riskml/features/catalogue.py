"""The catalogue of features: each is a function of a panel, and its decorator declares everything else about it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TypeVar

from riskml.arrays import Floats
from riskml.features.matrix import Direction, FeatureColumn
from riskml.records.panel.panel import Panel
from riskml.vocabulary.causes import CAUSES

_BRACKETS = re.compile(r"[(（][^)）]*[)）]$")
F = TypeVar("F", bound=Callable[..., Floats])

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

RISKY = {
    "": (),
    "below the line": (Direction.LOWER_RISK,),
    "decline": (Direction.LOWER_RISK, Direction.FREE),
    "less than most": (Direction.LOWER_RISK, Direction.FREE),
    "more than most": (Direction.HIGHER_RISK, Direction.FREE),
    "recent": (Direction.LOWER_RISK, Direction.FREE),
}
"""Maps each value of ``Feature.risky`` to the directions that are consistent with it.

The value says what a reason compares the feature with, and on which side the risk lies.
``below the line``: income below the monitoring line or, above it, below that of most households. ``decline``: a change
below zero. ``less than most``, ``more than most``: a value on that side of the median over the training rows; for
``more than most``, zero means that there is none. ``recent``: an event in the last twelve months.
"""


@dataclass(frozen=True)
class Feature:
    """One feature and its declaration.

    Parameters
    ----------
    name : str
        Name of the feature's column.
    topic : str
        One of ``TOPICS``.
    unit : str
        Unit of the values. ``line`` means multiples of the monitoring line, per head and year, and ``log line`` the
        natural logarithm of such a multiple. The other units are ``months``, ``years``, ``share``, ``persons``,
        ``count``, ``code`` for region codes, and ``as given`` for the attributes of a data set.
    cause : str
        Code of the official cause to which the feature's contribution belongs.
    zh, en : str
        Readable name in Chinese and in English.
    function : callable
        Takes a panel and returns an array of float64, shape (n,).
    definition : str
        How the feature is computed; by default the function's docstring.
    window : int
        Number of months before ``as_of`` that can affect the feature; it is limited, so that nothing flags a household
        forever. 0 means that the feature describes the state on ``as_of``.
    direction : Direction
        Sign of the effect on the risk; every model must respect it.
    requires : tuple of str
        Tables that the feature needs; it is missing if one of them is absent.
    categorical : bool
        Whether the values are positions in levels.
    risky : str
        One of ``RISKY``: which values count against a household in a way that a visitor can check. If it is empty, the
        feature is never a reason; an explanation only names it among the other factors.
    reason_zh, reason_en : str
        The sentence that an explanation shows; empty if ``risky`` is. Names in braces stand for the value
        (``{value}``) or for facts from ``riskml.explanation.wording.facts``. A part in brackets is left out if a fact
        in it is unknown, and the text after ``|`` is used if the value is 0.
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
    risky: str = ""
    reason_zh: str = ""
    reason_en: str = ""

    @cached_property
    def column(self) -> FeatureColumn:
        """The feature's name, direction and kind, which are all that a model needs to know."""
        return FeatureColumn(self.name, self.direction, self.categorical)

    def get_short_name(self, lang: str) -> str:
        """Return the readable name without a trailing part in parentheses.

        >>> CATALOGUE["self_paid_to_line_12m"].get_short_name("zh")
        '近 12 个月自付医疗费'
        """
        return _shorten(self.zh if lang == "zh" else self.en)


@cache
def _shorten(name: str) -> str:
    return _BRACKETS.sub("", name).strip()


CATALOGUE: dict[str, Feature] = {}
"""Every feature that does not depend on the records, by name and in the order of declaration."""


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
    risky: str = "",
    reason_zh: str = "",
    reason_en: str = "",
) -> Callable[[F], F]:
    """Add a function to the catalogue under its own name, or under ``name`` if one function serves several features.

    If ``windows`` are given, the function takes the argument ``window``, and is added once for each of them. The number
    of months replaces ``{w}`` in ``zh``, ``en`` and the sentences, and is appended to the name. For a window of one
    month, ``last {w} months`` becomes ``last month``. ``earlier`` is the number of months before the window that the
    feature also uses, for a comparison. ``window`` is the number of months that can affect the feature, if it is larger
    than the one in the name; it need not be given if the name ends in that number, as in ``disasters_12m``.

    Raises
    ------
    ValueError
        If a name is declared twice, if the cause is not declared, or if ``risky`` is not in ``RISKY``, contradicts
        ``direction``, or comes without a sentence in both languages.
    """
    _check_reason(risky, direction, reason_zh, reason_en)
    if cause not in CAUSES:
        raise ValueError(f"no cause {cause!r} is declared: add it to riskml/vocabulary/causes.py")

    def register(function: F) -> F:
        base = name or function.__name__
        documented = function.func if isinstance(function, partial) else function
        stated = re.search(r"_(\d+)m$", base)
        for months in windows or (int(stated[1]) if stated else window,):
            fill = partial(_fill_window, months=months)
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
                zh=fill(zh),
                en=fill(en),
                requires=requires,
                function=partial(function, window=months) if windows else function,
                definition=definition or inspect.getdoc(documented) or "",
                risky=risky,
                reason_zh=fill(reason_zh),
                reason_en=fill(reason_en),
            )
        return function

    return register


def _check_reason(risky: str, direction: Direction, reason_zh: str, reason_en: str) -> None:
    if risky not in RISKY:
        raise ValueError(f"risky is {risky!r}; it must be one of {', '.join(map(repr, RISKY))}")
    if risky and direction not in RISKY[risky]:
        raise ValueError(f"risky={risky!r} contradicts direction={direction.name}")
    if bool(risky) != bool(reason_zh and reason_en) or bool(reason_zh) != bool(reason_en):
        raise ValueError("a feature has either `risky` and a sentence in both languages, or none of the three")


def _fill_window(text: str, months: int) -> str:
    """Replace ``{w}`` by a number of months.

    >>> _fill_window("income, last {w} months", 3), _fill_window("income, last {w} months", 1)
    ('income, last 3 months', 'income, last month')
    """
    if months == 1:
        text = text.replace("last {w} months", "last month")
    return text.replace("{w}", str(months))

"""Loads the data files of the reader: words, headers, patterns, and what is said about rows."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from riskml.text import read_data


@cache
def load_data(name: str) -> dict[str, Any]:
    """Load a YAML file of this package, named without its suffix."""
    content: dict[str, Any] = read_data("riskml.lists", f"{name}.yaml")
    return content


class Patterns:
    """The patterns in a section of `patterns.yaml`, as attributes; of a list of patterns, any one may match.

    >>> bool(Patterns("rows").total.fullmatch("本页小计"))
    True
    """

    def __init__(self, section: str) -> None:
        for name, own in load_data("patterns")[section].items():
            self.__dict__[name] = re.compile(own if isinstance(own, str) else "|".join(own))

    def __getattr__(self, name: str) -> re.Pattern[str]:  # for the type checker: every pattern is in `__dict__`
        raise AttributeError(name)

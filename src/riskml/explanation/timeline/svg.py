"""Small functions that write SVG: presentation attributes only, so that it may stand inside any page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

__all__ = ["element", "number", "path", "text_width", "title", "write"]

FAMILY = "'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif"

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML file may hold, not even escaped."""


def number(value: float) -> str:
    """A coordinate with at most one decimal.

    >>> number(12.04), number(-0.01), number(3.25)
    ('12', '0', '3.2')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)


def element(name: str, *children: str, **attributes: str | float) -> str:
    """One element; an underscore in an attribute's name stands for a hyphen, one at its end for nothing.

    Parameters
    ----------
    name : str
    *children : str
        Elements written already.
    **attributes : str or float

    Examples
    --------
    >>> element("rect", x=1.25, fill="none", stroke_width=2)
    '<rect x="1.2" fill="none" stroke-width="2"/>'
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(_clean(value if isinstance(value, str) else number(value)))}"
        for key, value in attributes.items()
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def write(text: str, x: float, y: float, **attributes: str | float) -> str:
    """Words at a place.

    >>> write("a < b", 0, 10)
    '<text x="0" y="10">a &lt; b</text>'
    """
    return element("text", escape(_clean(text)), x=x, y=y, **attributes)


def title(text: str, name: str = "title") -> str:
    """What a screen reader says, and what shows under the pointer."""
    return element(name, escape(_clean(text)))


def path(points: Iterable[tuple[float, float]]) -> str:
    """Straight lines through points, as the ``d`` of a path.

    >>> path([(0, 1), (2.5, 3)])
    'M0 1L2.5 3'
    """
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def text_width(text: str, size: float) -> float:
    """Width of a text, roughly: a Chinese character is as wide as high, a Latin one a little over half.

    >>> text_width("户 12", 10)
    27.4
    """
    return round(sum(1.0 if east_asian_width(c) in "WF" else 0.58 for c in text) * size, 1)

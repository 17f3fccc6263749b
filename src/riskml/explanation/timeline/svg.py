"""Write SVG that uses only presentation attributes, so that it can be embedded in any page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

FAMILY = "'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif"

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow, not even escaped."""


def format_number(value: float) -> str:
    """Format a coordinate with at most one decimal.

    >>> format_number(12.04), format_number(-0.01), format_number(3.25)
    ('12', '0', '3.2')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)


def make_element(name: str, *children: str, **attributes: str | float) -> str:
    """Make an element; in attribute names, underscores become hyphens, and trailing underscores are dropped.

    Parameters
    ----------
    name : str
    *children : str
        Child elements as text.
    **attributes : str or float

    Examples
    --------
    >>> make_element("rect", x=1.25, fill="none", stroke_width=2)
    '<rect x="1.2" fill="none" stroke-width="2"/>'
    """
    start = f"<{name}"
    for key, value in attributes.items():
        text = value if isinstance(value, str) else format_number(value)
        start += f" {key.rstrip('_').replace('_', '-')}={quoteattr(_clean(text))}"
    return f"{start}>{''.join(children)}</{name}>" if children else f"{start}/>"


def write_text(text: str, x: float, y: float, **attributes: str | float) -> str:
    """Write text at a position.

    >>> write_text("a < b", 0, 10)
    '<text x="0" y="10">a &lt; b</text>'
    """
    return make_element("text", escape(_clean(text)), x=x, y=y, **attributes)


def write_title(text: str, name: str = "title") -> str:
    """Make an element with text for screen readers and tooltips."""
    return make_element(name, escape(_clean(text)))


def draw_line(
    points: Iterable[tuple[float, float]], ink: str, width: float, fill: str = "", **more: str | float
) -> str:
    """Draw straight lines through points.

    >>> draw_line([(0, 1), (2.5, 3)], "#000", 2)
    '<path d="M0 1L2.5 3" stroke="#000" stroke-width="2"/>'
    """
    d = "M" + "L".join(f"{format_number(x)} {format_number(y)}" for x, y in points)
    filled: dict[str, str | float] = {"fill": fill} if fill else {}
    return make_element("path", d=d, **filled, stroke=ink, stroke_width=width, **more)


def write_over(text: str, x: float, y: float, style: dict[str, str | float], halo: float = 3) -> str:
    """Write text with a white halo, on top of the drawing."""
    white: dict[str, str | float] = {"stroke": "#ffffff", "stroke_width": halo, "stroke_linejoin": "round"}
    shape = {key: value for key, value in style.items() if key != "fill"}
    return write_text(text, x, y, **white, **shape) + write_text(text, x, y, **style)


def estimate_width(text: str, size: float) -> float:
    """Estimate the width of a text; a Chinese character is as wide as high, a Latin letter a little over half as wide.

    Signs that Chinese fonts may draw as wide as a character, such as ``÷`` and ``…``, count as characters.

    >>> estimate_width("户 12", 10)
    27.4
    """
    return round(sum(1.0 if east_asian_width(c) in "WFA" else 0.58 for c in text) * size, 1)


def claim(taken: list[tuple[float, float]], middle: float, half: float, gap: float = 0.0) -> bool:
    """Claim space for a text in a row of texts, if it fits.

    Parameters
    ----------
    taken : list of (float, float)
        The middle and half the width of each text written so far; the new text is added if it fits.
    middle, half : float
    gap : float, default 0

    Returns
    -------
    bool
        Whether the text fits; False if it would overlap another one.
    """
    free = all(abs(middle - other) >= half + other_half + gap for other, other_half in taken)
    if free:
        taken.append((middle, half))
    return free

"""Draw figures in the report's style, and embed them in the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup, escape

from riskml.evaluation.numbers import Z95
from riskml.fonts import render_svg, use_chinese_font

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, MODEL, RULE = "#222b35", "#1d3f66", "#c3cbd4"
"""Colours that differ enough in brightness to be told apart on a photocopy; the rule line is also hatched."""

_SETTINGS = {
    "font.size": 10,
    "text.parse_math": False,  # the names of attributes and regions must not be read as formulas
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#6b7682",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e7eb",
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}

_USELESS = re.compile(r'<!--.*?-->|<metadata>.*?</metadata>|\s(?:xmlns(?::\w+)?|version)="[^"]*"', re.DOTALL)
"""Parts of an SVG file that a figure inside a page does not need: comments, metadata and namespaces."""


@contextmanager
def draw(width: float, height: float, columns: int = 1, *, grid: str = "both") -> Iterator[tuple[Any, list[Axes]]]:
    """Open a figure with the report's font and style; settings outside the ``with`` block do not change.

    Parameters
    ----------
    width, height : float
        Size of the figure in inches.
    columns : int, default 1
        Number of plots side by side.
    grid : {"x", "y", "both"}
        Axis at whose ticks grid lines are drawn.

    Yields
    ------
    Figure, list of Axes
    """
    with use_chinese_font():
        import matplotlib as mpl
        from matplotlib.figure import Figure

        with mpl.rc_context(_SETTINGS | {"axes.grid.axis": grid}):
            figure = Figure(figsize=(width, height))
            yield figure, list(np.atleast_1d(figure.subplots(1, columns)))


def embed(figure: Any, name: str, label: str) -> Markup:
    """Embed a figure as an element of the page.

    Parameters
    ----------
    figure : Figure
    name : str
        Prefix for the ids in the figure, so that no two figures on a page share an id.
    label : str
        Text for screen readers.
    """
    text = _USELESS.sub("", render_svg(figure)).replace("xlink:href", "href")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = text.replace("url(#", f"url(#{name}-")
    return Markup(re.sub(r"\n\s*", "\n", text).replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1))  # noqa: S704


def compute_interval(share: float, n: float) -> tuple[float, float]:
    """Compute the 95 % interval of a share of n rows (Wilson 1927).

    >>> compute_interval(0.0, 0)
    (0.0, 1.0)
    >>> low, high = compute_interval(0.5, 100)
    >>> round(low, 3), round(high, 3)
    (0.404, 0.596)

    The interval always includes the share itself, in spite of rounding errors:

    >>> all(compute_interval(0.0, n)[0] == 0 and compute_interval(1.0, n)[1] == 1.0 for n in range(1, 2000))
    True
    """
    if not n:
        return 0.0, 1.0
    z = Z95
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def use_percent(axis: Any, digits: int = 0) -> None:
    """Label the ticks of an axis in percent."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.{digits}%}"))

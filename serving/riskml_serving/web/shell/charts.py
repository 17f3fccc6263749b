"""Charts as SVG: every part has its number, and the greys alone tell the parts apart."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.explanation.timeline.svg import FAMILY, estimate_width, make_element, write_text, write_title

__all__ = ["FILLS", "SHADES", "bars", "columns"]

FILLS = {
    "red": ("#7a1518", "#ffffff"),
    "orange": ("#c8662b", "#000000"),
    "yellow": ("#ecc65b", "#000000"),
    "green": ("#dcefe1", "#000000"),
    "plain": ("#5b83a3", "#000000"),
    "first": ("#16324a", "#ffffff"),
    "second": ("#5b83a3", "#000000"),
    "third": ("#9fbdd2", "#000000"),
    "rest": ("#e6eef4", "#000000"),
}
"""Fill and ink by colour, from dark to light."""
SHADES = ("first", "second", "third", "rest")
"""Of parts that are no signals."""

WIDTH, ROW, LEFT, EDGE = 480.0, 26.0, 130.0, "#4a5866"

Part = tuple[str, float]
"""Colour and number."""


def bars(rows: Sequence[tuple[str, Sequence[Part]]], said: str) -> str:
    """Draw a bar a row, made of parts.

    Parameters
    ----------
    rows : sequence of (label, parts)
    said : str
        What a screen reader says.

    Examples
    --------
    >>> bars([("东沟村", [("red", 1.0)])], "信号").count("<rect")
    1
    """
    most = max((sum(n for _, n in parts) for _, parts in rows), default=0) or 1
    scale = (WIDTH - LEFT - 40) / most
    out = []
    for i, (label, parts) in enumerate(rows):
        y, x = i * ROW + 4, LEFT
        out.append(write_text(label, LEFT - 6, y + 13, text_anchor="end"))
        for colour, n in parts:
            if n:
                out += _part(colour, n, x, y, n * scale, ROW - 8, said=len(parts) > 1)
                x += n * scale
        out.append(write_text(_number(sum(n for _, n in parts)), x + 4, y + 13))
    return _svg(WIDTH, len(rows) * ROW + 6, said, out)


def columns(rows: Sequence[tuple[str, Sequence[Part]]], said: str, legend: Sequence[tuple[str, str]] = ()) -> str:
    """Draw a column a row, its parts from the bottom up, its label below; a label may have two lines.

    Parameters
    ----------
    rows : sequence of (label, parts)
    said : str
        What a screen reader says.
    legend : sequence of (colour, words), optional
        Stands below, as wide as it needs.

    Examples
    --------
    >>> columns([("1", [("red", 2.0)])], "信号", [("red", "红")]).count("<rect")
    2
    """
    height, bottom, left = 216.0, 178.0, 8.0
    most = max((sum(n for _, n in parts) for _, parts in rows), default=0) or 1
    step = min(70.0, (WIDTH - left) / max(1, len(rows)))
    out = []
    for i, (label, parts) in enumerate(rows):
        x, y = left + i * step, bottom
        for colour, n in parts:
            if n:
                tall = n / most * (bottom - 20)
                y -= tall
                out += _part(colour, n, x, y, step - 8, tall)
        out.append(write_text(_number(sum(n for _, n in parts)), x + (step - 8) / 2, y - 4, text_anchor="middle"))
        for k, line in enumerate(label.split("\n")):
            out.append(write_text(line, x + (step - 8) / 2, bottom + 14 + 16 * k, text_anchor="middle"))
    x, y = left, height
    for colour, words in legend:
        wide = estimate_width(words, 13) + 34
        if x + wide > WIDTH:
            x, y = left, y + 20
        out += _part(colour, 0, x, y, 14, 12, said=False)
        out.append(write_text(words, x + 20, y + 11))
        x += wide
    return _svg(WIDTH, y + 18 if legend else height, said, out)


def _part(colour: str, n: float, x: float, y: float, wide: float, tall: float, *, said: bool = True) -> list[str]:
    fill, ink = FILLS[colour]
    out = [make_element("rect", x=x, y=y, width=wide, height=tall, fill=fill, stroke=EDGE, stroke_width=0.6)]
    if said and estimate_width(_number(n), 13) + 4 < wide and tall >= 13:
        out.append(write_text(_number(n), x + wide / 2, y + tall / 2 + 4, fill=ink, text_anchor="middle"))
    return out


def _number(n: float) -> str:
    return f"{n:,.0f}" if n == round(n) else f"{n:.2f}"


def _svg(width: float, height: float, said: str, parts: list[str]) -> str:
    return make_element(
        "svg",
        write_title(said),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        font_family=FAMILY,
        font_size=13,
        fill="#1b2733",
    )

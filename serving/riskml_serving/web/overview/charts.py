"""Bar and column charts as SVG: parts show their number if there is room, and can be distinguished even in grey."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.explanation.timeline.svg import FAMILY, estimate_width, make_element, write_text, write_title

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
"""Fill and text colours by name; the signals' colours and ``SHADES`` each go from dark to light."""
SHADES = ("first", "second", "third", "rest")
"""Names of the colours for parts that are not signals."""

WIDTH, EDGE, FONT_SIZE = 480.0, "#4a5866", 13
BAR_STEP, BAR_LEFT = 26.0, 130.0
"""Height of a row of bars, and where the bars begin unless a label needs more room."""
COLUMN_LEFT, COLUMN_BOTTOM, COLUMN_STEP, COLUMNS_HEIGHT = 8.0, 178.0, 70.0, 216.0

Row = tuple[str, Sequence[tuple[str, float]]]
"""A row of a chart: its label, and the colour and number of each part."""


def draw_bars(rows: Sequence[Row], title: str) -> str:
    """Draw a bar for each row, made up of the row's parts.

    Parameters
    ----------
    rows : sequence of Row
    title : str
        Text for screen readers.

    Examples
    --------
    >>> draw_bars([("东沟村", [("red", 1.0)])], "信号").count("<rect")
    1
    """
    left = max([BAR_LEFT, *(estimate_width(label, FONT_SIZE) + 10 for label, _ in rows)])
    scale = (WIDTH - left - 60) / _find_largest(rows)
    out = []
    for i, (label, parts) in enumerate(rows):
        x, y = left, i * BAR_STEP + 4
        out.append(write_text(label, left - 6, y + 13, text_anchor="end"))
        for colour, n in parts:
            if n:
                out += _draw_part(colour, n if len(parts) > 1 else None, x, y, n * scale, BAR_STEP - 8)
                x += n * scale
        out.append(write_text(_format(sum(n for _, n in parts)), x + 4, y + 13))
    return _make_svg(len(rows) * BAR_STEP + 6, title, out)


def draw_columns(rows: Sequence[Row], title: str, legend: Sequence[tuple[str, str]] = ()) -> str:
    """Draw a column for each row, with its parts stacked from the bottom and its label (one or two lines) below.

    Parameters
    ----------
    rows : sequence of Row
    title : str
        Text for screen readers.
    legend : sequence of (colour, text), optional
        Legend below the chart, on as many lines as it needs.

    Examples
    --------
    >>> draw_columns([("1", [("red", 2.0)])], "信号", [("red", "红")]).count("<rect")
    2
    """
    scale = (COLUMN_BOTTOM - 20) / _find_largest(rows)
    step = min(COLUMN_STEP, (WIDTH - COLUMN_LEFT) / max(1, len(rows)))
    out = []
    for i, (label, parts) in enumerate(rows):
        x, y = COLUMN_LEFT + i * step, COLUMN_BOTTOM
        middle = x + (step - 8) / 2
        for colour, n in parts:
            if n:
                y -= n * scale
                out += _draw_part(colour, n, x, y, step - 8, n * scale)
        total = _format(sum(n for _, n in parts))
        if estimate_width(total, FONT_SIZE) < step:
            out.append(write_text(total, middle, y - 4, text_anchor="middle"))
        for k, line in enumerate(label.split("\n")):
            out.append(write_text(line, middle, COLUMN_BOTTOM + 14 + 16 * k, text_anchor="middle"))
    x, y = COLUMN_LEFT, COLUMNS_HEIGHT
    for colour, text in legend:
        width = estimate_width(text, FONT_SIZE) + 34
        if x + width > WIDTH:
            x, y = COLUMN_LEFT, y + 20
        out += [*_draw_part(colour, None, x, y, 14, 12), write_text(text, x + 20, y + 11)]
        x += width
    return _make_svg(y + 18 if legend else COLUMNS_HEIGHT, title, out)


def _find_largest(rows: Sequence[Row]) -> float:
    return max((sum(n for _, n in parts) for _, parts in rows), default=0) or 1


def _draw_part(colour: str, number: float | None, x: float, y: float, width: float, height: float) -> list[str]:
    """Draw a rectangle, and its number if there is room."""
    fill, ink = FILLS[colour]
    out = [make_element("rect", x=x, y=y, width=width, height=height, fill=fill, stroke=EDGE, stroke_width=0.6)]
    if number is not None and estimate_width(_format(number), FONT_SIZE) + 4 < width and height >= FONT_SIZE:
        out.append(write_text(_format(number), x + width / 2, y + height / 2 + 4, fill=ink, text_anchor="middle"))
    return out


def _format(n: float) -> str:
    return f"{n:,.0f}" if n == round(n) else f"{n:.2f}"


def _make_svg(height: float, title: str, parts: list[str]) -> str:
    return make_element(
        "svg",
        write_title(title),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="img",
        font_family=FAMILY,
        font_size=FONT_SIZE,
        fill="#1b2733",
    )

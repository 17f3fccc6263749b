"""A household's timeline as a picture: income and line by month, what happened, what help was given, until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from math import fsum, isnan
from typing import Any

from riskml.explanation.timeline.data import Timeline
from riskml.explanation.timeline.lanes import describe_mark, lanes
from riskml.explanation.timeline.plot import (
    BAR,
    BOTTOM,
    HEAD,
    INK,
    LINE,
    RIGHT,
    TOP,
    WIDTH,
    bars,
    fit_scale,
    frame,
    gaps,
    label_gaps,
    lines,
    runs,
)
from riskml.explanation.timeline.svg import FAMILY, element, path, text_width, title, write
from riskml.explanation.timeline.words import LANES, words
from riskml.fonts import FAMILY as FONT
from riskml.fonts import find_font, make_font_face
from riskml.records.contract.calendar import to_date
from riskml.records.panel.panel import Panel

__all__ = ["draw_timeline_png", "draw_timeline_svg"]


def draw_timeline_svg(
    panel: Panel,
    i: int = 0,
    *,
    lang: str = "zh",
    health: bool = True,
    months: int = 24,
    window: int = 12,
    scores: Sequence[tuple[int, float]] = (),
    simulated: bool = False,
    embed_font: bool = False,
    name: str | None = None,
) -> str:
    """Draw one household's timeline: only what is known at the panel's date, the same bytes every time.

    Parameters
    ----------
    panel : Panel
    i : int, default 0
        Row of the household.
    lang : {"zh", "en"}
    health : bool, default True
        Without it there is no row of illness, and help is not named.
    months : int, default 24
        Complete months shown, at most those of the panel.
    window : int, default 12
        Months of the rule's income per head.
    scores : sequence of (day, probability)
        Earlier scores; later ones than the panel's date are left out.
    simulated : bool, default False
        Whether the picture must say that the household is simulated.
    embed_font : bool, default False
        Bring the glyphs along, for a file that stands alone. A page embeds one font for all it says.
    name : str, optional
        What the household is called, where its code is not to be shown.

    Returns
    -------
    str
        An ``svg`` element without script, style attribute, id or reference; readable from a width of 360 pixels.
    """
    one = panel if panel.n == 1 else panel.select(i)
    found = Timeline.from_panel(one, months=months, window=window, health=health, scores=scores)
    found = found if name is None else replace(found, household_id=name)
    scale = fit_scale(found)
    word = words(lang)
    rows, y = lanes(found, scale, BOTTOM + 34, lang)
    edge = scale.x(found.last_month + 1)
    notes = [word["notice"], word["simulated"]] if simulated else [word["notice"]]
    height = y + 8 + 14 * len(notes)
    said = [title(_headline(found, lang)), title(_in_words(found, lang), "desc")]
    parts = [
        element("rect", width=WIDTH, height=height, fill="#ffffff"),
        write(_cut(_headline(found, lang), WIDTH - 8, 12), 4, 16, font_size=12, font_weight="bold"),
        *(write(text, 4, 31 + 14 * k) for k, text in enumerate(_summary(found, lang))),
        *_legend(found, lang),
        *frame(scale, word["unit"]),
        *gaps(found, scale),
        *bars(found, scale),
        *lines(found, scale, word["step"]),
        *label_gaps(found, scale, word["gap"]),
        element("path", d=path([(edge, TOP), (edge, y)]), stroke=INK, stroke_width=1),
        write(word["as_of"].format(day=to_date(found.as_of)), WIDTH - RIGHT, HEAD, text_anchor="end"),
        *rows,
        *(write(text, 4, y + 15 + 14 * k) for k, text in enumerate(notes)),
    ]
    style = [element("style", make_font_face("".join((*said, *parts)), FONT))] if embed_font else []
    root: dict[str, str | float] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {WIDTH:.0f} {height:.0f}",
        "width": "100%",
        "role": "img",
        "lang": lang,
        "font_family": FAMILY,
        "font_size": 10,
        "fill": INK,
    }
    return element("svg", *said, *style, *parts, **root) + "\n"


def draw_timeline_png(panel: Panel, i: int = 0, *, width: int = 1080, **options: Any) -> bytes:
    """Draw the same picture as PNG, without a browser.

    Parameters
    ----------
    panel : Panel
    i : int, default 0
    width : int, default 1080
        Pixels.
    **options
        See :func:`draw_timeline_svg`.

    Raises
    ------
    FontError
        If the font is missing.
    """
    import resvg_py

    picture = draw_timeline_svg(panel, i, **options)
    font = str(find_font())
    data = resvg_py.svg_to_bytes(
        svg_string=picture,
        width=width,
        font_files=[font],
        font_family=FONT,
        sans_serif_family=FONT,
        skip_system_fonts=True,
    )
    return bytes(data)


def _headline(found: Timeline, lang: str) -> str:
    return words(lang)["title"].format(household=found.household_id, months=len(found.income))


def _summary(found: Timeline, lang: str) -> tuple[str, str]:
    word, income, line = words(lang), found.average[-1], found.line[-1]
    key = "no_income" if isnan(income) else "income"
    said = word[key].format(window=found.window, amount=f"{income:,.0f}")
    held = word["no_line" if isnan(line) else "line"].format(amount=f"{line:,.0f}")
    return said, held


def _in_words(found: Timeline, lang: str) -> str:
    """What the picture shows, for those who hear it."""
    word = words(lang)
    said = [word["as_of"].format(day=to_date(found.as_of)), *_summary(found, lang)]
    if silent := sum(isnan(value) for value in found.income):
        said.append(word["gaps"].format(n=silent))
    for name, marks in groupby(sorted(found.marks, key=lambda m: list(LANES).index(m.lane)), key=lambda m: m.lane):
        same = list(marks)
        sums = [mark.amount for mark in same if not isnan(mark.amount)]
        parts = [describe_mark(same[0], lang) if len(same) == 1 else word["times"].format(n=len(same))]
        if sums and len(same) > 1:
            parts.append(word["sum"].format(amount=f"{fsum(sums):,.0f}"))
        said.append(LANES[name][lang] + word["colon"] + word["comma"].join(parts))
    return word["stop"].join(said)


def _legend(found: Timeline, lang: str) -> list[str]:
    """One line: what a bar, the thick line, the dashed one and a dotted box stand for."""
    word = words(lang)
    y, x, parts = 66.0, 4.0, []
    signs = (
        (word["bar"], element("rect", x=0, y=0, width=10, height=9, fill=BAR)),
        (word["average"].format(window=found.window), _stroke(INK, 2, "")),
        (word["dashed"], _stroke(LINE, 1.6, "5 3")),
        (word["gap"], element("rect", x=0.5, y=0, width=10, height=9, fill="#f4f5f7", stroke="#7b8794",
                              stroke_width=0.8, stroke_dasharray="1.5 2.5")),
    )  # fmt: skip
    shown = signs if runs([isnan(value) for value in found.income]) else signs[:3]
    for text, picture in shown:
        parts.append(element("g", picture, write(text, 17, 8), transform=f"translate({x:.0f} {y - 8:.0f})"))
        x += 17 + text_width(text, 10) + 8
    return parts


def _stroke(ink: str, width: float, dash: str) -> str:
    more = {"stroke_dasharray": dash} if dash else {}
    return element("path", d=path([(0, 5), (14, 5)]), stroke=ink, stroke_width=width, **more)


def _cut(text: str, room: float, size: float) -> str:
    """Shorten a text that does not fit."""
    if text_width(text, size) <= room:
        return text
    while text and text_width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"

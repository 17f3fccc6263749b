"""Draw a household's timeline as a picture: income and line by month, events, help and monitoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import fsum, isnan
from typing import Any

from riskml.explanation.household.explanation import NOTICE, SIMULATED
from riskml.explanation.timeline.data import Timeline
from riskml.explanation.timeline.lanes import describe_mark, draw_lanes
from riskml.explanation.timeline.plot import HEAD, INK, LANES_TOP, RIGHT, TOP, WIDTH, draw_plot, fit_scale
from riskml.explanation.timeline.svg import FAMILY, draw_line, estimate_width, make_element, write_text, write_title
from riskml.explanation.timeline.words import LANES, WORDS
from riskml.explanation.wording.phrases import name_month
from riskml.fonts import FAMILY as FONT
from riskml.fonts import find_font, make_font_face
from riskml.records.contract.calendar import to_date
from riskml.records.panel.panel import Panel


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
    """Draw a household's timeline as SVG, using only what is known at the panel's date; the output is reproducible.

    Parameters
    ----------
    panel : Panel
    i : int, default 0
        Row of the household.
    lang : {"zh", "en"}
    health : bool, default True
        Whether health data may be shown; if not, illness, and the names and amounts of help, are left out.
    months : int, default 24
        Number of complete months to show, limited to those in the panel.
    window : int, default 12
        Number of months over which the rule line averages income.
    scores : sequence of (day, probability)
        Earlier scores; scores later than the panel's date are left out.
    simulated : bool, default False
        Whether the household is simulated; if so, the picture says so.
    embed_font : bool, default False
        Whether to embed the glyphs, which a standalone file needs. A page embeds one font for all its text.
    name : str, optional
        Name shown instead of the household's code.

    Returns
    -------
    str
        An ``svg`` element without scripts, style attributes, ids or references. It is legible at widths of 360 pixels
        or more.
    """
    household = panel if panel.n == 1 else panel.select(i)
    timeline = Timeline.from_panel(household, months=months, window=window, health=health, scores=scores)
    timeline = timeline if name is None else replace(timeline, household_id=name)
    scale = fit_scale(timeline)
    words = WORDS[lang]
    headline = words["title"].format(household=timeline.household_id, months=len(timeline.income))
    lanes, y = draw_lanes(timeline, scale, LANES_TOP, lang)
    edge = scale.x(timeline.last_month + 1)
    notes = [NOTICE[lang], SIMULATED[lang]] if simulated else [NOTICE[lang]]
    height = y + 8 + 14 * len(notes)
    texts = [write_title(headline), write_title(_describe(timeline, lang), "desc")]
    parts = [
        make_element("rect", width=WIDTH, height=height, fill="#ffffff"),
        write_text(_shorten(headline, WIDTH - 8, 12), 4, 16, font_size=12, font_weight="bold"),
        *(write_text(text, 4, 31 + 14 * k) for k, text in enumerate(_summarise(timeline, lang))),
        *draw_plot(timeline, scale, words),
        draw_line([(edge, TOP), (edge, y)], INK, 1),
        write_text(words["as_of"].format(day=to_date(timeline.as_of)), WIDTH - RIGHT, HEAD, text_anchor="end"),
        *lanes,
        *(write_text(text, 4, y + 15 + 14 * k) for k, text in enumerate(notes)),
    ]
    style = [make_element("style", make_font_face("".join((*texts, *parts)), FONT))] if embed_font else []
    box = f"0 0 {WIDTH:.0f} {height:.0f}"
    frame = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": box, "width": "100%", "role": "img", "lang": lang}
    svg = make_element("svg", *texts, *style, *parts, **frame, font_family=FAMILY, font_size=10, fill=INK)
    return svg + "\n"


def draw_timeline_png(panel: Panel, i: int = 0, *, width: int = 1080, **options: Any) -> bytes:
    """Draw the same picture as :func:`draw_timeline_svg`, as PNG and without a browser.

    Parameters
    ----------
    panel : Panel
    i : int, default 0
    width : int, default 1080
        Width in pixels.
    **options
        See :func:`draw_timeline_svg`.

    Raises
    ------
    FontError
        If the font is missing.
    """
    import resvg_py

    data = resvg_py.svg_to_bytes(
        svg_string=draw_timeline_svg(panel, i, **options),
        width=width,
        font_files=[str(find_font())],
        font_family=FONT,
        sans_serif_family=FONT,
        skip_system_fonts=True,
    )
    return bytes(data)


def _summarise(timeline: Timeline, lang: str) -> tuple[str, str]:
    words, income, line = WORDS[lang], timeline.average[-1], timeline.line[-1]
    key, month = "no_income" if isnan(income) else "income", ""
    if timeline.older:
        until, income, line = timeline.older
        key, month = "older", name_month(to_date(until), lang)
    return (
        words[key].format(window=timeline.window, amount=f"{income:,.0f}", month=month),
        words["no_line" if isnan(line) else "line"].format(amount=f"{line:,.0f}"),
    )


def _describe(timeline: Timeline, lang: str) -> str:
    """Describe the picture in words for readers who cannot see it."""
    words = WORDS[lang]
    sentences = [words["as_of"].format(day=to_date(timeline.as_of)), *_summarise(timeline, lang)]
    if silent := sum(isnan(value) for value in timeline.income):
        sentences.append(words["gaps"].format(n=silent))
    for name in LANES:
        marks = [mark for mark in timeline.marks if mark.lane == name]
        if not marks:
            continue
        sums = [mark.amount for mark in marks if not isnan(mark.amount)]
        parts = [describe_mark(marks[0], lang) if len(marks) == 1 else words["times"].format(n=len(marks))]
        if sums and len(marks) > 1:
            parts.append(words["sum"].format(amount=f"{fsum(sums):,.0f}"))
        sentences.append(LANES.get_name(name, lang) + words["colon"] + words["comma"].join(parts))
    return words["stop"].join(sentences)


def _shorten(text: str, room: float, size: float) -> str:
    """Shorten a text that does not fit, and add an ellipsis."""
    if estimate_width(text, size) <= room:
        return text
    while text and estimate_width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"

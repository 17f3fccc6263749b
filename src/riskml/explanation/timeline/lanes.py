"""Draw the lanes below the plot: illness, disaster, schooling, work, other events, monitoring, help and scores."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import fsum, isnan
from typing import NamedTuple

from riskml.explanation.timeline import svg
from riskml.explanation.timeline.data import Mark, Timeline
from riskml.explanation.timeline.plot import LEFT, PALE, RIGHT, WIDTH, Scale
from riskml.explanation.timeline.words import LANES, WORDS, choose_letter, name_kind
from riskml.explanation.wording.kinds import describe_fall
from riskml.records.contract.calendar import to_date, to_month

ROW, BOX, SPAN = 28.0, 12.0, 15.0
"""The heights of a lane of boxes, of a box, and of a row of spans."""

MOST_SPANS, MOST_LINES = 3, 3
SPANS = ("monitoring", "help")
ALWAYS = ("illness", "disaster", "schooling", "work", "help")

Drawing = tuple[list[str], float]
"""The elements of a drawing, and the height that they take up."""


class Span(NamedTuple):
    """A mark with a duration: its row in the lane, its left and right edges, its label and the label's left edge."""

    mark: Mark
    row: int
    start: float
    stop: float
    label: str
    x: float


def draw_lanes(timeline: Timeline, scale: Scale, y: float, lang: str) -> Drawing:
    """Draw the lanes downwards from ``y``; return their elements and the ``y`` at which they end."""
    parts: list[str] = []
    for name in LANES:
        marks = [mark for mark in timeline.marks if mark.lane == name]
        always = name in ALWAYS and name not in timeline.hidden
        if marks or always or (name == "scores" and timeline.scores):
            parts.append(svg.draw_line([(4, y), (WIDTH - 6, y)], PALE, 0.8))
            parts.append(svg.write_text(LANES.get_name(name, lang), 4, y + 13))
            elements, height = _draw_lane(timeline, scale, name, marks, y, lang)
            parts += elements
            y += height
    return parts, y


def _draw_lane(timeline: Timeline, scale: Scale, name: str, marks: list[Mark], y: float, lang: str) -> Drawing:
    if name == "scores":
        return _draw_scores(timeline, scale, y, lang), 18
    if not marks:
        text = WORDS[lang]["absent" if name in timeline.absent else "none"]
        return [svg.write_text(text, LEFT + 3, y + 13, fill="#5b6673")], 18
    if name in SPANS:
        return _draw_spans(marks, scale, y, lang)
    return _draw_boxes(marks, scale, y, lang), ROW


def describe_mark(mark: Mark, lang: str) -> str:
    """Describe a mark by its day, name and amount: ``2023-09-10 住院，自付 90,000 元``."""
    words = WORDS[lang]
    amount = f"{mark.amount:,.0f}"
    name = _name_mark(mark, lang)
    parts = [words["region"].format(name=name) if mark.regional else name]
    if not isnan(mark.amount):
        paid = mark.lane == "illness" and mark.kind != "disability"
        parts.append(words["self_paid" if paid else "amount"].format(amount=amount))
    day = str(to_date(mark.day))
    if mark.lane in SPANS:
        day = words["since"].format(day=day) if mark.until is None else f"{day} – {to_date(mark.until)}"
    return f"{day} {words['comma'].join(parts)}"


def _name_mark(mark: Mark, lang: str) -> str:
    if mark.lane == "help":
        return mark.kind or WORDS[lang]["emergency" if mark.emergency else "help"]
    return name_kind(mark.kind, lang)


def _draw_boxes(marks: list[Mark], scale: Scale, y: float, lang: str) -> list[str]:
    """Draw one box per month, and write its sum or name below it if there is room; the largest sums come first."""
    parts, labels = [], []
    for month, group in groupby(marks, key=lambda mark: to_month(mark.day)):
        same = list(group)
        x = scale.x(month) + scale.width / 2
        box = {"x": x - BOX / 2, "y": y + 2, "width": BOX, "height": BOX, "rx": 2}
        letter = svg.write_text(choose_letter(same[0].lane, same[0].kind, lang), x, y + 11.7, fill="#fff")
        title = svg.write_title(_describe_month(same, lang))
        parts.append(svg.make_element("g", title, svg.make_element("rect", **box), letter))
        sums = [mark.amount for mark in same if not isnan(mark.amount)]
        name = name_kind(same[0].kind, lang)
        label = WORDS[lang]["yuan"].format(amount=f"{fsum(sums):,.0f}") if sums else name
        labels.append((-fsum(sums), x, label))
    taken: list[tuple[float, float]] = []
    for _, x, label in sorted(labels):
        half = svg.estimate_width(label, 10) / 2
        x = min(max(x, LEFT + half), WIDTH - RIGHT - half - 2)
        if svg.claim(taken, x, half, gap=2):
            parts.append(svg.write_text(label, x, y + 25))
    return [svg.make_element("g", *parts, text_anchor="middle")]


def _describe_month(marks: list[Mark], lang: str) -> str:
    """Describe the first few marks of a month, one per line, and count the others."""
    lines = [describe_mark(mark, lang) for mark in marks[:MOST_LINES]]
    if len(marks) > MOST_LINES:
        lines.append(WORDS[lang]["more"].format(n=len(marks) - MOST_LINES))
    return "\n".join(lines)


def _draw_spans(marks: Sequence[Mark], scale: Scale, y: float, lang: str) -> Drawing:
    """Draw a labelled bar for each span from start to end; if it has no end, the bar is dashed up to the edge."""
    spans, left_out = _stack_spans(marks, scale, lang)
    parts = []
    for span in sorted(spans, key=lambda span: span.row):
        middle = y + 8 + SPAN * span.row
        dash = {"stroke_dasharray": "3 2"} if span.mark.until is None else {}
        bar = svg.draw_line([(span.start, middle), (span.stop, middle)], "#52708a", 3, **dash)
        edge = svg.make_element("rect", x=span.start, y=middle - 5, width=3, height=10, fill="#52708a")
        label = svg.write_over(span.label, span.x, middle + 3.5, {}, halo=4)
        parts.append(svg.make_element("g", svg.write_title(describe_mark(span.mark, lang)), bar, edge, label))
    rows = 1 + max(span.row for span in spans)
    if left_out:
        parts.append(svg.write_text(WORDS[lang]["more"].format(n=left_out), LEFT + 3, y + 12 + SPAN * rows))
    return parts, SPAN * (rows + (left_out > 0)) + 4


def _stack_spans(marks: Sequence[Mark], scale: Scale, lang: str) -> tuple[list[Span], int]:
    """Put each span into the first row in which it overlaps no other, and count the spans that fit into no row."""
    spans: list[Span] = []
    ends: list[float] = []
    last = scale.first + scale.months - 1
    for mark in marks:
        start = scale.x(max(to_month(mark.day), scale.first))
        stop = scale.x((last if mark.until is None else min(to_month(mark.until), last)) + 1)
        label = _name_mark(mark, lang)
        width = svg.estimate_width(label, 10)
        # The label starts at the bar's left edge, or further to the left if there is too little room on the right.
        x = start + BOX if start + BOX + width < WIDTH - RIGHT - 2 else start - 4 - width
        row = next((i for i, end in enumerate(ends) if min(start, x) >= end), len(ends))
        if row < MOST_SPANS:
            ends[row : row + 1] = [max(stop, x + width + 4)]
            spans.append(Span(mark, row, start, stop, label, x))
    return spans, len(marks) - len(spans)


def _draw_scores(timeline: Timeline, scale: Scale, y: float, lang: str) -> list[str]:
    """Write each score as a number of falls among 100 similar households; of overlapping labels, keep the later one."""
    words, fall = WORDS[lang], describe_fall(timeline.kind, lang)
    parts: list[str] = []
    free = WIDTH
    for day, probability in reversed(timeline.scores):
        of_100 = f"{probability * 100:.0f}"
        text = words["households"].format(n=of_100)
        half = svg.estimate_width(text, 10) / 2
        x = max(min(scale.x(to_month(day)) + scale.width / 2, WIDTH - RIGHT - half - 2), LEFT + half + 3)
        if x + half <= free:
            free = x - half - 3
            title = svg.write_title(words["score"].format(day=to_date(day), n=of_100, fall=fall))
            parts.append(svg.make_element("g", title, svg.write_text(text, x, y + 13, text_anchor="middle")))
    return parts[::-1]

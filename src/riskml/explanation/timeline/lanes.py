"""The lower part of a timeline: one row each for illness, disaster, schooling and work, for help and for scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import fsum, isnan

from riskml.explanation.timeline.data import Mark, Timeline
from riskml.explanation.timeline.plot import LEFT, PALE, RIGHT, WIDTH, Scale
from riskml.explanation.timeline.svg import element, path, text_width, title, write
from riskml.explanation.timeline.words import LANES, kind_name, sign, words
from riskml.records.contract.calendar import to_date, to_month

__all__ = ["describe_mark", "lanes"]

ROW, BOX = 28.0, 12.0
MOST_SPANS, MOST_TOLD = 3, 3
SPANS = ("monitoring", "help")
ALWAYS = ("illness", "disaster", "schooling", "work", "help")


@dataclass(frozen=True)
class Lane:
    """One row: its height and what is drawn from a given height on."""

    height: float
    draw: Callable[[float], Iterable[str]]


def lanes(found: Timeline, scale: Scale, y: float, lang: str) -> tuple[list[str], float]:
    """Draw the rows from a height on; return them and the height where they end."""
    parts: list[str] = []
    for name in LANES:
        marks = [mark for mark in found.marks if mark.lane == name]
        wanted = name in ALWAYS and name not in found.hidden
        if not (marks or wanted or (name == "scores" and found.scores)):
            continue
        lane = _lane(found, scale, name, marks, lang)
        parts.append(element("path", d=path([(4, y), (WIDTH - 6, y)]), stroke=PALE, stroke_width=0.8))
        parts.append(write(LANES[name][lang], 4, y + 13))
        parts += lane.draw(y)
        y += lane.height
    return parts, y


def _lane(found: Timeline, scale: Scale, name: str, marks: list[Mark], lang: str) -> Lane:
    if name == "scores":
        return Lane(18, lambda y: _scores(found, scale, y, lang))
    if not marks:
        said = words(lang)["absent" if name in found.absent else "none"]
        return Lane(18, lambda y: [write(said, LEFT + 3, y + 13, fill="#5b6673")])
    if name in SPANS:
        rows, left = _stacked(marks, scale, lang)
        height = 15.0 * (len(rows) + (left > 0)) + 4
        return Lane(height, lambda y: _spans(rows, left, scale, y, lang))
    return Lane(ROW, lambda y: _boxes(marks, scale, y, lang))


def describe_mark(mark: Mark, lang: str) -> str:
    """Day, what it was, and the sum: ``2023-09-10 住院，自付 90,000 元``."""
    word = words(lang)
    amount = f"{mark.amount:,.0f}"
    if mark.lane == "help":
        name = mark.kind or word["emergency" if mark.emergency else "help"]
    else:
        name = kind_name(mark.kind, lang)
    said = [word["region"].format(name=name) if mark.regional else name]
    if not isnan(mark.amount):
        paid = mark.lane == "illness" and mark.kind != "disability"
        said.append(word["self_paid"].format(amount=amount) if paid else f"{amount} {'元' if lang == 'zh' else 'yuan'}")
    day = str(to_date(mark.day))
    if mark.lane in SPANS:
        day = word["since"].format(day=day) if mark.until is None else f"{day} – {to_date(mark.until)}"
    return f"{day} {word['comma'].join(said)}"


def _boxes(marks: list[Mark], scale: Scale, y: float, lang: str) -> list[str]:
    """One box a month, and below it its sum or name where there is room, the largest sums first."""
    parts, labels = [], []
    for month, group in groupby(marks, key=lambda mark: to_month(mark.day)):
        same = list(group)
        x = scale.x(month) + scale.width / 2
        box = {"x": x - BOX / 2, "y": y + 2, "width": BOX, "height": BOX, "rx": 2}
        letter = write(sign(same[0].lane, same[0].kind, lang), x, y + 11.7, fill="#fff")
        parts.append(element("g", title(_told(same, lang)), element("rect", **box), letter))
        sums = [mark.amount for mark in same if not isnan(mark.amount)]
        name = kind_name(same[0].kind, lang)
        label = words(lang)["yuan"].format(amount=f"{fsum(sums):,.0f}") if sums else name
        labels.append((-fsum(sums), x, label))
    return [element("g", *parts, *_where_free(labels, y + 25), text_anchor="middle")]


def _told(marks: list[Mark], lang: str) -> str:
    """The first few of a month, a line each, and how many more there were."""
    said = [describe_mark(mark, lang) for mark in marks[:MOST_TOLD]]
    if len(marks) > MOST_TOLD:
        said.append(words(lang)["more"].format(n=len(marks) - MOST_TOLD))
    return "\n".join(said)


def _where_free(labels: list[tuple[float, float, str]], y: float) -> list[str]:
    taken: list[tuple[float, float]] = []
    parts = []
    for _, x, label in sorted(labels):
        half = text_width(label, 10) / 2
        x = min(max(x, LEFT + half), WIDTH - RIGHT - half - 2)
        if all(abs(x - other) >= half + its + 2 for other, its in taken):
            taken.append((x, half))
            parts.append(write(label, x, y))
    return parts


def _stacked(marks: list[Mark], scale: Scale, lang: str) -> tuple[list[list[Mark]], int]:
    """Rows of spans that do not meet, each in the first row with room; and how many found none."""
    rows: list[list[Mark]] = []
    ends: list[float] = []
    left = 0
    for mark in marks:
        start, stop = _edges(mark, scale)
        width = text_width(_span_label(mark, lang), 10)
        name = _beside(start, width)
        start, stop = min(start, name), max(stop, name + width + 4)
        for i, end in enumerate(ends):
            if start >= end:
                rows[i].append(mark)
                ends[i] = stop
                break
        else:
            if len(rows) == MOST_SPANS:
                left += 1
                continue
            rows.append([mark])
            ends.append(stop)
    return rows, left


def _beside(start: float, width: float) -> float:
    """Where the name of a span stands: on it, or before it where the picture ends too soon."""
    return start + BOX if start + BOX + width < WIDTH - RIGHT - 2 else start - 4 - width


def _edges(mark: Mark, scale: Scale) -> tuple[float, float]:
    last = scale.first + scale.months - 1
    until = last if mark.until is None else min(to_month(mark.until), last)
    return scale.x(max(to_month(mark.day), scale.first)), scale.x(until + 1)


def _span_label(mark: Mark, lang: str) -> str:
    if mark.lane == "monitoring":
        return kind_name(mark.kind, lang)
    return mark.kind or words(lang)["emergency" if mark.emergency else "help"]


def _spans(rows: Sequence[list[Mark]], left: int, scale: Scale, y: float, lang: str) -> list[str]:
    """Bars from start to end, dashed to the edge while no end is known, each with its name."""
    parts = []
    for i, row in enumerate(rows):
        middle = y + 8 + 15 * i
        for mark in row:
            start, stop = _edges(mark, scale)
            dash = {"stroke_dasharray": "3 2"} if mark.until is None else {}
            bar = element("path", d=path([(start, middle), (stop, middle)]), stroke="#52708a", stroke_width=3, **dash)
            label = _span_label(mark, lang)
            x = _beside(start, text_width(label, 10))
            halo: dict[str, str | float] = {"stroke": "#ffffff", "stroke_width": 4, "stroke_linejoin": "round"}
            edge = element("rect", x=start, y=middle - 5, width=3, height=10, fill="#52708a")
            named = write(label, x, middle + 3.5, **halo) + write(label, x, middle + 3.5)
            parts.append(element("g", title(describe_mark(mark, lang)), bar, edge, named))
    if left:
        parts.append(write(words(lang)["more"].format(n=left), LEFT + 3, y + 12 + 15 * len(rows)))
    return parts


def _scores(found: Timeline, scale: Scale, y: float, lang: str) -> list[str]:
    """Of 100 households like this one how many fall back, at each day of scoring; the latest first where they meet."""
    parts: list[str] = []
    free = WIDTH
    for score in reversed(found.scores):
        of_100 = f"{score.probability * 100:.0f}"
        text = words(lang)["households"].format(n=of_100)
        half = text_width(text, 10) / 2
        x = max(min(scale.x(to_month(score.day)) + scale.width / 2, WIDTH - RIGHT - half - 2), LEFT + half + 3)
        if x + half > free:
            continue
        free = x - half - 3
        told = words(lang)["score"].format(day=to_date(score.day), n=of_100)
        parts.append(element("g", title(told), write(text, x, y + 13, text_anchor="middle")))
    return parts[::-1]

"""The upper part of a timeline: months as bars, their mean as a line, the monitoring line in steps, gaps as gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, isnan, log10

from riskml.explanation.timeline.data import Timeline
from riskml.explanation.timeline.svg import element, number, path, text_width, write

__all__ = [
    "BOTTOM",
    "HEAD",
    "TOP",
    "WIDTH",
    "Scale",
    "bars",
    "fit_scale",
    "frame",
    "gaps",
    "label_gaps",
    "lines",
    "runs",
]

WIDTH, LEFT, RIGHT = 360.0, 44.0, 6.0
TOP, BOTTOM = 102.0, 232.0
HEAD = TOP - 19
"""Height of what stands over the plot."""

INK, PALE, BAR, LINE = "#1d2733", "#d5dae0", "#a9bccb", "#9c2f1f"


@dataclass(frozen=True)
class Scale:
    """From months and yuan per head and month to places.

    Parameters
    ----------
    first, months : int
        First month shown, and how many.
    low, high, step : float
        Ends of the axis and distance of its ticks.
    """

    first: int
    months: int
    low: float
    high: float
    step: float

    def x(self, month: float) -> float:
        """Left edge of a month."""
        return LEFT + (month - self.first) * self.width

    @property
    def width(self) -> float:
        """Of a month."""
        return (WIDTH - LEFT - RIGHT) / self.months

    def y(self, yuan: float) -> float:
        """Height of an amount, inside the frame."""
        share = (min(max(yuan, self.low), self.high) - self.low) / (self.high - self.low)
        return BOTTOM - share * (BOTTOM - TOP)


def fit_scale(found: Timeline) -> Scale:
    """Axes that show the mean and the line well; a harvest month far above them is cut off and says its amount."""
    known = [value for value in found.income if not isnan(value)]
    level = [value / 12 for value in (*found.average, *found.line) if not isnan(value)]
    top = max([*known, *level, 1.0])
    if level and max(level) > 0:
        top = max(min(top, 2.5 * max(level)), 1.15 * max(level))
    bottom = min([*known, *level, 0.0])
    bottom = max(bottom, -top)
    step = _nice((top - bottom) / 4)
    months = found.last_month - found.first_month + 1
    return Scale(found.first_month, months, floor(bottom / step) * step, ceil(top / step) * step, step)


def _nice(rough: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * 0.999)


def frame(scale: Scale, unit: str) -> Iterator[str]:
    """Axes: yuan at the left, months and years below."""
    yield write(unit, 4, HEAD)
    for i in range(round((scale.high - scale.low) / scale.step) + 1):
        value = scale.low + i * scale.step
        y = scale.y(value)
        ink = INK if value == 0 else PALE
        yield element("path", d=path([(LEFT, y), (WIDTH - RIGHT, y)]), stroke=ink, stroke_width=0.8)
        yield write(f"{value:,.0f}" if scale.step >= 1 else number(value), LEFT - 4, y + 3.5, text_anchor="end")
    every = max(1, ceil(26 / (3 * scale.width))) * 3
    end = scale.first + scale.months
    for month in range(scale.first, end):
        x = scale.x(month)
        if month % 12 == 0 or month == scale.first:
            yield element("path", d=path([(x, BOTTOM), (x, BOTTOM + 26)]), stroke=PALE, stroke_width=0.8)
            if min(end, month // 12 * 12 + 12) - month >= 3:
                yield write(str(1970 + month // 12), x + 2, BOTTOM + 25)
        if month % every == 0:
            yield write(str(month % 12 + 1), x + scale.width / 2, BOTTOM + 12, text_anchor="middle")


def bars(found: Timeline, scale: Scale) -> Iterator[str]:
    """Income per head of each reported month; one that is cut off says its amount."""
    taken: list[tuple[float, float]] = []
    zero = scale.y(0)
    for month, value in enumerate(found.income, found.first_month):
        if isnan(value):
            continue
        x, y = scale.x(month), scale.y(value)
        top, height = min(y, zero), max(abs(y - zero), 1.0)
        yield element("rect", x=x + 1, y=top, width=max(scale.width - 2, 1.0), height=height, fill=BAR)
        if value > scale.high or value < scale.low:
            text = f"{value:,.0f}"
            middle, half = _inside(x + scale.width / 2, text_width(text, 10) / 2)
            if all(abs(middle - other) >= half + its for other, its in taken):
                taken.append((middle, half))
                yield write(text, middle, TOP - 3 if value > 0 else BOTTOM - 3, text_anchor="middle")
            yield _cut(x, scale.width, TOP if value > 0 else BOTTOM)


def _inside(middle: float, half: float) -> tuple[float, float]:
    return min(max(middle, LEFT + half), WIDTH - half - 1), half


def _cut(x: float, width: float, y: float) -> str:
    """White slash through a bar that does not fit."""
    inner = 6.0 if y == TOP else -6.0
    return element("path", d=path([(x, y + inner + 3), (x + width, y + inner - 3)]), stroke="#ffffff", stroke_width=3)


def gaps(found: Timeline, scale: Scale) -> Iterator[str]:
    """Dotted boxes over months that nobody reported."""
    for start, stop in runs([isnan(value) for value in found.income]):
        x, width = scale.x(found.first_month + start), (stop - start) * scale.width
        box = {"x": x + 1, "y": TOP, "width": max(width - 2, 1.0), "height": BOTTOM - TOP}
        yield element("rect", **box, fill="#f4f5f7", stroke="#7b8794", stroke_width=0.8, stroke_dasharray="1.5 2.5")


def label_gaps(found: Timeline, scale: Scale, text: str) -> Iterator[str]:
    """What a dotted box means, upright where it is narrow."""
    for start, stop in runs([isnan(value) for value in found.income]):
        x, width = scale.x(found.first_month + start), (stop - start) * scale.width
        if text_width(text, 10) < width:
            yield from _over(text, x + width / 2, BOTTOM - 6, INK, text_anchor="middle")
        elif width > 11:
            x = x + width / 2 + 3.5
            upright = {"text_anchor": "end", "transform": f"rotate(-90 {number(x)} {number(TOP + 5)})"}
            yield from _over(text, x, TOP + 5, INK, **upright)


def _over(text: str, x: float, y: float, ink: str, **more: str) -> tuple[str, str]:
    """Words on a white ground of their own shape, over whatever is drawn there."""
    halo: dict[str, str | float] = {"stroke": "#ffffff", "stroke_width": 3, "stroke_linejoin": "round"}
    return write(text, x, y, **halo, **more), write(text, x, y, fill=ink, **more)


def lines(found: Timeline, scale: Scale, step_text: str) -> Iterator[str]:
    """The mean over the rule's window, broken where there is no verdict, and the monitoring line in its steps."""
    for start, stop in runs([not isnan(value) for value in found.line]):
        points, first = [], found.first_month
        for value, same in groupby(range(start, stop), key=lambda t: found.line[t]):
            months = list(same)
            y = scale.y(value / 12)
            points += [(scale.x(first + months[0]), y), (scale.x(first + months[-1] + 1), y)]
        yield element("path", d=path(points), fill="none", stroke=LINE, stroke_width=1.6, stroke_dasharray="5 3")
    for start, stop in runs([not isnan(value) for value in found.average]):
        middle = [
            (scale.x(found.first_month + t) + scale.width / 2, scale.y(found.average[t] / 12))
            for t in range(start, stop)
        ]
        if len(middle) == 1:
            yield element("circle", cx=middle[0][0], cy=middle[0][1], r=2, fill=INK)
        else:
            yield element("path", d=path(middle), fill="none", stroke=INK, stroke_width=2)
    yield from _step_labels(found, scale, step_text)


def _step_labels(found: Timeline, scale: Scale, text: str) -> Iterator[str]:
    """Yearly amount at each step that has room for it, on the side of the line where the mean is not."""
    for value, same in groupby(range(len(found.line)), key=lambda t: found.line[t]):
        months = list(same)
        label = text.format(amount=f"{value:,.0f}")
        if isnan(value) or text_width(label, 10) > len(months) * scale.width:
            continue
        x, y = scale.x(found.first_month + months[0]) + 2, scale.y(value / 12)
        means = [found.average[t] for t in months if not isnan(found.average[t])]
        above = bool(means) and min(means) < value
        y += -4 if (above and y - 14 > TOP) or y + 14 > BOTTOM else 12
        yield from _over(label, x, y, LINE)


def runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Stretches of true, as half-open ranges.

    >>> runs([True, True, False, True])
    [(0, 2), (3, 4)]
    """
    found = []
    for flag, same in groupby(range(len(flags)), key=lambda i: flags[i]):
        if flag:
            positions = list(same)
            found.append((positions[0], positions[-1] + 1))
    return found

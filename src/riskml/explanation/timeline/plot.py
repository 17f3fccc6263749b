"""Draw the plot of a timeline: months as bars, their mean as a line, the monitoring line as steps, gaps as boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, isnan, log10

from riskml.explanation.timeline import svg
from riskml.explanation.timeline.data import Timeline

WIDTH, LEFT, RIGHT = 360.0, 44.0, 6.0
TOP, BOTTOM = 102.0, 232.0
HEAD, STEPS, LANES_TOP = TOP - 19, BOTTOM + 39, BOTTOM + 46
"""Vertical positions of the text above the plot, of the amounts of the monitoring line, and of the first lane."""

INK, PALE, BAR, LINE = "#1d2733", "#d5dae0", "#a9bccb", "#9c2f1f"
GAP: dict[str, str | float] = {
    "fill": "#f4f5f7",
    "stroke": "#7b8794",
    "stroke_width": 0.8,
    "stroke_dasharray": "1.5 2.5",
}
"""Style of a month without a report."""


@dataclass(frozen=True)
class Scale:
    """Converts months, and amounts in yuan per head and month, to coordinates.

    Parameters
    ----------
    first, months : int
        The first month shown, and the number of months.
    low, high, step : float
        The ends of the vertical axis, and the distance between its ticks.
    """

    first: int
    months: int
    low: float
    high: float
    step: float

    def x(self, month: float) -> float:
        """Return the x coordinate of a month's left edge."""
        return LEFT + (month - self.first) * self.width

    @property
    def width(self) -> float:
        """Width of a month."""
        return (WIDTH - LEFT - RIGHT) / self.months

    def y(self, yuan: float) -> float:
        """Return the y coordinate of an amount, clipped to the frame."""
        share = (min(max(yuan, self.low), self.high) - self.low) / (self.high - self.low)
        return BOTTOM - share * (BOTTOM - TOP)


def fit_scale(timeline: Timeline) -> Scale:
    """Fit the axes to the mean and the line; the bar of a harvest month far above both is cut off and labelled."""
    known = [value for value in timeline.income if not isnan(value)]
    level = [value / 12 for value in (*timeline.average, *timeline.line) if not isnan(value)]
    top = max([*known, *level, 1.0])
    if level and max(level) > 0:
        top = max(min(top, 2.5 * max(level)), 1.15 * max(level))
    bottom = min([*known, *level, 0.0])
    bottom = max(bottom, -top)
    step = _round_up((top - bottom) / 4)
    months = timeline.last_month - timeline.first_month + 1
    return Scale(timeline.first_month, months, floor(bottom / step) * step, ceil(top / step) * step, step)


def _round_up(rough: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * 0.999)


def draw_plot(timeline: Timeline, scale: Scale, words: Mapping[str, str]) -> Iterator[str]:
    """Draw the legend, the axes, the gaps, the income, its mean and the monitoring line."""
    yield from _draw_legend(timeline, words)
    yield from _draw_frame(scale, words["unit"])
    yield from _draw_gaps(timeline, scale)
    yield from _draw_bars(timeline, scale)
    yield from _draw_lines(timeline, scale)
    yield from _label_steps(timeline, scale, words)
    yield from _label_gaps(timeline, scale, words["gap"])


def _draw_legend(timeline: Timeline, words: Mapping[str, str]) -> Iterator[str]:
    """Draw one row that explains the bars, the thick line, the dashed line and, if there are any, the dotted boxes."""
    x, y = 4.0, 58.0
    stroke = [(0.0, 5.0), (14.0, 5.0)]
    signs = [
        (words["bar"], svg.make_element("rect", x=0, y=0, width=10, height=9, fill=BAR)),
        (words["average"].format(window=timeline.window), svg.draw_line(stroke, INK, 2)),
        (words["dashed"], svg.draw_line(stroke, LINE, 1.6, stroke_dasharray="5 3")),
    ]
    if any(isnan(value) for value in timeline.income):
        signs.append((words["gap"], svg.make_element("rect", x=0.5, y=0, width=10, height=9, **GAP)))
    for text, sign in signs:
        yield svg.make_element("g", sign, svg.write_text(text, 17, 8), transform=f"translate({x:.0f} {y:.0f})")
        x += 17 + svg.estimate_width(text, 10) + 8


def _draw_frame(scale: Scale, unit: str) -> Iterator[str]:
    """Draw the axes, with yuan on the left, and months and years below."""
    yield svg.write_text(unit, 4, HEAD)
    for i in range(round((scale.high - scale.low) / scale.step) + 1):
        value = scale.low + i * scale.step
        y = scale.y(value)
        yield svg.draw_line([(LEFT, y), (WIDTH - RIGHT, y)], INK if value == 0 else PALE, 0.8)
        label = f"{value:,.0f}" if scale.step >= 1 else svg.format_number(value)
        yield svg.write_text(label, LEFT - 4, y + 3.5, text_anchor="end")
    every = max(1, ceil(26 / (3 * scale.width))) * 3
    end = scale.first + scale.months
    for month in range(scale.first, end):
        x = scale.x(month)
        if month % 12 == 0 or month == scale.first:
            yield svg.draw_line([(x, BOTTOM), (x, BOTTOM + 26)], PALE, 0.8)
            if min(end, month // 12 * 12 + 12) - month >= 3:
                yield svg.write_text(str(1970 + month // 12), x + 2, BOTTOM + 25)
        if month % every == 0:
            yield svg.write_text(str(month % 12 + 1), x + scale.width / 2, BOTTOM + 12, text_anchor="middle")


def _draw_bars(timeline: Timeline, scale: Scale) -> Iterator[str]:
    """Draw the income per head in each reported month; a bar that is cut off is labelled with its amount."""
    taken: list[tuple[float, float]] = []
    labels: list[str] = []
    zero = scale.y(0)
    for month, value in enumerate(timeline.income, timeline.first_month):
        if isnan(value):
            continue
        x, y = scale.x(month), scale.y(value)
        height = max(abs(y - zero), 1.0)
        width = max(scale.width - 2, 1.0)
        yield svg.make_element("rect", x=x + 1, y=min(y, zero), width=width, height=height, fill=BAR)
        if scale.low <= value <= scale.high:
            continue
        text = f"{value:,.0f}"
        half = svg.estimate_width(text, 10) / 2
        middle = min(max(x + scale.width / 2, LEFT + half), WIDTH - half - 1)
        if svg.claim(taken, middle, half):
            labels.append(svg.write_over(text, middle, TOP - 3 if value > 0 else BOTTOM - 3, {"text_anchor": "middle"}))
        slash = TOP + 6 if value > 0 else BOTTOM - 18  # a label at the bottom is inside the frame, below the break
        yield svg.draw_line([(x, slash + 3), (x + scale.width, slash - 3)], "#ffffff", 3)
    yield from labels


def _find_gaps(timeline: Timeline, scale: Scale) -> Iterator[tuple[float, float]]:
    """Yield the left edge and the width of each stretch of months without a report."""
    for start, stop in _find_runs([isnan(value) for value in timeline.income]):
        yield scale.x(timeline.first_month + start), (stop - start) * scale.width


def _draw_gaps(timeline: Timeline, scale: Scale) -> Iterator[str]:
    """Draw dotted boxes over months without a report."""
    for x, width in _find_gaps(timeline, scale):
        yield svg.make_element("rect", x=x + 1, y=TOP, width=max(width - 2, 1.0), height=BOTTOM - TOP, **GAP)


def _label_gaps(timeline: Timeline, scale: Scale, text: str) -> Iterator[str]:
    """Label the dotted boxes; in narrow boxes, the text is rotated."""
    for x, width in _find_gaps(timeline, scale):
        if svg.estimate_width(text, 10) < width:
            yield svg.write_over(text, x + width / 2, BOTTOM - 6, {"fill": INK, "text_anchor": "middle"})
        elif width > 11:
            x = x + width / 2 + 3.5
            rotate = f"rotate(-90 {svg.format_number(x)} {svg.format_number(TOP + 5)})"
            yield svg.write_over(text, x, TOP + 5, {"fill": INK, "text_anchor": "end", "transform": rotate})


def _draw_lines(timeline: Timeline, scale: Scale) -> Iterator[str]:
    """Draw the mean over the rule's window, broken where it is unknown, and the monitoring line as steps."""
    first = timeline.first_month
    for start, stop in _find_runs([not isnan(value) for value in timeline.line]):
        points = []
        for value, same in groupby(range(start, stop), key=lambda t: timeline.line[t]):
            months = list(same)
            y = scale.y(value / 12)
            points += [(scale.x(first + months[0]), y), (scale.x(first + months[-1] + 1), y)]
        yield svg.draw_line(points, LINE, 1.6, fill="none", stroke_dasharray="5 3")
    for start, stop in _find_runs([not isnan(value) for value in timeline.average]):
        points = [(scale.x(first + t) + scale.width / 2, scale.y(timeline.average[t] / 12)) for t in range(start, stop)]
        if len(points) == 1:
            yield svg.make_element("circle", cx=points[0][0], cy=points[0][1], r=2, fill=INK)
        else:
            yield svg.draw_line(points, INK, 2, fill="none")


def _label_steps(timeline: Timeline, scale: Scale, words: Mapping[str, str]) -> Iterator[str]:
    """Write the yearly amount below each step that has room for it, in a row that crosses no bar and no line."""
    if not all(isnan(value) for value in timeline.line):
        yield svg.write_text(words["steps"], 4, STEPS, fill=LINE)
    for value, same in groupby(range(len(timeline.line)), key=lambda t: timeline.line[t]):
        months = list(same)
        label = words["step"].format(amount=f"{value:,.0f}")
        if not isnan(value) and svg.estimate_width(label, 10) + 4 <= len(months) * scale.width:
            yield svg.write_text(label, scale.x(timeline.first_month + months[0]) + 2, STEPS, fill=LINE)


def _find_runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Find the runs of true values, as half-open ranges.

    >>> _find_runs([True, True, False, True])
    [(0, 2), (3, 4)]
    """
    runs, start = [], 0
    for flag, same in groupby(flags):
        stop = start + len(list(same))
        if flag:
            runs.append((start, stop))
        start = stop
    return runs

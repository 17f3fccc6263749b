"""In the timeline, no text is drawn over another, over a bar or over the mark that a bar is cut off."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree as ET

import pytest
from PIL import ImageFont

from riskml.explanation.timeline.plot import BAR, BOTTOM, TOP, WIDTH
from riskml.explanation.timeline.timeline import draw_timeline_svg
from riskml.fonts import find_font

FONT = ImageFont.truetype(find_font(), 100)
SVG = "{http://www.w3.org/2000/svg}"


def list_boxes(picture):
    """List the edges (left, top, right, bottom) of every text, by what it says."""
    boxes = {}
    for group in picture.iter():
        for text in group.findall(f"{SVG}text"):
            if "transform" in text.attrib or "transform" in group.attrib:
                continue
            size, x, y = float(text.get("font-size", 10)), float(text.get("x")), float(text.get("y"))
            width = FONT.getlength(text.text) * size / FONT.size
            anchor = text.get("text-anchor", group.get("text-anchor", "start"))
            left = x - width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
            boxes[text.text, x, y] = (left, y - 0.8 * size, left + width, y + 0.1 * size)  # a halo has the same place
    return boxes


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("harvest", [-11_569.0, 60_000.0])
@pytest.mark.parametrize("size", [1, 4])
def test_no_text_of_a_timeline_covers_anything(village, lang, harvest, size):
    village.household(size).earns("2021-01", "2023-12", business=900)
    for month in ("2022-07", "2022-10", "2022-11", "2023-07", "2023-08", "2023-12"):
        village.earns(month, month, total=harvest * size)
    village.add("illness", kind="inpatient", occurred_on="2023-04-12", visits=2, cost=60_000, self_paid=24_000)
    village.has("illness", "events", "help")
    picture = ET.fromstring(draw_timeline_svg(village.panel(), lang=lang))
    boxes = list_boxes(picture)
    amounts = {words for words, _, y in boxes if y in (TOP - 3, BOTTOM - 3)}
    assert amounts, "a bar must be cut off and labelled"
    for (name, box), (other, second) in itertools.combinations(boxes.items(), 2):
        assert not overlap(box, second), (name, other)
    assert all(left >= 0 and right <= WIDTH for left, _, right, _ in boxes.values())
    bars = []
    for bar in picture.iter(f"{SVG}rect"):
        if bar.get("fill") == BAR:
            x, y, width, height = (float(bar.get(name)) for name in ("x", "y", "width", "height"))
            bars.append((x, y, x + width, y + height))
    breaks = [
        [tuple(map(float, point.split())) for point in path.get("d")[1:].split("L")]
        for path in picture.iter(f"{SVG}path") if path.get("stroke") == "#ffffff"
    ]  # fmt: skip
    assert breaks
    for (words, _, _), box in boxes.items():
        covered = [bar for bar in bars if overlap(box, bar) and TOP <= bar[1] <= BOTTOM]
        assert not covered or words in amounts, words  # an amount below zero stands at the end of its own bar
        assert not [1 for (x, y), (right, top) in breaks if overlap(box, (x, top - 1.5, right, y + 1.5))], words

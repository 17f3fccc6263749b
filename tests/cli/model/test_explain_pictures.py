"""``riskml explain --svg --png``: the timeline is drawn in addition to the text."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
from PIL import Image

from riskml.explanation.timeline.timeline import draw_timeline_png, draw_timeline_svg
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records

Run = Callable[..., Any]
AS_OF = "2022-12-31"


def find_ill_household(county: Path) -> str:
    """Choose a household with a medical bill in the year before ``AS_OF``."""
    bills = pd.read_parquet(county / "illness.parquet")
    days = pd.to_datetime(bills["occurred_on"])
    known = pd.to_datetime(bills["recorded_on"])
    wanted = (days > "2022-03-01") & (known <= AS_OF) & (bills["self_paid"] > 1000)
    return str(bills.loc[wanted, "household_id"].min())


def test_explain_draws_a_timeline_with_its_font_and_a_note_that_it_is_simulated(
    riskml: Run, bundle_path: Path, county: Path, county_records: Records, tmp_path: Path
) -> None:
    code, svg, png = find_ill_household(county), tmp_path / "new" / "t.svg", tmp_path / "t.png"
    ran = riskml("explain", bundle_path, county, code, "--as-of", AS_OF, "--svg", svg, "--png", png, "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["household_id"] == code
    assert f"Timeline: {svg}" in ran.err
    position = county_records.index(code)
    assert position is not None
    panel = county_records.panel(to_day(AS_OF))
    text = svg.read_text("utf-8")
    assert text == draw_timeline_svg(panel, position, simulated=True, embed_font=True)
    assert "模拟县数据，非真实农户" in "".join(ET.fromstring(text).itertext())
    assert png.read_bytes() == draw_timeline_png(panel, position, simulated=True)
    assert Image.open(BytesIO(png.read_bytes())).width == 1080


def test_explain_can_draw_in_english_and_without_health_data(
    riskml: Run, bundle_path: Path, county: Path, tmp_path: Path
) -> None:
    svg = tmp_path / "t.svg"
    requests = (
        "explain",
        bundle_path,
        county,
        find_ill_household(county),
        "--as-of",
        AS_OF,
        "--lang",
        "en",
        "--svg",
        svg,
    )
    assert riskml(*requests).code == 0
    assert "self-paid" in svg.read_text("utf-8")
    assert riskml(*requests, "--redact", "health").code == 0
    hidden = svg.read_text("utf-8")
    assert "self-paid" not in hidden
    assert "Illness" not in hidden
    assert "income and events" in hidden


def test_failing_to_write_a_picture_is_an_error(riskml: Run, bundle_path: Path, county: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = riskml(
        "explain",
        bundle_path,
        county,
        find_ill_household(county),
        "--as-of",
        AS_OF,
        "--png",
        tmp_path / "file" / "t.png",
    )
    assert ran.code == 1
    assert "cannot be written" in ran.err
    assert "Traceback" not in ran.err

"""The picture of a household's timeline: what it shows, what it must not reveal, and that it uses only what was known
on the as-of date."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from riskml.explanation import NOTICE
from riskml.explanation.timeline.data import Timeline
from riskml.explanation.timeline.svg import make_element
from riskml.explanation.timeline.timeline import draw_timeline_png, draw_timeline_svg
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records

GOLDEN = Path(__file__).parent / "golden" / "timeline_fengjie.svg"
ALL = ("illness", "disaster", "events", "help", "monitoring", "members")
AS_OF = to_day("2023-12-31")
SVG = "{http://www.w3.org/2000/svg}"


def read_words(svg: str) -> str:
    """Read all the text in a picture."""
    return "\n".join(ET.fromstring(svg).itertext())


@pytest.fixture
def fengjie(village):
    """Make an orange grower's household.

    It has harvest income, two months without a report, illness, a dropout, an unsold crop and help."""
    village.household(4, kind="exited", exited_on="2019-12-31")
    village.earns("2021-01", "2022-08", business=900, transfer=300).earns("2022-11", "2023-12", business=800)
    village.earns("2022-12", "2022-12", wage=30_000).earns("2023-12", "2023-12", wage=12_000)
    village.add("illness", kind="inpatient", occurred_on="2023-04-12", visits=2, cost=60_000, self_paid=24_000)
    village.add("illness", kind="outpatient", occurred_on="2023-05-20", visits=1, cost=900, self_paid=400)
    village.add("events", kind="disability", occurred_on="2023-06-30")
    village.add("events", kind="dropout", occurred_on="2023-09-08").add(
        "events", kind="visit", occurred_on="2023-10-08"
    )
    village.add("events", kind="job_loss", occurred_on="2022-03-08")
    village.add("disaster", kind="price_fall", occurred_on="2023-12-05", loss=18_000)
    village.add("disaster", household_id=None, region_code="1305", kind="drought", occurred_on="2022-06-05")
    village.add("help", started_on="2023-05-01", measure="医疗救助", amount=3000)
    village.add("help", started_on="2022-02-01", measure="公益性岗位")
    village.add("monitoring", category="borderline", entered_on="2022-02-10", cleared_on="2022-11-20")
    return village.has(*ALL)


def test_the_picture_equals_the_one_that_was_reviewed(fengjie, golden):
    svg = draw_timeline_svg(fengjie.panel(), scores=[(to_day("2023-06-30"), 0.114), (to_day("2023-09-30"), 0.236)])
    golden(GOLDEN, svg)
    assert len(svg.encode()) < 30_000


def test_the_numbers_match_the_panel(fengjie):
    panel = fengjie.panel()
    timeline = Timeline.from_panel(panel)
    assert timeline.average[-1] == panel.income_per_head(12)[0] == (12 * 800 + 12_000 + 0) / 12 * 12 / 4
    assert timeline.line[-1] == 8300
    assert timeline.line[0] == 5000
    assert f"{timeline.average[-1]:,.0f} 元/年" in read_words(draw_timeline_svg(panel))
    assert timeline.income[0] == 1200 / 4
    assert timeline.income[-1] == 12_800 / 4


def test_an_unreported_month_is_a_gap_and_not_a_bar(village):
    village.household(2).earns("2023-01", "2023-04", total=2000).earns("2023-07", "2023-12", total=2000)
    picture = ET.fromstring(draw_timeline_svg(village.panel(), months=12))
    bars = [
        float(r.get("x")) for r in picture.iter(f"{SVG}rect") if r.get("fill") == "#a9bccb" and float(r.get("y")) > 9
    ]
    assert len(bars) == 10
    dotted = [r for r in picture.iter(f"{SVG}rect") if r.get("stroke-dasharray") and float(r.get("height")) > 20]
    assert len(dotted) == 1
    left, width = float(dotted[0].get("x")), float(dotted[0].get("width"))
    assert not [x for x in bars if left <= x < left + width]
    steps = sorted(bars)
    assert steps[3] < left < steps[4]
    assert "无收入记录" in read_words(draw_timeline_svg(village.panel(), months=12))


def test_a_month_with_zero_income_is_a_bar_and_not_a_gap(village):
    village.household(2).earns("2023-01", "2023-12", total=0.0)
    svg = draw_timeline_svg(village.panel(), months=12)
    assert "无收入记录" not in read_words(svg)
    assert svg.count('fill="#a9bccb"') == 12 + 1  # and one more in the legend


def test_the_line_is_drawn_in_yearly_steps(fengjie):
    picture = ET.fromstring(draw_timeline_svg(fengjie.panel()))
    steps = next(
        p.get("d") for p in picture.iter(f"{SVG}path") if p.get("stroke") == "#9c2f1f" and len(p.get("d")) > 20
    )
    heights = [float(point.split()[1]) for point in steps[1:].split("L")]
    assert len(set(heights)) == 3
    assert heights == sorted(heights, reverse=True)
    assert {"7,300/年", "8,300/年"} <= set(read_words(draw_timeline_svg(fengjie.panel())).split("\n"))


def test_marks_show_words_and_amounts(fengjie):
    text = read_words(draw_timeline_svg(fengjie.panel()))
    for part in ("2023-04-12 住院，自付 24,000 元", "所在地区干旱", "辍学", "18,000元", "医疗救助", "边缘易致贫户"):
        assert part in text
    letters = set(text.split("\n"))
    assert {"病", "残", "灾", "学", "工"} <= letters
    assert "走访" not in text
    english = read_words(draw_timeline_svg(fengjie.panel(), lang="en"))
    assert "2023-04-12 inpatient, 24,000 yuan self-paid" in english
    assert re.search("[\u4e00-\u9fff]", english.replace("医疗救助", "").replace("公益性岗位", "")) is None


def test_nothing_about_health_is_shown_without_permission(fengjie):
    svg = draw_timeline_svg(fengjie.panel(), health=False)
    for part in ("病", "残", "住院", "门诊", "自付", "24,000", "医疗", "3,000 元"):
        assert part not in svg
    assert "帮扶措施" in svg
    before = fengjie.panel()
    fengjie.add("illness", kind="chronic", occurred_on="2023-11-01", visits=9, self_paid=7000.0)
    assert draw_timeline_svg(fengjie.panel(), health=False) == draw_timeline_svg(before, health=False)


def test_unknown_is_distinguished_from_none(village):
    village.household(2).earns("2023-01", "2023-12", total=1500).has("events", "help")
    text = read_words(draw_timeline_svg(village.panel()))
    assert text.count("无此类数据") == 2
    assert text.count("无记录") == 3


def test_every_picture_has_the_notice_and_the_date(fengjie):
    for lang in ("zh", "en"):
        text = read_words(draw_timeline_svg(fengjie.panel("2023-12-15"), lang=lang))
        assert NOTICE[lang] in text
        assert "2023-12-15" in text
    assert "模拟县数据" in read_words(draw_timeline_svg(fengjie.panel(), simulated=True))
    assert "模拟" not in read_words(draw_timeline_svg(fengjie.panel()))


def test_scores_later_than_the_panel_are_left_out(fengjie):
    panel = fengjie.panel()
    assert draw_timeline_svg(panel, scores=[(AS_OF + 1, 0.5)]) == draw_timeline_svg(panel)
    assert "类似的 100 户中约 24 户" in read_words(draw_timeline_svg(panel, scores=[(AS_OF, 0.236)]))


def test_a_household_among_many_gives_the_same_bytes_as_alone(fengjie):
    alone = draw_timeline_svg(fengjie.panel())
    fengjie.add("households", household_id="A", size=2, kind="ordinary", region_code="130529101203")
    fengjie.add("events", household_id="A", kind="accident", occurred_on="2023-10-01")
    assert draw_timeline_svg(fengjie.panel(), 1) == alone


def test_a_bar_for_a_harvest_month_is_cut_off_and_states_its_amount(fengjie):
    text = read_words(draw_timeline_svg(fengjie.panel()))
    assert "7,700" in text.split("\n")


def test_the_standalone_file_embeds_its_glyphs(fengjie, find_missing_glyphs):
    svg = draw_timeline_svg(fengjie.panel(), embed_font=True)
    assert "@font-face" in svg
    assert find_missing_glyphs(read_words(draw_timeline_svg(fengjie.panel()))) == ""
    assert len(svg.encode()) < 60_000


def test_a_png_has_the_requested_width_and_shows_the_chinese_text(fengjie):
    image = Image.open(BytesIO(draw_timeline_png(fengjie.panel(), width=720))).convert("L")
    assert image.width == 720
    headline = image.crop((0, 4, 400, 40))
    dark = sum(headline.histogram()[:128])
    assert 800 < dark < 6000
    assert draw_timeline_png(fengjie.panel(), width=720) == draw_timeline_png(fengjie.panel(), width=720)


def test_text_line_and_bars_have_clearly_different_greys(fengjie):
    inks = set(re.findall(r'(?:fill|stroke)="#(\w{6})"', draw_timeline_svg(fengjie.panel())))
    grey = {ink: sum(w * int(ink[k : k + 2], 16) for w, k in ((0.2126, 0), (0.7152, 2), (0.0722, 4))) for ink in inks}
    assert grey["1d2733"] < 60 < grey["9c2f1f"] + 40 < grey["a9bccb"] - 60
    assert grey["a9bccb"] < 215


def test_monthly_income_is_divided_by_the_household_size_known_at_the_time():
    households = {
        "household_id": ["H1", "H1"],
        "recorded_on": [None, "2023-07-01"],
        "region_code": ["130529101203"] * 2,
        "size": [2, 4],
    }
    months = [f"2023-{month:02d}-01" for month in range(1, 13)]
    income = {"household_id": ["H1"] * 12, "period_start": months, "source": ["total"] * 12, "amount": [1200.0] * 12}
    tables = {"households": households, "income": income, "lines": {"effective_from": ["2020-01-01"], "amount": [6000]}}
    timeline = Timeline.from_panel(Records.from_tables(tables).panel(AS_OF), months=12)
    assert timeline.income == (600.0,) * 6 + (300.0,) * 6
    assert timeline.average[-1] == 1200 * 12 / 4


def test_what_ended_before_the_first_month_shown_is_not_drawn(village):
    village.household(2).earns("2023-01", "2023-12", total=1500).has(*ALL)
    before = draw_timeline_svg(village.panel())
    village.add("events", kind="job_loss", occurred_on="2021-12-31")
    village.add("monitoring", category="borderline", entered_on="2021-03-01", cleared_on="2021-12-31")
    assert draw_timeline_svg(village.panel()) == before
    village.add("monitoring", category="unstable_exit", entered_on="2021-03-02", cleared_on="2022-01-01")
    village.add("help", started_on="2021-03-01", measure="雨露计划补助")
    assert {"脱贫不稳定户", "雨露计划补助"} <= set(read_words(draw_timeline_svg(village.panel())).split("\n"))
    assert "边缘易致贫户" not in draw_timeline_svg(village.panel())


def test_a_mark_names_the_first_events_of_a_month_and_counts_the_rest(village):
    village.household(2).earns("2023-01", "2023-12", total=1500).has(*ALL)
    for day in range(1, 8):
        village.add("illness", kind="outpatient", occurred_on=f"2023-05-0{day}", visits=1, self_paid=100.0)
    svg = draw_timeline_svg(village.panel())
    lines = next(t for t in ET.fromstring(svg).iter(f"{SVG}title") if "2023-05-01" in t.text).text.split("\n")
    assert len(lines) == 4
    assert lines[-1] == "另 4 项"
    assert "700元" in read_words(svg).split("\n")


def test_text_from_the_records_is_escaped(village):
    village.household(2).earns("2023-01", "2023-12", total=1500).has(*ALL)
    village.add("help", started_on="2023-05-01", measure="<script>\x01&\"'</script>")
    assert "<script>\ufffd&\"'</script>" in read_words(draw_timeline_svg(village.panel()))
    assert make_element("a", title='<"&\x02>') == "<a title='&lt;\"&amp;\ufffd&gt;'/>"


def test_the_busiest_timeline_stays_small(village):
    village.household(3).earns("2021-01", "2023-12", wage=1234.5)
    for month in range(24):
        day = f"{2022 + month // 12}-{month % 12 + 1:02d}"
        for k in range(3):
            village.add("illness", kind="outpatient", occurred_on=f"{day}-1{k}", visits=1, self_paid=123.0 * k)
        village.add("disaster", kind="fire", occurred_on=f"{day}-15", loss=10.0 * month)
        for kind in ("dropout", "job_loss", "accident"):
            village.add("events", kind=kind, occurred_on=f"{day}-20", amount=7.0 * month)
        village.add("help", started_on=f"{day}-01", ended_on=f"{day}-20", measure="临时救助")
    svg = draw_timeline_svg(village.panel())
    assert len(svg.encode()) < 30_000
    assert "另 21 项" in read_words(svg)

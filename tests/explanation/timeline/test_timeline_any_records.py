"""For any records, the timeline is well-formed, safe to embed in any page, and unaffected by later records."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.explanation.timeline.timeline import draw_timeline_svg
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_date, to_day, to_month
from riskml.records.panel.store import Records

AS_OF = to_day("2023-12-31")
SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "rect", "path", "text", "g", "circle"}

days = st.integers(to_day("2020-06-01"), AS_OF + 200)
money = st.one_of(st.none(), st.floats(0, 1e6), st.just(1e12))
KNOWN = {
    "income": ("period_start", "months", "source", "amount"),
    "illness": ("occurred_on", "kind", "visits", "cost", "self_paid"),
    "disaster": ("occurred_on", "kind", "loss", "region_code"),
    "events": ("occurred_on", "kind", "amount"),
    "help": ("started_on", "ended_on", "measure", "emergency", "amount"),
    "monitoring": ("entered_on", "cleared_on", "category"),
}
text = st.text(st.characters(), min_size=1, max_size=12)


@st.composite
def draw_row(draw, table, late):
    """Draw a random row that was recorded by the as-of date or, if ``late``, after it."""
    day = draw(days)
    recorded = draw(st.integers(AS_OF + 1, AS_OF + 400) if late else st.integers(to_day("2020-01-01"), AS_OF))
    row = {"recorded_on": str(to_date(recorded)), "household_id": "H1"}
    end = draw(st.one_of(st.none(), st.integers(day, day + 900)))
    match table:
        case "income":
            month = draw(st.integers(to_month(to_day("2020-06-01")), to_month(AS_OF)))
            row |= {"period_start": f"{1970 + month // 12}-{month % 12 + 1:02d}-01", "months": draw(st.integers(1, 14))}
            row |= {"source": draw(st.sampled_from(["wage", "business"])), "amount": draw(st.floats(-1e5, 1e6))}
        case "illness":
            kind = st.sampled_from(["inpatient", "outpatient", "chronic", "other"])
            row |= {"kind": draw(kind), "visits": draw(st.integers(0, 3)), "cost": None, "self_paid": draw(money)}
        case "disaster":
            regional = draw(st.booleans())
            row |= {"kind": draw(st.sampled_from(["flood", "fire", "other"])), "loss": draw(money)}
            row |= {"household_id": None if regional else "H1", "region_code": "1305" if regional else None}
        case "events":
            kinds = ["job_loss", "dropout", "school_fee", "death", "disability", "visit", "venture_failure"]
            row |= {"kind": draw(st.sampled_from(kinds)), "amount": draw(money)}
        case "help":
            row |= {"measure": draw(text), "emergency": draw(st.sampled_from([None, True, False]))}
            row |= {"amount": draw(money), "ended_on": None if end is None else str(to_date(end))}
        case "monitoring":
            row |= {"cleared_on": None if end is None else str(to_date(end))}
            row |= {"category": draw(st.sampled_from(["borderline", "unstable_exit"]))}
    for name in ("occurred_on", "started_on", "entered_on"):
        if name in KNOWN[table]:
            row[name] = str(to_date(day))
    return row


def build_records(tables):
    household = {"household_id": ["H1"], "region_code": ["130529101203"], "size": [3], "kind": ["ordinary"]}
    built = {"households": household, "lines": {"region_code": [], "effective_from": [], "amount": []}}
    for name, entries in tables.items():
        names = ("household_id", "recorded_on", *KNOWN[name])
        built[name] = {column: [row.get(column) for row in entries] for column in names}
    return Records.from_tables(built, load_policy().lines)


def drop_versions(table, entries):
    """Keep one version of each entry into monitoring, because two versions recorded on the same day are a fault."""
    return entries if table != "monitoring" else list({row["entered_on"]: row for row in entries[::-1]}.values())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_records_give_well_formed_xml_and_later_rows_change_nothing(data):
    present = data.draw(st.sets(st.sampled_from(sorted(KNOWN)))) | {"income"}
    known, more = {}, {}
    for table in sorted(present):
        known[table] = drop_versions(table, data.draw(st.lists(draw_row(table, late=False), max_size=6)))
        late = drop_versions(table, data.draw(st.lists(draw_row(table, late=True), max_size=3)))
        more[table] = known[table] + late
    before, after = build_records(known).panel(AS_OF), build_records(more).panel(AS_OF)
    for health in (True, False):
        svg = draw_timeline_svg(before, health=health)
        assert draw_timeline_svg(after, health=health) == svg
        picture = ET.fromstring(svg)
        assert {e.tag.removeprefix(SVG) for e in picture.iter()} <= ALLOWED
        names = {name for e in picture.iter() for name in e.attrib}
        assert not {n for n in names if n.startswith("on") or n in ("href", "style", "id", "class")}
        assert "url(" not in svg
        assert "nan" not in svg.replace("financ", "")
        assert picture.get("role") == "img"
        assert [e.tag.removeprefix(SVG) for e in picture][:2] == ["title", "desc"]
        assert len(svg.encode()) < 30_000

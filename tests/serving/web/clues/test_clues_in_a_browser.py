"""Two calls of Leye's hotline, told in a real browser: childbirth, which is rejected, and a shop that burnt down."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import text
from tests.serving.conftest import TODAY
from tests.serving.web.conftest import Reader, serve

from riskml_serving.base.database import open_engine, reading

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def serve_on(make_settings, model, monkeypatch):
    """Return a function that serves one database on a day, counted from the last day of its records."""
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: model)
    return lambda day: serve(make_settings(today=TODAY + dt.timedelta(days=day - 1)))


def find_quiet(make_settings, world):
    engine = open_engine(make_settings().database_url)
    query = text("SELECT min(household_id) FROM current_scores WHERE signal = 0 AND region_code = :r")
    with reading(engine) as connection:
        code = connection.execute(query, {"r": world.regions["village"]}).scalar_one()
    engine.dispose()
    return code


def open_page(browser, served, user, *, width=1280, script=True):
    reader = Reader(browser, served.address, width, script)
    if width < 500:
        reader.page.set_viewport_size(PHONE)
    reader.sign_in(user)
    return reader


def report(reader, **fields):
    """Report a clue from the first page; return the number of taps and fields that it took."""
    reader.page.click("a[href='/clues/new']")
    steps = 1
    for name, value in fields.items():
        if name == "what":
            reader.page.check(f"[name=what][value={value}]")
        elif name == "channel":
            reader.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
            reader.page.select_option("[name=channel]", value)
        else:
            reader.page.fill(f"form.clue [name={name}]", value)
        steps += 1
    reader.page.click("form.clue > button")
    reader.page.wait_for_url("**done=reported*")
    assert re.search("线索已登记|has been registered", reader.page.inner_text(".done"))
    return steps + 1


def read_rows(reader, code):
    """Read the rows of the register of clues about a household."""
    reader.page.goto(f"{reader.address}/clues")
    rows = reader.page.locator("table.list tbody tr").filter(has=reader.page.locator(f"a[href='/households/{code}']"))
    return [" ".join(text.split()) for text in rows.all_inner_texts()]


def test_the_call_about_childbirth_is_visited_rejected_told_on_day_three_and_closed(
    browser, serve_on, make_settings, world
):
    code = find_quiet(make_settings, world)
    with serve_on(1) as served:
        county = open_page(browser, served, "county")
        report(county, q=code, what="illness", amount="9800", channel="hotline")
        page = county.page.inner_text("main")
        assert "如线索属实（测算，非结论）" in page
        (row,) = read_rows(county, code)
        assert "待核实" in row
        assert "生病住院 9,800 元，热线电话" in row
    with serve_on(2) as served:
        village = open_page(browser, served, "village", width=360)
        assert "线索待核实 1 户" in village.page.inner_text("main")
        assert village.page.locator("table.list tbody tr").first.locator("a").first.get_attribute("href").endswith(code)
        village.open_first()
        village.page.click("a[href='#finding']")
        village.page.check("[name=outcome][value=rejected]")
        village.page.select_option("[name=reason]", "affordable")
        village.page.fill("form.keep [name=note]", "两人务工，有面包车和营业执照")
        village.page.locator("form.keep > button").click()
        village.page.wait_for_url("**done=verified*")
        village.page.goto(f"{served.address}/worklist")
        assert "线索待核实" not in village.page.inner_text("main")
        (row,) = read_rows(village, code)
        assert "待回访" in row
        assert "不属实：收入或财产足以应对" in row
    with serve_on(3) as served:
        county = open_page(browser, served, "county")
        county.page.goto(f"{served.address}/households/{code}")
        form = county.page.locator("form[data-done=told]")
        county.page.evaluate(
            "document.querySelectorAll('#verification details').forEach(part => { part.open = true; })"
        )
        form.locator("button").click()
        county.page.wait_for_url("**done=told*")
        (row,) = read_rows(county, code)
        last = (TODAY + dt.timedelta(days=2)).isoformat()
        assert "已办结" in row
        assert f"回访 {last} 办结 {last}" in row
        assert "1 天" in row
        assert county.errors == []
        assert county.outside == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_burnt_shop_is_reported_with_a_thumb_seen_first_and_confirmed(
    browser, serve_on, make_settings, world, script
):
    code = find_quiet(make_settings, world)
    with serve_on(1) as served:
        village = open_page(browser, served, "village", width=360, script=script)
        link = village.page.locator("a[href='/clues/new']").bounding_box()
        assert link["y"] + link["height"] < PHONE["height"], "on the first screen"
        steps = report(village, q=code, what="disaster", amount="120000")
        assert steps <= 6
        assert village.measure_overflow() == 0
        estimate = village.page.locator("section.card", has_text="如线索属实").first.inner_text()
        assert "灾害损失占一年监测线收入的比例较大" in estimate
        assert "→ ▲ 黄" in " ".join(estimate.split()), "green before, yellow if it is true"
        village.page.goto(f"{served.address}/worklist")
        first = village.page.locator("table.list tbody tr").first
        assert "线索：灾害 120,000 元，网格员上报" in " ".join(first.inner_text().split())
        for path in ("/clues", "/clues/new", f"/households/{code}"):
            village.page.goto(served.address + path)
            assert village.measure_overflow() == 0, path
        village.page.check("[name=outcome][value=confirmed]")
        village.page.locator("form.keep > button").click()
        village.page.wait_for_url("**done=verified*")
        (row,) = read_rows(village, code)
        assert "已办结" in row
        assert "属实" in row
        assert village.outside == []
        assert village.errors == []

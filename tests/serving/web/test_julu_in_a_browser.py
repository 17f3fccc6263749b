"""Julu's case, role by role: the grid worker's clue, the village's visit with the bill, the county's help, the second
look three months later.

The man lay a month in hospital elsewhere and paid 90,000 yuan himself; his income alone is far above the line.
"""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import text
from tests.serving.conftest import PASSWORD, TODAY
from tests.serving.web.clues.test_clues_in_a_browser import read_rows, report
from tests.serving.web.conftest import Reader, serve

from riskml.vocabulary.verdicts import STATUSES
from riskml_serving.base.database import open_engine, reading, writing
from riskml_serving.people.accounts.service import create_user

GREEN = """SELECT household_id FROM current_scores JOIN record_households USING (household_id)
    WHERE current_scores.region_code = :v AND signal = 0 AND status = 'at_risk' AND rule_flags = ''
    AND -shortfall * size < 80000 ORDER BY probability LIMIT 1"""


@pytest.fixture
def household(make_settings, world):
    """Let a village account see health details, and choose a household of its village that nothing flags."""
    engine = open_engine(make_settings().database_url)
    with writing(engine) as connection:
        create_user(connection, "visitor", PASSWORD, "village", world.villages[0], health_details=True)
    with reading(engine) as connection:
        code = connection.execute(text(GREEN), {"v": world.villages[0]}).scalar_one()
    engine.dispose()
    return code


def open_page(browser, address, width, user, household):
    reader = Reader(browser, address, width, script=width == 360)  # the forms work without JavaScript too
    reader.page.set_viewport_size({"width": width, "height": 740})
    reader.sign_in(user)
    reader.page.goto(f"{address}/households/{household}")
    assert reader.measure_overflow() == 0
    return reader


@pytest.mark.parametrize("width", [360, 1280])
def test_a_clue_then_a_visit_with_the_bill_then_help_then_the_second_look(
    browser, make_settings, model, monkeypatch, household, width, tmp_path
):
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: model)
    with serve(make_settings()) as served:
        worker = Reader(browser, served.address, width, script=width == 360)
        worker.page.set_viewport_size({"width": width, "height": 740})
        worker.sign_in("village")
        link = worker.page.locator("a[href='/clues/new']").bounding_box()
        assert link["y"] + link["height"] < 740, "on the first screen"
        assert report(worker, q=household, what="illness", amount="90000") <= 6
        assert worker.measure_overflow() == 0
        worker.page.screenshot(path=tmp_path / f"reported-{width}.png", full_page=True)
        village = open_page(browser, served.address, width, "visitor", household)
        page = village.page
        assert "生病住院 90,000 元" in " ".join(page.inner_text("main").split())
        if width == 360:
            assert not page.locator(".found").first.is_visible(), (
                "the form fits on the screen until a finding is chosen"
            )
        page.check("[name=outcome][value=confirmed]")
        page.locator("summary", has_text="核实到的情况").click()
        page.locator("summary", has_text="自付医疗费").click()
        page.fill("[name=bill_amount] >> nth=0", "90,000")
        page.fill("[name=bill_day] >> nth=0", "2023-06-02")
        page.screenshot(path=tmp_path / f"visit-{width}.png", full_page=True)
        assert village.measure_overflow() == 0
        page.locator("summary", has_text="逐项查看").click()
        page.check("[name=check_body][value=bad]")
        page.locator("form.keep button").click()
        page.wait_for_url("**done=verified*")
        shown = page.inner_text("#verification")
        for words in ("自付医疗费：住院 90,000 元", "● 绿 → ◆ 橙", STATUSES["in_hardship"].zh, "身子"):
            assert words in shown, shown
        page.screenshot(path=tmp_path / f"visited-{width}.png", full_page=True)

        (row,) = read_rows(village, household)
        assert "已办结" in row
        assert "属实" in row
        county = open_page(browser, served.address, width, "county", household)
        page = county.page
        page.check("[name=outcome][value=confirmed]")
        page.select_option("[name=category]", "sudden_hardship")
        page.locator("form.keep button").click()
        page.wait_for_url("**done=verified*")
        assert "突发严重困难户" in page.inner_text("#verification")
        page.locator("summary", has_text="登记新增帮扶").click()
        page.fill("[name=begun_measure]", "医疗救助")
        page.fill("[name=begun_given_by]", "县医保局")
        page.fill("[name=begun_amount]", "500")
        page.select_option("[name=begun_per]", "month")
        page.locator("#help form button").click()
        page.wait_for_url("**done=helped*")
        assert "2023-09-30" in page.inner_text("#help")
        assert county.measure_overflow() == 0
        page.screenshot(path=tmp_path / f"helped-{width}.png", full_page=True)

    later = make_settings(today=TODAY + dt.timedelta(90))
    with serve(later) as served:
        reader = Reader(browser, served.address, width, script=True)
        reader.sign_in("visitor")
        assert f"/households/{household}" in reader.page.inner_html("#reassess + details")
        reader.page.screenshot(path=tmp_path / f"due-{width}.png")
        village = open_page(browser, served.address, width, "visitor", household)
        page = village.page
        assert re.search(r"再评估：应于 2023-09-30 前核实帮扶是否有效", page.inner_text("main"))
        assert "计入帮扶资金" in page.inner_text("#help")
        page.screenshot(path=tmp_path / f"second-{width}.png", full_page=True)
        page.check("[name=outcome][value=confirmed]")
        page.check("[name=reassessment][value=working]")
        page.locator("form.keep button").click()
        page.wait_for_url("**done=verified*")
        assert "帮扶有效" in page.inner_text("#verification")
        page.goto(f"{served.address}/worklist")
        assert f"/households/{household}" not in page.content().partition('id="reassess"')[2].partition("</details>")[0]
        assert village.outside == []

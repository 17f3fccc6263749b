"""Every page can be used with a thumb, read on paper and in an old browser, and answers where the reader looks."""

from __future__ import annotations

import re

import pytest
from tests.serving.web.conftest import Reader

from riskml.features import CATALOGUE
from riskml_serving.web import model
from riskml_serving.web.shell.rendering import STATIC

PHONE, PAPER_WIDTH, PAPER_HEIGHT = {"width": 360, "height": 740}, 703, 1031

SMALL_TARGETS = """[...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')]
  .filter(e => !e.matches('.skip') && e.checkVisibility())
  .map(e => e.matches('[type=radio],[type=checkbox]') ? e.closest('label') : e)
  .filter(e => e.getBoundingClientRect().height < 43.5)
  .map(e => `${e.tagName} ${e.textContent.trim()} ${e.getBoundingClientRect().height}`)"""
"""Whatever can be tapped and is lower than 44 pixels."""

BROKEN_DAYS = r"""(() => {
  const broken = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode())
    for (const day of walker.currentNode.data.matchAll(/\d{4}-\d\d(-\d\d)?/g)) {
      const range = document.createRange();
      range.setStart(walker.currentNode, day.index);
      range.setEnd(walker.currentNode, day.index + day[0].length);
      if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) broken.push(day[0]);
    }
  return broken;
})()"""
"""Days that a line break divides."""

UNKNOWN_TO_OLD_BROWSERS = re.compile(r"[\w-]+:[^;{}]*(?:var\(|min\(|inset\()[^;{}]*;?|display: grid;|gap:[^;}]*;?")
"""Declarations that a browser of 2016 leaves out: variables, grid and gaps."""


@pytest.fixture(scope="module")
def phone(browser, served_once):
    """Sign in a county manager on a phone."""
    reader = Reader(browser, served_once.address, 360, script=True)
    reader.page.set_viewport_size(PHONE)
    reader.sign_in("county")
    return reader


@pytest.fixture(scope="module")
def addresses(phone):
    return phone.list_addresses()


def open_on_phone(browser, served_once, user, *, script=True):
    reader = Reader(browser, served_once.address, 360, script)
    reader.page.set_viewport_size(PHONE)
    reader.sign_in(user)
    return reader


def measure_top(reader, selector):
    return reader.page.locator(selector).first.bounding_box()["y"]


def test_every_target_is_as_high_as_a_thumb_and_no_day_is_divided(phone, addresses):
    for path in addresses:
        phone.page.goto(phone.address + path)
        phone.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
        assert phone.page.evaluate(SMALL_TARGETS) == [], path
        assert phone.page.evaluate(BROKEN_DAYS) == [], path
        assert phone.list_torn_cells() == [], path
        assert phone.measure_overflow() == 0, path


def test_the_drift_of_features_with_long_names_tears_no_word_on_a_phone(phone, monkeypatch):
    rows = [(max((feature.zh for feature in CATALOGUE.values()), key=len), 0.3, "需复核")]
    monkeypatch.setattr(model, "_describe_drift", lambda _drift, _lang: rows)
    phone.page.goto(f"{phone.address}/model")
    assert "需复核" in phone.page.inner_text("main")
    assert phone.list_torn_cells() == []


def test_no_day_is_divided_on_paper_and_a_household_has_room_for_its_picture_and_signatures(phone, addresses):
    phone.page.set_viewport_size({"width": PAPER_WIDTH, "height": PAPER_HEIGHT})
    phone.page.emulate_media(media="print")
    for path in addresses:
        phone.page.goto(phone.address + path)
        assert phone.page.evaluate(BROKEN_DAYS) == [], path
        if path.startswith("/households/"):
            picture = phone.page.locator("figure svg").bounding_box()
            assert picture["y"] + picture["height"] < PAPER_HEIGHT, "or else the first page stays half empty"
            assert "走访人签字" in phone.page.inner_text("section.paper")
        if path.startswith(("/households/", "/worklist")):
            assert "含健康信息" in phone.page.inner_text("p.alert.paper")
    phone.page.emulate_media(media="screen")
    phone.page.set_viewport_size(PHONE)


@pytest.mark.parametrize("user", ["village", "county"])
def test_a_phone_shows_the_first_household_of_the_list_at_once(browser, served_once, user):
    reader = open_on_phone(browser, served_once, user)
    assert measure_top(reader, "table.list tbody tr") < 400


def test_a_menu_with_more_pages_than_fit_on_a_phone_scrolls_in_its_row(browser, served_once):
    reader = open_on_phone(browser, served_once, "county")
    before = measure_top(reader, "main")
    reader.page.evaluate(
        "menu => menu.append(...[...menu.children].map(link => link.cloneNode(true)))",
        reader.page.query_selector("nav"),
    )
    assert measure_top(reader, "main") == before
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_one_tap_leads_to_the_form_of_a_visit_and_each_answer_is_in_view(browser, served_once, script):
    """Without JavaScript, the address alone must lead to the form, to its errors and to what was done."""
    reader = open_on_phone(browser, served_once, "village", script=script)
    reader.open_first()
    assert measure_top(reader, "a[href='#finding']") < 300
    reader.page.click("a[href='#finding']")
    button = reader.page.locator("form.keep > button")
    assert measure_top(reader, "form.keep") >= -1
    assert button.bounding_box()["y"] + 44 < PHONE["height"], "the form fits on the screen"
    reader.page.check("[value=not_met]")
    reader.page.fill("[name=objection]", "无")
    button.click()
    reader.page.wait_for_url("**done=verified*")
    assert 0 <= measure_top(reader, ".done") < PHONE["height"] - 44
    assert not reader.page.locator("details.undo form").is_visible(), "undoing asks first"
    reader.page.click("details.undo summary")
    reader.page.click("details.undo button")
    reader.page.wait_for_url("**done=undone*")
    assert "已撤销" in reader.page.inner_text(".done")
    assert 0 <= measure_top(reader, ".done") < PHONE["height"] - 44


def test_the_errors_of_a_form_are_in_view_without_javascript(browser, served_once):
    reader = open_on_phone(browser, served_once, "village", script=False)
    reader.open_first()
    reader.page.check("[value=not_met]")
    reader.page.route("**/verifications", lambda route: route.continue_(
        post_data=re.sub("verified_on=[^&]*", "verified_on=2099-01-01", route.request.post_data)
    ))  # fmt: skip
    reader.page.locator("form.keep > button").click()
    reader.page.wait_for_selector("text=不晚于今天")
    assert -1 <= measure_top(reader, "form.keep [role=alert]:not([hidden])") < PHONE["height"] / 2


def test_an_old_browser_shows_every_button_and_needs_no_sideways_scrolling(browser, served_once):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    old = UNKNOWN_TO_OLD_BROWSERS.sub(
        "", re.sub(r"^[^{}]*:(?:has|focus-visible)[^{}]*\{[^}]*\}", "", style, flags=re.M)
    )
    assert "grid;" not in old
    assert "#0a6ebd" in old
    reader = Reader(browser, served_once.address, 360, script=True)
    reader.page.route("**/style.css*", lambda route: route.fulfill(body=old, content_type="text/css"))
    reader.page.goto(f"{reader.address}/sign-in")
    wrong = {"/sign-in": axe.run(reader.page, options={"runOnly": ["color-contrast"]}).violations_count}
    reader.sign_in("village")
    for path in (reader.page.url.removeprefix(reader.address), reader.open_first()):
        reader.page.goto(reader.address + path)
        assert reader.measure_overflow() == 0, path
        wrong[path] = axe.run(reader.page, options={"runOnly": ["color-contrast"]}).violations_count
    assert not any(wrong.values()), wrong

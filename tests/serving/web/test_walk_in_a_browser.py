"""A walk through all pages in a real browser: every role, on phone, desktop and paper, with and without scripts, and
without a request to any other address."""

from __future__ import annotations

import re

import pytest
from tests.serving.conftest import PASSWORD
from tests.serving.web.clues.test_clues_in_a_browser import report
from tests.serving.web.conftest import Reader


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize(("user", "width"), [("village", 360), ("township", 1280), ("county", 1280), ("analyst", 360)])
def test_after_signing_in_a_finding_takes_the_household_off_the_list(browser, served, user, width, script):
    reader = Reader(browser, served.address, width, script)
    reader.sign_in(user)
    assert reader.measure_overflow() == 0
    household = reader.open_first()
    assert reader.measure_overflow() == 0
    assert reader.page.locator("figure svg").count() == 1
    if user == "analyst":
        assert reader.page.locator("[name=outcome]").count() == 0
    else:
        reader.page.check("[name=outcome][value=rejected]")
        reader.page.select_option("[name=reason]", "not_so")
        reader.page.fill("[name=note]", "家中两人务工,收入稳定")
        reader.page.locator("form.keep button").click()
        reader.page.wait_for_url("**done=verified*")
        assert "核实结果已保存" in reader.page.inner_text("main")
        assert reader.measure_overflow() == 0
        reader.page.goto(f"{served.address}/worklist")
        assert household not in reader.page.content()
    for path in ("/overview", "/model", "/worklist?state=all", "/households/none"):
        reader.page.goto(served.address + path)
        assert reader.measure_overflow() == 0, path
    assert reader.outside == []
    assert [message for message in reader.errors if "404" not in message] == []


def test_a_household_prints_on_two_pages_without_forms(browser, served, tmp_path):
    reader = Reader(browser, served.address, 1280, script=True)
    reader.sign_in("county")
    longest = 0
    for i in range(5):
        reader.page.goto(f"{served.address}/worklist")
        reader.page.locator("table.list tbody a").nth(i).click()
        reader.page.wait_for_url("**/households/*")
        paper = reader.page.pdf(format="A4")
        longest = max(longest, len(re.findall(rb"/Type\s*/Page[^s]", paper)))
    assert 1 <= longest <= 2
    reader.page.emulate_media(media="print")
    assert not reader.page.locator("form.keep").is_visible()
    assert not reader.page.locator("nav").is_visible()
    assert reader.page.locator("figure svg").is_visible()
    assert "仅供研判参考" in reader.page.inner_text("body")


def test_a_dropped_connection_loses_no_input(browser, served):
    reader = Reader(browser, served.address, 360, script=True)
    reader.sign_in("village")
    reader.open_first()
    reader.page.check("[name=outcome][value=confirmed]")
    reader.page.fill("[name=note]", "房屋漏雨")
    reader.context.set_offline(True)
    reader.page.unroute("**/*")
    reader.page.locator("form.keep button").click()
    reader.page.wait_for_selector("[data-failed=offline]:not([hidden])")
    assert reader.page.input_value("[name=note]") == "房屋漏雨"
    reader.context.set_offline(False)
    reader.page.locator("form.keep button").click()
    reader.page.wait_for_url("**done=verified*")
    assert "房屋漏雨" in reader.page.inner_text("#verification")


def test_list_and_overview_print_without_controls_and_the_list_in_full(browser, served):
    reader = Reader(browser, served.address, 1280, script=True)
    reader.sign_in("county")
    reader.page.goto(f"{served.address}/worklist?state=all&section=none")
    total = int(re.search(r"未预警 (\d+) 户", reader.page.inner_text("main"))[1])
    reader.page.locator("text=全部列出").click()
    reader.page.wait_for_url("**whole=1*")
    assert reader.page.locator("table.list tbody tr").count() == total > 20
    pages = len(re.findall(rb"/Type\s*/Page[^s]", reader.page.pdf(format="A4")))
    assert total / 40 < pages < total / 8
    for path, seen in (("/worklist?state=all&whole=1", "table.list >> nth=0"), ("/overview", "figure svg >> nth=0")):
        reader.page.goto(served.address + path)
        reader.page.emulate_media(media="print")
        assert reader.page.locator(seen).is_visible()
        for control in ("nav", "form >> nth=0", "text=导出 Excel"):
            assert not reader.page.locator(control).first.is_visible(), (path, control)
        assert "仅供研判参考" in reader.page.inner_text("body")
        reader.page.set_viewport_size({"width": 703, "height": 900})
        assert reader.measure_overflow() == 0
        reader.page.emulate_media(media="screen")


def fill_form(browser, served):
    """Fill in the form on a household's page; return the reader and the form's button."""
    reader = Reader(browser, served.address, 360, script=True)
    reader.sign_in("village")
    reader.open_first()
    reader.page.check("[name=outcome][value=confirmed]")
    reader.page.fill("[name=note]", "房屋漏雨")
    return reader, reader.page.locator("form.keep button")


def check_kept(reader):
    """Check that the form still contains what was typed; return its message that nothing was saved."""
    reader.page.wait_for_selector("form.keep [data-failed]:not([hidden])")
    assert reader.page.input_value("[name=note]") == "房屋漏雨"
    assert reader.page.is_checked("[name=outcome][value=confirmed]")
    assert reader.page.locator("form.keep button").inner_text() == "保存"
    return reader.page.inner_text("form.keep [data-failed]:not([hidden])")


@pytest.mark.parametrize("status", [502, 503, 500, 429])
def test_an_error_from_a_gateway_or_the_service_loses_no_input(browser, served, status):
    reader, button = fill_form(browser, served)
    body = "<html><body><h1>Bad gateway</h1>" if status == 502 else "<main><h1>请稍后</h1><p>服务忙</p></main>"
    failing = lambda route: route.fulfill(status=status, body=body, content_type="text/html; charset=utf-8")  # noqa: E731
    reader.page.route("**/verifications", failing)
    button.click()
    assert ("服务忙" in check_kept(reader)) == (status != 502)
    reader.page.unroute("**/verifications", failing)
    button.click()
    reader.page.wait_for_url("**done=verified*")
    assert reader.page.locator("#verification").inner_text().count("房屋漏雨") == 1


def test_input_survives_an_ended_session_until_the_user_signs_in_in_another_window(browser, served):
    reader, button = fill_form(browser, served)
    reader.context.clear_cookies()
    button.click()
    assert "登录已过期" in check_kept(reader)
    assert "/sign-in" not in reader.page.url
    with reader.context.expect_page() as opened:
        reader.page.click("form.keep [data-failed=expired] a")
    other = opened.value
    other.fill("[name=username]", "village")
    other.fill("[name=password]", PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url("**/worklist*")
    button.click()
    reader.page.wait_for_url("**done=verified*")
    assert "房屋漏雨" in reader.page.inner_text("#verification")


def test_the_button_shows_that_it_is_saving_and_a_second_click_does_nothing(browser, served):
    reader, button = fill_form(browser, served)
    held = []
    reader.page.route("**/verifications", lambda route: held.append(route))
    button.click()
    reader.page.wait_for_function("document.querySelector('form.keep button').textContent === '正在保存…'")
    assert button.is_disabled()
    assert len(held) == 1
    held[0].continue_()
    reader.page.wait_for_url("**done=verified*")


def test_a_rejected_form_comes_back_filled_in_and_survives_a_dropped_connection(browser, served):
    reader, button = fill_form(browser, served)
    reader.page.evaluate("document.querySelector('[name=verified_on]').type = 'text'")
    reader.page.fill("[name=verified_on]", "2099-01-01")
    button.click()
    reader.page.wait_for_selector("text=不晚于今天")
    reader.page.fill("[name=verified_on]", "2023-06-30")
    reader.context.set_offline(True)
    reader.page.unroute("**/*")
    button.click()
    check_kept(reader)
    reader.context.set_offline(False)
    button.click()
    reader.page.wait_for_url("**done=verified*")


def test_the_content_is_reachable_by_keyboard_and_every_field_has_a_name(browser, served):
    reader = Reader(browser, served.address, 1280, script=True)
    reader.sign_in("county")
    reader.page.keyboard.press("Tab")
    assert reader.page.evaluate("document.activeElement.className") == "skip"
    reader.open_first()
    unnamed = reader.page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')]"
        ".filter(e => !e.labels.length).length"
    )
    assert unnamed == 0
    assert reader.page.evaluate("document.querySelectorAll('h1').length") == 1


@pytest.mark.parametrize(("width", "lang"), [(360, "zh"), (1280, "en")])
def test_every_page_conforms_to_wcag_aa(browser, served, width, lang):
    """All pages of the registry, with a clue and with a visit's facts; the desk's steps: test_lists_in_a_browser.py."""
    reader = Reader(browser, served.address, width, script=True)
    reader.page.goto(f"{served.address}/language/{lang}?back=/sign-in")
    faults = {"/sign-in": reader.find_faults()}
    reader.sign_in("county")
    addresses = reader.list_addresses()
    code = next(path for path in addresses if path.startswith("/households/")).rpartition("/")[2]
    reader.page.goto(f"{served.address}/worklist")
    report(reader, q=code, what="illness", amount="9800")
    faults["reported"] = reader.find_faults()
    assert not re.search(r"\bNone\b", reader.page.inner_text("main")), "what is unknown is left out"
    reader.page.goto(f"{served.address}/households/{code}")
    reader.find_faults()  # opens every part of the form
    reader.page.check("[name=outcome][value=rejected]")
    reader.page.select_option("[name=reason]", "affordable")
    reader.page.fill("[name=bill_amount] >> nth=0", "9800")
    reader.page.fill("[name=bill_day] >> nth=0", "2023-06-02")
    reader.page.locator("form.keep > button").click()
    reader.page.wait_for_url("**done=verified*")
    faults["visited"] = reader.find_faults()
    reader.page.goto(f"{served.address}/clues/new?household=none")
    faults["refused"] = reader.find_faults()
    for path in addresses:
        reader.page.goto(served.address + path)
        faults[path] = reader.find_faults()
    assert {path: fault for path, fault in faults.items() if fault} == {}


def test_every_control_is_reachable_by_keyboard_with_visible_focus(browser, served):
    reader = Reader(browser, served.address, 1280, script=True)
    reader.sign_in("county")
    reader.open_first()
    usable = "a[href],button,input:not([type=hidden]):not([type=radio]),select,textarea,summary,[tabindex='0']"
    wanted = reader.page.evaluate(f'[...document.querySelectorAll("{usable}")].filter(e => e.checkVisibility()).length')
    seen, hidden = set(), []
    for _ in range(wanted + 8):
        reader.page.keyboard.press("Tab")
        position, outline, kind = reader.page.evaluate(
            "(() => { const e = document.activeElement; return [[...document.querySelectorAll('*')].indexOf(e),"
            " getComputedStyle(e).outlineStyle, e.tagName + (e.type || '')]; })()"
        )
        if kind not in ("BODY", "INPUTradio"):
            seen.add(position)
            hidden += [kind] if outline == "none" else []
    assert len(seen) == wanted
    assert hidden == []

"""A household's page shows names instead of logins, notes as they were typed, each measure once, and every scoring."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from riskml_serving.web.shell.words import HEALTH_WARNING


def test_a_verification_shows_who_saved_it_the_lines_of_its_note_and_each_measure_once(site):
    site.change("UPDATE users SET name = '王芳' WHERE username = 'county'")
    site.sign_in("county")
    household = site.households(site.world.regions["county"])[0]
    site.verify(household, note="第一行\n第二行", measures=["临时救助", "低保", " 临时救助 "])
    page = site.get(f"/households/{household}").text
    saved = page[page.index('id="verification"') : page.index('id="assignment"')]
    assert "王芳" in saved
    assert "user:" not in saved
    assert '<span class="text">第一行\n第二行</span>' in saved
    assert "措施：临时救助、低保<br>" in saved
    offered = re.findall(r'name="measures" value="([^"]+)"', page)
    assert len(offered) == len(set(offered))


def test_a_scoring_that_changed_nothing_is_shown(site):
    query = (
        "SELECT household_id, as_of, (SELECT max(s.as_of) FROM scores s WHERE s.household_id = c.household_id) "
        "AS changed FROM current_scores c WHERE changed < as_of ORDER BY household_id"
    )
    household, scored, changed = site.rows(query)[0]
    site.sign_in("county")
    page = site.get(f"/households/{household}").text
    days = re.findall(r'<tr><td><span class="day">([\d-]+)</span>( <span class="small">结果未变</span>)?</td>', page)
    first, second = [(day, bool(same)) for day, same in days if day in (scored, changed)][:2]
    assert (first, second) == ((scored, True), (changed, False))
    book = load_workbook(io.BytesIO(site.get(f"/households/{household}/export.xlsx").content))
    assert book["历次研判"]["A3"].value == f"{scored}（结果未变）"


@pytest.mark.parametrize(("user", "warned"), [("county", True), ("blind", False)])
def test_paper_and_workbooks_warn_of_health_information_only_if_they_can_show_it(site, user, warned):
    site.sign_in(user)
    household = site.households(site.world.regions["county"])[0]
    for path in ("/worklist", f"/households/{household}"):
        assert (HEALTH_WARNING["zh"] in site.get(path).text) == warned
    for path in ("/worklist.xlsx", f"/households/{household}/export.xlsx"):
        book = load_workbook(io.BytesIO(site.get(path).content))
        assert all((HEALTH_WARNING["zh"] in sheet["A1"].value) == warned for sheet in book)

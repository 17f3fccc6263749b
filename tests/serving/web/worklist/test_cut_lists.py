"""If a list or chart on a staff page is cut short, it says so, and the full list can be printed."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from riskml_serving.web.worklist import service


def find_codes(page):
    return re.findall(r'href="/households/([^"?]+)"', page)


def read_notice(site, query):
    return load_workbook(io.BytesIO(site.get(f"/worklist.xlsx?{query}").content)).active["A1"].value


def test_the_full_list_fits_on_one_page_for_printing(site):
    site.sign_in("county")
    every = sorted(row[0] for row in site.rows("SELECT household_id FROM current_scores WHERE order_section = 2"))
    page = site.get("/worklist?state=all&section=none").text
    assert len(find_codes(page)) == 20 < len(every)
    link = re.search(r'href="(/worklist\?[^"]*whole=1)"', page)[1].replace("&amp;", "&")
    whole = site.get(link).text
    assert sorted(find_codes(whole)) == every
    assert "户，共" not in whole
    assert sorted(find_codes(site.get("/worklist?state=all&whole=1").text)) == site.households("")
    assert "户，共" not in read_notice(site, "state=all")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_list_cut_short_at_the_limit_states_the_total(site, monkeypatch, lang):
    monkeypatch.setattr(service, "MOST_ROWS", 7)
    site.sign_in("county")
    site.get(f"/language/{lang}?back=/worklist")
    total = site.rows("SELECT count(*) FROM current_scores WHERE order_section = 2")[0][0]
    sentence = {"zh": f"前 7 户，共 {total} 户", "en": f"the first 7 of {total} households"}[lang]
    page = site.get("/worklist?state=all&section=none&whole=1").text
    assert len(find_codes(page)) == 7
    assert sentence in page
    assert sentence in read_notice(site, "state=all")


def test_a_chart_that_leaves_out_regions_says_so(site, monkeypatch):
    site.sign_in("county")
    assert "个地区，共" not in site.get("/overview").text
    monkeypatch.setattr("riskml_serving.web.overview.pictures.MAX_BARS", 1)
    page = site.get("/overview").text
    assert "图中为前 1 个地区，共 2 个" in page

"""Every count of listed households on the overview page and in its workbook names its section, or says which sections
it adds up."""

from __future__ import annotations

import io
import re

from openpyxl import load_workbook

from riskml_serving.judging.scores.ranking import SECTIONS
from riskml_serving.web.shell.words import get_word

EVERY, WARNED = (get_word("section", code, "zh") for code in ("all", "warned"))
NAMES = [*(term.zh for term in SECTIONS.values()), EVERY]


def test_every_column_of_counts_in_the_workbook_names_its_section(site):
    site.sign_in("county")
    book = load_workbook(io.BytesIO(site.get("/overview.xlsx").content))
    header = next(book.active.iter_rows(min_row=2, max_row=2, values_only=True))
    sections = [head.split(" ")[0] for head in header[3:]]
    assert list(dict.fromkeys(sections)) == NAMES


def test_every_table_of_counts_on_the_page_names_its_section(site):
    site.sign_in("county")
    cards = dict(
        re.findall(r"<section class=\"card[^>]*><h2>([^<·]+?) ?[<·](.*?)</section>", site.get("/overview").text, re.S)
    )
    assert re.findall(r"<tr><th>(\S+)</th>", cards["信号"]) == NAMES[:-1]
    for title in ("模型分级", "规则与模型"):
        assert f"<small>{EVERY}</small></h2>" in f"<{cards[title]}", title
    assert re.findall(r'<th colspan="\d+">(.*?)</th>', cards["各地信号"]) == NAMES
    months = cards["各月信号户数"].split("</tr>")
    assert re.findall(r"<th[^>]*>(.*?)</th>", months[0])[1:] == [WARNED, *NAMES[2:4]]
    assert re.findall(r'<th class="n">\S+ (\w)', months[1]) == ["红", "橙", "黄", "绿", "灰"]
    assert cards["各月信号户数"].count(WARNED) == 3, "title of the chart, caption, and head of the table"


def test_every_count_of_a_signal_leads_to_as_many_households_on_the_list(site):
    site.sign_in("county")
    links = re.findall(r'<a href="(/worklist\?[^"]+signal=[^"]+)">([\d,]+)</a>', site.get("/overview").text)
    assert len({address for address, _ in links if "state=all" not in address}) >= 2, "the households to verify"
    for address, count in links[:12]:
        page = site.get(address.replace("&amp;", "&") + "&whole=1").text
        assert page.count('<td><span class="signal') == int(count), address

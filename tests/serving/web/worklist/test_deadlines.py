"""Deadlines for visiting, deciding and assigning a helper: the work list, its filters, counts and workbook agree
with the household's page."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from openpyxl import load_workbook

from riskml_serving.judging.scores.ranking import SECTIONS

NAMES = {"visit": "走访期限", "decision": "认定程序期限", "helper": "落实帮扶责任人期限"}
LATE = {"visit": "走访逾期", "decision": "认定程序逾期", "helper": "帮扶责任人未按期落实"}


def list_codes(site, query=""):
    """Return the household codes on all pages of a list."""
    return set(re.findall(r'href="/households/([^"?]+)"', site.get(f"/worklist?whole=1&{query}").text))


def read_deadlines(site, household):
    """Return the deadlines that a household's page marks as overdue, and those that it marks as done."""
    page = site.get(f"/households/{household}").text
    matches = {name: re.search(rf"<dt>{words}</dt><dd>(.*?)</dd>", page) for name, words in NAMES.items()}
    return tuple(
        {name for name, match in matches.items() if match and words in match[1]} for words in ("已逾期", "已办")
    )


def assign(site, household):
    page = site.get(f"/households/{household}").text
    once = re.search(r'name="once" value="([^"]+-a)"', page).group(1)
    site.post(f"/households/{household}/assignments", csrf=site.token(page), once=once, assignee="王")


@pytest.fixture
def visited(site):
    """Record one finding of each kind, each for a different household, long enough ago that one helper is overdue."""
    site.sign_in("county")
    first, *rest = sorted(list_codes(site, "state=late_visit"))
    outcomes = ("not_met", "pending", "rejected", "confirmed", "confirmed", "confirmed")
    out = {"none": first} | dict(zip(("not_met", "pending", "rejected", "waits", "late", "helped"), rest, strict=False))
    for household, outcome in zip(rest, outcomes, strict=False):
        site.verify(household, outcome=outcome, verified_on="2023-06-30" if household == out["waits"] else "2023-06-20")
    assign(site, out["helped"])
    return out


@pytest.mark.parametrize(("finding", "late", "done"), [
    ("none", {"visit", "decision"}, set()),
    ("not_met", {"visit", "decision"}, set()),
    ("pending", {"decision"}, {"visit"}),
    ("rejected", set(), {"visit", "decision"}),
    ("waits", set(), {"visit", "decision"}),
    ("late", {"helper"}, {"visit", "decision"}),
    ("helped", set(), {"visit", "decision", "helper"}),
])  # fmt: skip
def test_list_page_and_workbook_agree_on_every_finding(site, visited, finding, late, done):
    household = visited[finding]
    assert read_deadlines(site, household) == (late, done)
    assert {name for name in NAMES if household in list_codes(site, f"state=late_{name}")} == late
    assert (household in list_codes(site, "state=overdue")) == bool(late)
    row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{household}.*?</tr>", site.get(f"/worklist?q={household}").text, re.S)[0]
    marked = re.findall(r"！已逾期</strong> <span class=\"small\">(\S+) ", row)
    assert marked == [NAMES[name] for name in NAMES if name in late]
    sheet = load_workbook(io.BytesIO(site.get(f"/worklist.xlsx?q={household}").content)).active
    header, cells = (list(row) for row in sheet.iter_rows(min_row=2, max_row=3, values_only=True))
    assert (cells[header.index("逾期")] or "") == "、".join(LATE[name] for name in NAMES if name in late)


def test_a_household_within_its_deadlines_shows_only_the_next_one(make_site):
    patient = make_site(visit_working_days=60)
    patient.sign_in("county")
    patient.change("UPDATE scores SET as_of = '2023-06-29'")
    page = patient.get("/worklist").text
    assert "走访期限" in page
    assert "认定程序期限" not in page
    assert "！已逾期" not in page


def test_counts_of_overdue_households_link_to_matching_lists(site, visited):
    page = site.get("/worklist").text
    codes = {zh: code for code, zh in SECTIONS.get_names("zh").items()}
    lines = re.findall(r'<div class="head" id="(\w+)">(.+)</div>', page)
    lines += [(codes[section], line) for section, line in re.findall(r"逾期，(\S+)：(.+)</p>", page)]
    counts = {
        (section, name): int(n)
        for section, line in lines
        for name, n in re.findall(r'href="/worklist\?region=[^"]*state=late_(\w+)">\S+ (\d+) 户', line)
    }
    own = {
        (code, name): len(list_codes(site, f"state=late_{name}&section={code}")) for code in SECTIONS for name in NAMES
    }
    assert counts == {cell: n for cell, n in own.items() if n}
    assert sum(n for (_, name), n in counts.items() if name == "helper") == 1


def test_a_household_is_on_the_overdue_list_until_a_helper_is_named(site, visited):
    assert visited["late"] not in list_codes(site)
    assert visited["late"] in list_codes(site, "state=overdue")
    assign(site, visited["late"])
    assert visited["late"] not in list_codes(site, "state=overdue")


def test_a_wait_starts_with_the_more_severe_signal_even_if_nobody_was_met_since(site, visited):
    """The wait starts with the more severe signal, and a visit that met nobody does not restart it."""
    household = visited["rejected"]
    copied = ", ".join(column for column in site.columns("scores") if column not in ("seq", "as_of", "signal"))
    site.change(
        f"INSERT INTO scores (as_of, signal, {copied}) SELECT '2023-06-29', 3, {copied} FROM scores "
        "WHERE household_id = :h ORDER BY seq DESC LIMIT 1",
        h=household,
    )
    newest = "signal = 3, order_signal = -3, seq = (SELECT max(seq) FROM scores)"
    site.change(f"UPDATE current_scores SET {newest} WHERE household_id = :h", h=household)
    before = dt.date(2023, 6, 29)
    for _ in range(2):
        assert f"{before}</span> 起" in site.get(f"/worklist?q={household}").text
        assert f'信号起始</dt><dd><span class="day">{before}' in site.get(f"/households/{household}").text
        assert read_deadlines(site, household) == (set(), set())
        assert household not in list_codes(site, "state=overdue")
        site.verify(household, outcome="not_met")

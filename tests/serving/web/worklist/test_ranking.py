"""The order of the work list, and its filter by category."""

from __future__ import annotations

import re

from riskml.vocabulary.verdicts import CATEGORIES


def listed(site, query):
    return re.findall(r'href="/households/([^"?]+)"', site.get(f"/worklist?whole=1&{query}").text)


def test_colour_comes_first_then_probability_then_the_longer_wait(site):
    site.sign_in("county")
    codes = listed(site, "state=open")
    facts = {row[0]: row[1:] for row in site.rows("SELECT household_id, signal, probability FROM current_scores")}
    keys = [(-facts[code][0], -(facts[code][1] or 0)) for code in codes if facts[code][1] is not None]
    assert keys == sorted(keys)
    assert len({signal for signal, _ in keys}) > 1
    early, late, last = codes[-1], codes[0], codes[1]
    alike = (
        "UPDATE current_scores SET signal = 2, order_signal = -2, order_rank = 0.5 WHERE household_id IN (:a, :b, :c)"
    )
    site.change(alike, a=early, b=late, c=last)
    earlier = "UPDATE scores SET as_of = :day, signal = 2 WHERE household_id = :h"
    for code, day in ((early, "2022-01-31"), (late, "2022-03-31"), (last, "2022-02-28")):
        site.change(earlier, h=code, day=day)
    order = [code for code in listed(site, "state=all") if code in (early, late, last)]
    assert order == [early, last, late], "among equals, the longest wait comes first"


def test_the_filter_by_category_finds_the_households_in_monitoring(site):
    site.sign_in("county")
    entries = (
        "SELECT household_id, entered_on, category, cleared_on FROM record_monitoring "
        "WHERE NOT superseded ORDER BY coalesce(recorded_on, entered_on), row_id"
    )
    latest = {(household, day): facts for household, day, *facts in site.rows(entries)}
    by_category: dict[str, set[str]] = {}
    every = set(site.households(""))
    for (household, _), (category, cleared_on) in latest.items():
        if household in every and cleared_on is None:
            by_category.setdefault(category, set()).add(household)
    assert len(by_category) > 1
    for category in CATEGORIES:
        assert set(listed(site, f"state=all&category={category}")) == by_category.get(category, set()), category
    outside = {row[0] for row in site.rows("SELECT household_id FROM current_scores WHERE status != 'monitored'")}
    assert set(listed(site, "state=all&category=none")) == outside
    assert set(listed(site, "state=all&category=nonsense")) == every


def test_a_later_version_that_declares_the_risk_gone_counts_for_the_list_and_the_overview_alike(site):
    site.sign_in("county")
    household = listed(site, "state=all&category=borderline")[0]
    before = re.search(r"边缘易致贫户</td><td class=\"n\">(\d+)", site.get("/overview").text)
    own = ("row_id", "cleared_on", "recorded_on")
    copied = ", ".join(name for name in site.columns("record_monitoring") if name not in own)
    site.change(
        f"INSERT INTO record_monitoring (cleared_on, recorded_on, {copied}) SELECT '2023-06-01', '2023-06-02', {copied}"
        " FROM record_monitoring WHERE household_id = :h ORDER BY row_id DESC LIMIT 1",
        h=household,
    )
    assert household not in listed(site, "state=all&category=borderline")
    after = re.search(r"边缘易致贫户</td><td class=\"n\">(\d+)", site.get("/overview").text)
    assert int(after[1]) == int(before[1]) - 1

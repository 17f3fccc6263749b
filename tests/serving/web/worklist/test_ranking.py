"""The work list (households for staff to visit): its sections, their order, and the filter by category."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from riskml.vocabulary.verdicts import CATEGORIES, COLOUR_POSITIONS
from riskml_serving.base.database import writing
from riskml_serving.judging.scores.ranking import SECTIONS
from riskml_serving.people.auth.service import create_key


def list_codes(site, query):
    return re.findall(r'href="/households/([^"?]+)"', site.get(f"/worklist?whole=1&{query}").text)


SCORES = "SELECT household_id, status, signal, rule_signal, tier, probability, shortfall FROM current_scores"


def read_scores(site):
    names = ("status", "signal", "rule_signal", "tier", "probability", "shortfall")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in site.rows(SCORES)}


def test_every_household_is_in_exactly_one_section_which_the_workbook_names(site):
    site.sign_in("county")
    parts = {code: list_codes(site, f"state=all&section={code}") for code in SECTIONS}
    assert sorted(code for codes in parts.values() for code in codes) == site.households("")
    scores = read_scores(site)
    assert {scores[code]["tier"] > 0 and scores[code]["rule_signal"] < 2 for code in parts["model"]} == {True}
    assert not [code for code in parts["rule"] if scores[code]["tier"] > 0 and scores[code]["rule_signal"] < 2]
    assert {scores[code]["signal"] > 0 for code in (*parts["rule"], *parts["model"])} == {True}
    assert {scores[code]["signal"] for code in parts["none"]} == {0}
    assert {scores[code]["signal"] for code in parts["unknown"]} <= {-1}
    sheet = load_workbook(io.BytesIO(site.get("/worklist.xlsx?state=all").content)).active
    rows = {row[0]: row[2] for row in sheet.iter_rows(min_row=3, values_only=True)}
    assert rows == {code: SECTIONS[part].zh for part, codes in parts.items() for code in codes}


def test_the_rule_section_is_ranked_by_need_and_the_model_section_by_probability(site):
    site.sign_in("county")
    scores = read_scores(site)
    rule = [
        (-scores[code]["signal"], -scores[code]["shortfall"]) for code in list_codes(site, "state=open&section=rule")
    ]
    assert rule == sorted(rule)
    model = [-scores[code]["probability"] for code in list_codes(site, "state=open&section=model")]
    assert model == sorted(model)
    assert min(len(rule), len(model)) > 1


def test_among_equals_the_longest_wait_comes_first(site):
    site.sign_in("county")
    codes = list_codes(site, "state=open")
    early, late, last = codes[-1], codes[0], codes[1]
    alike = (
        "UPDATE current_scores SET signal = 2, order_signal = -2, order_section = 0, order_rank = 0.5 "
        "WHERE household_id IN (:a, :b, :c)"
    )
    site.change(alike, a=early, b=late, c=last)
    earlier = "UPDATE scores SET as_of = :day, signal = 2 WHERE household_id = :h"
    for code, day in ((early, "2022-01-31"), (late, "2022-03-31"), (last, "2022-02-28")):
        site.change(earlier, h=code, day=day)
    order = [code for code in list_codes(site, "state=all") if code in (early, late, last)]
    assert order == [early, last, late], "among equals, the longest wait comes first"


def test_the_filter_by_category_finds_the_monitored_households(site):
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
        assert set(list_codes(site, f"state=all&category={category}")) == by_category.get(category, set()), category
    outside = {row[0] for row in site.rows("SELECT household_id FROM current_scores WHERE status != 'monitored'")}
    assert set(list_codes(site, "state=all&category=none")) == outside
    assert set(list_codes(site, "state=all&category=nonsense")) == every


def test_an_entry_cleared_by_a_later_version_counts_neither_on_the_list_nor_on_the_overview(site):
    site.sign_in("county")
    once = (
        "SELECT household_id FROM record_monitoring GROUP BY household_id "
        "HAVING count(*) = 1 AND max(coalesce(recorded_on, entered_on)) < '2023-06-01'"
    )
    single = {row[0] for row in site.rows(once)}
    household = next(code for code in list_codes(site, "state=all&category=borderline") if code in single)
    before = re.search(r"边缘易致贫户</td><td class=\"n\">(\d+)", site.get("/overview").text)
    own = ("row_id", "cleared_on", "recorded_on")
    copied = ", ".join(name for name in site.columns("record_monitoring") if name not in own)
    site.change(
        f"INSERT INTO record_monitoring (cleared_on, recorded_on, {copied}) SELECT '2023-06-01', '2023-06-02', {copied}"
        " FROM record_monitoring WHERE household_id = :h ORDER BY row_id DESC LIMIT 1",
        h=household,
    )
    assert household not in list_codes(site, "state=all&category=borderline")
    after = re.search(r"边缘易致贫户</td><td class=\"n\">(\d+)", site.get("/overview").text)
    assert int(after[1]) == int(before[1]) - 1


@pytest.fixture
def headers(site):
    with writing(site.engine) as connection:
        return {"Authorization": f"Bearer {create_key(connection, 'test', '', ('read',))}"}


def test_the_api_lists_the_sections_one_after_the_other_in_the_order_of_the_page(site, headers):
    site.sign_in("county")
    region, rows, after = site.world.regions["county"], [], ""
    while after is not None:
        query = f"limit=40&region={region}{after and '&after=' + after}"
        answer = site.client.get(f"/v1/households?{query}", headers=headers).json()
        rows, after = rows + answer["households"], answer["next"]
    sections = [row["section"] for row in rows]
    assert sections == sorted(sections, key=SECTIONS.codes.index)
    assert {"rule", "model", "none"} <= set(sections)
    listed = [code for section in SECTIONS for code in list_codes(site, f"state=all&section={section}")]
    ranks = {row["household_id"]: (row["signal"], row["probability"]) for row in rows}
    assert [ranks[code] for code in listed] == list(ranks.values())  # households with equal ranks may change places


def test_counts_in_the_api_and_on_the_overview_name_their_section(site, headers):
    site.sign_in("county")
    region = site.world.regions["county"]
    summary = site.client.get(f"/v1/regions/{region}/summary", headers=headers).json()
    query = "SELECT order_section, signal, count(*) FROM current_scores WHERE region_code LIKE :r GROUP BY 1, 2"
    own = {(SECTIONS.codes[i], signal): n for i, signal, n in site.rows(query, r=f"{region}%")}
    counted = {
        (section, COLOUR_POSITIONS[code]): n
        for section, counts in summary["by_section"].items()
        for code, n in counts.items()
    }
    assert {cell: n for cell, n in counted.items() if n} == own
    assert set(summary["by_section"]) == set(SECTIONS)
    for part in (summary, *summary["parts"]):
        assert sum(n for counts in part["by_section"].values() for n in counts.values()) == part["households"]
        assert "by_signal" not in part
    page = site.get(f"/overview?region={region}").text
    for section in {section for section, _ in own}:
        assert f"<th>{SECTIONS[section].zh}</th>" in page, section


def test_the_plan_for_the_week_says_how_many_households_of_each_section_it_marks(site):
    site.sign_in("county")
    for week in (5, 30):
        page = site.get(f"/worklist?week={week}&whole=1").text
        parts = dict(re.findall(r'<div class="head" id="(\w+)">(.*?)(?=<div class="head"|</main>)', page, re.DOTALL))
        marked = {SECTIONS[code].zh: str(part.count("★<span")) for code, part in parts.items() if "★<span" in part}
        sentence = re.search(r"已标出 \d+ 户：([^。]+)", page)[1]
        assert dict(re.findall(r"(\S+?) (\d+) 户", sentence.replace("、", " "))) == marked
    assert len(marked) == 2


def test_a_household_without_known_income_is_grey_and_in_its_own_section_everywhere(site):
    site.sign_in("county")
    region = site.world.regions["county"]
    with writing(site.engine) as connection:
        headers = {"Authorization": f"Bearer {create_key(connection, 'test', '', ('read', 'write'))}"}
    summary = f"/v1/regions/{region}/summary"
    before = site.client.get(summary, headers=headers).json()["by_section"]["unknown"]
    village = site.rows("SELECT region_code FROM current_scores ORDER BY 1 LIMIT 1")[0][0]
    body = {"tables": {"households": [{"household_id": "silent", "region_code": village, "size": 3}]}}
    answer = site.client.post("/v1/records", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert list_codes(site, "state=all&section=unknown")[-1:] == ["silent"]
    assert "silent" not in list_codes(site, "state=all&section=none")
    rows = site.client.get("/v1/households?section=unknown", headers=headers).json()["households"]
    (own,) = (row for row in rows if row["household_id"] == "silent")
    shown = tuple(own[name] for name in ("status", "signal", "rule_signal", "probability"))
    assert shown == ("no_income", "unknown", "unknown", None)
    after = site.client.get(summary, headers=headers).json()["by_section"]["unknown"]
    assert after == {**before, "unknown": before.get("unknown", 0) + 1}
    sheet = load_workbook(io.BytesIO(site.get("/worklist.xlsx?state=all").content)).active
    (cells,) = (row for row in sheet.iter_rows(min_row=3, values_only=True) if row[0] == "silent")
    assert SECTIONS["unknown"].zh in cells
    assert not {"绿", "绿色", "未预警"} & set(cells)
    assert f"<th>{SECTIONS['unknown'].zh}</th>" in site.get("/overview").text


@pytest.mark.parametrize(("colour", "words"), [(2, "收入接近监测线"), (0, "规则未触发")])
def test_a_colour_that_no_flag_explains_is_explained_by_the_income(site, colour, words):
    """Income a little above the line is orange or yellow by rule, although no trigger is raised."""
    (household,) = site.rows("SELECT household_id FROM current_scores WHERE signal > 0 ORDER BY 1 LIMIT 1")[0]
    changed = "signal = 2, order_section = 0, order_signal = -2, rule_flags = '', rule_signal = :c, order_rank = -1e9"
    site.change(f"UPDATE current_scores SET {changed} WHERE household_id = :h", c=colour, h=household)
    site.sign_in("county")
    row = site.get("/worklist").text.partition(f"/households/{household}")[2].partition("</tr>")[0]
    assert words in row

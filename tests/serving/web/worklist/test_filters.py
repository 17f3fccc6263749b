"""The work list (households for staff to visit): what it marks, and what its filters and its search find."""

from __future__ import annotations

import io
import re
from collections import Counter

import pytest
from openpyxl import load_workbook

from riskml.vocabulary.causes import HEALTH_CAUSES
from riskml.vocabulary.verdicts import COLOUR_POSITIONS
from riskml_serving.judging.scores.ranking import SECTIONS


def list_codes(site, query=""):
    return re.findall(r'href="/households/([^"?]+)"', site.get(f"/worklist{query}").text)


def test_an_overdue_visit_is_marked_according_to_working_days(site, make_site):
    site.sign_in("township")
    late = r"！已逾期</strong> <span class=\"small\">走访期限"
    assert re.search(late, site.get("/worklist").text), "22 working days have passed since the first month end"
    assert set() < set(list_codes(site, "?state=late_visit")) <= set(list_codes(site, "?state=unverified"))
    patient = make_site(visit_working_days=40)
    patient.sign_in("township")
    assert not re.search(late, patient.get("/worklist").text)
    assert list_codes(patient, "?state=late_visit") == []
    assert "没有逾期的农户" in patient.get("/worklist?state=late_visit").text


def test_the_weeks_visits_are_marked_and_their_probabilities_are_added_up(site):
    site.sign_in("county")
    page = site.get("/worklist?week=5").text
    assert page.count("★<span") == 5
    query = (
        "SELECT probability FROM current_scores WHERE signal > 0 AND status != 'monitored' AND region_code LIKE :r "
        "ORDER BY order_signal, order_section, order_rank, household_id LIMIT 5"
    )
    chances = [row[0] for row in site.rows(query, r=f"{site.world.regions['county']}%")]
    expected = sum(c for c in chances if c is not None)
    assert (f"预计约 {expected:.1f} 户" in page) == (expected >= 1)


@pytest.mark.parametrize(
    "query",
    ["?signal=orange", "?tier=none", "?agreement=rule_only", "?state=monitored", "?section=model"],
)
def test_filters_narrow_the_list(site, query):
    site.sign_in("county")
    column, value = query[1:].split("=")
    shown = list_codes(site, query + ("&state=all" if column != "state" else ""))
    where = {
        "signal": f"signal = {COLOUR_POSITIONS.get(value)}",
        "section": f"order_section = {[*SECTIONS, value].index(value)}",
        "tier": "tier = -1",
        "agreement": "agreement = 'rule_only'",
        "state": "status = 'monitored'",
    }[column]
    codes = {row[0] for row in site.rows(f"SELECT household_id FROM current_scores WHERE {where}")}
    assert shown, value
    assert set(shown) <= codes
    by_section = Counter(row[0] for row in site.rows(f"SELECT order_section FROM current_scores WHERE {where}"))
    assert len(shown) == sum(min(20, n) for n in by_section.values())


def test_the_filter_by_cause_includes_the_models_causes_and_health_only_with_the_right(site):
    site.sign_in("county")
    by_model = dict(site.rows("SELECT household_id, causes FROM current_scores WHERE rule_flags = '' AND causes != ''"))
    assert by_model, "some causes must come only from the model"
    for cause in ("labour", "illness"):
        named = {code for code, causes in by_model.items() if cause in causes.split(";")}
        assert named, cause
        codes = list_workbook_codes(site, f"?state=all&cause={cause}")
        assert named <= codes
        assert not codes & (set(by_model) - named)
        page = site.get(f"/households/{min(named)}").text
        assert {"labour": "【缺劳动力】", "illness": "【因病】"}[cause][1:-1] in page
    site.client.cookies.clear()
    site.sign_in("blind")
    every = list_workbook_codes(site, "?state=all")
    assert list_workbook_codes(site, "?state=all&cause=labour") < every
    for cause in HEALTH_CAUSES:
        assert list_workbook_codes(site, f"?state=all&cause={cause}") == every, (
            "the filter is ignored without the right"
        )


def list_workbook_codes(site, query):
    """Return the codes in a list's workbook, below the notice and the header."""
    sheet = load_workbook(io.BytesIO(site.get(f"/worklist.xlsx{query}").content)).active
    return {row[0].value for row in sheet.iter_rows(min_row=3)}


def test_search_matches_the_end_of_a_code_and_treats_wildcards_as_text(site):
    site.sign_in("county")
    household = site.households("")[7]
    assert household in list_codes(site, f"?q={household[-4:]}")
    assert list_codes(site, "?q=%25") == []


def test_a_county_without_scores_is_told_where_households_come_from(make_client, sign_in_county):
    client = make_client()
    sign_in_county(client, "990101")
    for query in ("", "?state=late_visit", "?signal=red"):
        assert "导入名单后，农户才会列出" in client.get(f"/worklist{query}").text
    assert "没有户码含“x”" in client.get("/worklist?q=x").text

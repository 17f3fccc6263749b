"""Help is assessed again: the list, the overview and the household's page say when, and what still fails."""

from __future__ import annotations

import re

HELP = {"begun_measure": "临时救助", "begun_given_by": "县民政局", "begun_per": "month", "begun_amount": "300"}


def begin(site, household, **fields):
    page = site.get(f"/households/{household}").text
    once = re.search(r'name="once" value="([^"]+-h)"', page).group(1)
    return site.post(f"/households/{household}/helps", csrf=site.token(page), once=once, **{**HELP, **fields})


def read_words(site, household):
    return re.sub("<[^>]+>", "", site.get(f"/households/{household}").text)


def is_due(site, household):
    section = re.search(r'id="reassess".*?</details>', site.get("/worklist").text, re.DOTALL)
    return bool(section) and f"/households/{household}" in section[0]


def test_help_is_due_for_a_second_look_until_a_visit_says_whether_it_works(site):
    site.sign_in("village")
    household = re.findall(r'href="/households/([^"?]+)"', site.get("/worklist").text)[0]
    answer = begin(site, household, begun_started_on="2023-03-20")
    assert answer.headers["location"].endswith("?done=helped#help"), answer.text
    assert site.rows("SELECT due_on FROM help_begun WHERE given_by IS NOT NULL") == [("2023-06-20",)], (
        "three months later, by the policy"
    )
    assert site.rows("SELECT measure, amount, per FROM record_help WHERE record_id LIKE 'help-%'") == [
        ("临时救助", 300.0, "month")
    ]
    assert is_due(site, household)
    page = read_words(site, household)
    assert "再评估：应于 2023-06-20 前核实帮扶是否有效" in page
    for words in ("测算，非结论", "计入帮扶资金", "不计帮扶资金", "未满足"):
        assert words in page
    overview = re.search(r'id="reassess".*?</section>', site.get("/overview").text, re.DOTALL)[0]
    assert re.findall(r'<td class="n">(\d+)</td>', overview) == ["1", "1"]

    site.sign_in("county")
    village = site.world.regions["village"]
    counted = re.findall(r'region=(\d+)#reassess.*?"n">(\d+)</td><td class="n">(\d+)<', site.get("/overview").text)
    assert {code: counts for code, *counts in counted}[village] == ["1", "1"], "a county's are counted by village"
    site.sign_in("village")

    site.verify(household, outcome="pending")
    assert is_due(site, household), "only an entry that says so settles a second look"
    site.verify(household, outcome="pending", reassessment="not_working")
    assert is_due(site, household)
    assert "帮扶效果不明显（2023-06-30 再评估），请再次入户" in read_words(site, household)
    begin(site, household, begun_measure="公益岗", begun_started_on="2023-06-30")
    assert not is_due(site, household)
    assert "household.help" in site.actions()


def test_help_since_the_last_income_known_is_said_not_to_show_in_the_verdicts_yet(site):
    site.sign_in("village")
    household = re.findall(r'href="/households/([^"?]+)"', site.get("/worklist").text)[0]
    begin(site, household, begun_started_on="2023-03-20")
    notice = "收入数据截至 2023年2月，帮扶资金尚未反映"
    assert "帮扶资金尚未反映" not in read_words(site, household)
    site.change("UPDATE current_scores SET income_until = '2023-02-28' WHERE household_id = :h", h=household)
    assert notice in read_words(site, household)


def test_help_that_works_is_settled_and_nonsense_is_refused_with_what_was_typed(site):
    site.sign_in("village")
    household = re.findall(r'href="/households/([^"?]+)"', site.get("/worklist").text)[0]
    assert site.verify(household, reassessment="working").status_code == 422, "no help has been recorded"
    wrong = begin(site, household, begun_started_on="2023-07-01", begun_ended_on="2023-06-01", begun_amount="-1")
    assert wrong.status_code == 422
    assert 'value="县民政局"' in wrong.text
    assert not site.rows("SELECT 1 FROM help_begun WHERE given_by IS NOT NULL")
    begin(site, household, begun_started_on="2023-01-31")
    assert site.rows("SELECT due_on FROM help_begun WHERE given_by IS NOT NULL") == [("2023-04-30",)]
    site.verify(household, outcome="confirmed", reassessment="working")
    assert not is_due(site, household)


def test_an_analyst_records_no_help(site):
    site.sign_in("village")
    household = re.findall(r'href="/households/([^"?]+)"', site.get("/worklist").text)[0]
    begin(site, household, begun_started_on="2023-03-20")
    site.sign_in("analyst")
    page = site.get(f"/households/{household}").text
    assert "登记新增帮扶" not in page


def test_the_list_shows_the_households_due_first_and_counts_all(site):
    site.sign_in("county")
    site.change("DELETE FROM help_begun")
    site.change(
        "INSERT INTO help_begun (household_id, measure, started_on, due_on, created_at, request_id) "
        "SELECT household_id, '低保', '2023-03-01', '2023-06-01', '2023-06-01 00:00:00', 'r' FROM households"
    )
    ((every,),) = site.rows("SELECT count(*) FROM households WHERE closed_on IS NULL")
    for query, shown in (("", 20), ("?whole=1", every)):
        section = re.search(r'id="reassess".*?</details>', site.get(f"/worklist{query}").text, re.DOTALL)[0]
        assert section.count('href="/households/') == shown < every + 1
        assert section.count(f"{every} 户") == 2, "all of them, and the overdue ones"
        assert ("其余请按地区筛选" in section) == (shown < every)

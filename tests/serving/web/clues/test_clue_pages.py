"""Staff report clues, see them first on the list and in the register, and see both verdicts as if a clue were true."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace
from functools import partial

import pytest
from openpyxl import load_workbook
from tests.serving.conftest import PASSWORD, TODAY

from riskml_serving.base.database import reading, writing
from riskml_serving.judging.scores.service import judge_households
from riskml_serving.people.accounts.service import create_user
from riskml_serving.people.auth.service import create_key
from riskml_serving.register.keys import add_key
from riskml_serving.register.service import Person, keep_persons
from riskml_serving.store.households.repository import find_households
from riskml_serving.web.household.supposed import add_rows

SECTION = "线索待核实"


@pytest.fixture
def named_site(make_site, tmp_path):
    """A site that knows the head of every household in the village; two of them have the same name."""
    add_key(tmp_path / "identity.key")
    site = make_site(identity_key=tmp_path / "identity.key")
    site.codes = site.households(site.world.regions["village"])
    with writing(site.engine) as connection:
        names = ["王麒一", "王麒一", *(f"李麒{number}" for number in "二三四五六七八九")]
        heads = [
            Person(f"{code}-head", code, name=name, relation="户主", known_from=TODAY)
            for code, name in zip(site.codes, names, strict=False)
        ]
        keep_persons(connection, site.client.app.state.identity, heads)
        for role in ("county", "village"):
            own = {"identity": True, "health_details": role == "county"}
            create_user(connection, f"{role}-names", PASSWORD, role, site.world.regions[role], **own)
    return site


def fill(site, **fields):
    page = site.get("/clues/new").text
    once = re.search(r'name="once" value="([^"]+-c)"', page).group(1)
    sent = {"csrf": site.token(page), "once": once, "what": "job_loss", "channel": "grid_worker", **fields}
    return site.post("/clues/new", **sent)


def read_sections(site, query=""):
    """Return the households on the work list by section."""
    page = site.get(f"/worklist?whole=1{query}").text
    parts = re.split(r'<div class="head" id="(\w+)">', page)
    links = (re.findall(r'<a href="/households/([^"?]+)"', part) for part in parts[2::2])
    return dict(zip(parts[1::2], links, strict=True))


def find_quiet(site):
    """Find a household in the village that no signal brings onto the list."""
    query = "SELECT household_id FROM current_scores WHERE signal = 0 AND region_code = :r ORDER BY household_id"
    return site.rows(query, r=site.world.regions["village"])[0][0]


@pytest.mark.parametrize("user", ["village", "township", "county", "blind"])
def test_a_clue_lists_a_household_first_whatever_its_signal_until_a_visit_decides(site, user):
    site.sign_in(user)
    code = find_quiet(site)
    before = read_sections(site)
    assert "clue" not in before
    assert code not in {one for codes in before.values() for one in codes}
    answer = fill(site, q=code, amount="12,000元", note="厂里停工")
    assert answer.headers["location"] == f"/households/{code}?done=reported#clues"
    page = site.get(answer.headers["location"]).text
    assert "线索已登记" in page
    assert "厂里停工" in page
    after = read_sections(site)
    assert next(iter(after)) == "clue"
    assert after.pop("clue") == [code]
    assert after == before
    listed = site.get("/worklist").text
    row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{code}.*?</tr>", listed, re.DOTALL)[0]
    assert re.search(r'<br><span class="small">线索</span>', row)
    assert "线索：失业 12,000 元，网格员上报" in re.sub(r"\s+", " ", row)
    assert "线索走访期限" in row
    assert re.search(rf"{SECTION} 1", listed)
    overview = site.get("/overview").text
    assert re.search(rf'{SECTION}</th>.*?href="([^"]+)">1</a>', overview, re.S)[1].endswith("section=clue")
    site.verify(code, outcome="pending")
    assert read_sections(site)["clue"] == [code]
    site.verify(code, outcome="rejected", reason="affordable")
    assert read_sections(site) == before
    assert SECTION not in site.get("/overview").text


@pytest.mark.parametrize("closed", [False, True], ids=["all members left", "closed"])
def test_a_clue_about_a_household_without_a_score_is_listed_too_until_a_visit_decides(site, closed):
    site.sign_in("county")
    code = find_quiet(site)
    fill(site, q=code)
    with writing(site.engine) as connection:
        headers = {"Authorization": f"Bearer {create_key(connection, 'key', '', ('read', 'write'))}"}
        elsewhere = next(one for one in site.world.villages if one != site.world.regions["village"])
        create_user(connection, "neighbour", PASSWORD, "village", elsewhere)
    if closed:
        sent = site.client.post(f"/v1/households/{code}/closure", json={"because": "moved_away"}, headers=headers)
    else:
        members = site.rows("SELECT DISTINCT member_id FROM record_members WHERE household_id = :h", h=code)
        gone = [{"household_id": code, "member_id": one, "left_on": str(TODAY)} for (one,) in members]
        sent = site.client.post("/v1/records", json={"tables": {"members": gone}}, headers=headers)
    assert sent.status_code == 200, sent.text
    assert site.rows("SELECT * FROM current_scores WHERE household_id = :h", h=code) == []
    assert read_sections(site)["unscored"] == [f"{code}#clues"]
    number = site.get("/worklist").headers["x-request-id"]
    assert site.rows("SELECT 1 FROM audit WHERE request_id = :r AND households != ''", r=number)
    assert "unscored" not in read_sections(site, "&signal=red"), "the reader looks for something else"
    site.client.cookies.clear()
    site.sign_in("neighbour")
    assert "unscored" not in read_sections(site)
    site.client.cookies.clear()
    site.sign_in("county")
    site.verify(code, outcome="rejected")
    assert "unscored" not in read_sections(site)


def test_every_household_stays_in_the_section_of_its_score_when_all_are_listed(site):
    site.sign_in("county")
    code = read_sections(site)["rule"][0]
    everything = read_sections(site, "&state=all")
    fill(site, q=code)
    assert read_sections(site, "&state=all") == everything
    listed = read_sections(site)
    assert listed["clue"] == [code]
    assert code not in listed["rule"]
    row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{code}.*?</tr>", site.get("/worklist").text, re.DOTALL)[0]
    assert re.search(r'<br><span class="small">线索、规则', row), "both brought it"
    sheet = load_workbook(io.BytesIO(site.get("/worklist.xlsx").content)).active
    header, first = list(sheet.iter_rows(min_row=2, max_row=3, values_only=True))
    cells = dict(zip(header, first, strict=True))
    assert (cells["户码"], cells["名单部分"]) == (code, SECTION)
    assert cells["来源"].startswith("线索、规则")


def test_a_household_that_a_signal_had_listed_before_waits_since_then_not_since_the_clue(site):
    site.sign_in("county")
    code = read_sections(site)["rule"][0]

    def read_wait():
        page = site.get("/worklist?whole=1").text
        row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{code}.*?</tr>", page, re.DOTALL)[0]
        return re.search(r"([\d-]{10})</span> 起，(\d+) 天|([\d-]{10}) 起，(\d+) 天", row)[0]

    before = read_wait()
    assert str(TODAY) not in before
    fill(site, q=code)
    assert read_sections(site)["clue"] == [code]
    assert read_wait() == before


def test_analysts_and_strangers_cannot_report(site):
    site.sign_in("analyst")
    assert "/clues/new" not in site.get("/worklist").text
    token = site.token(site.get("/worklist").text)
    fields = {"csrf": token, "once": "o" * 20, "what": "other", "channel": "hotline", "q": site.households("")[0]}
    assert site.post("/clues/new", **fields).status_code == 403
    site.client.cookies.clear()
    site.sign_in("village")
    outside = next(code for code in site.households("") if code not in site.households(site.world.regions["village"]))
    answer = fill(site, household_id=outside)
    assert answer.status_code == 404
    assert site.actions()[-1] == "household.refused"
    assert site.get(f"/clues/new?household={outside}").status_code == 404
    assert site.rows("SELECT count(*) FROM clues") == [(0,)]


def test_of_several_households_one_is_chosen_and_nothing_typed_is_lost(named_site):
    named_site.sign_in("village-names")
    answer = fill(named_site, q="王麒一", amount="5000", note="听邻居说的", what="accident")
    assert answer.status_code == 422
    offered = re.findall(r'name="household_id" value="([^"]+)"', answer.text)
    assert offered == named_site.codes[:2]
    assert 'value="5000"' in answer.text
    assert "听邻居说的</textarea>" in answer.text
    assert re.search(r'value="accident" required checked', answer.text)
    number = answer.headers["x-request-id"]
    ((hashes,),) = named_site.rows("SELECT households FROM audit WHERE request_id = :r", r=number)
    assert len(hashes.split()) == 2, "the names of both were shown"
    chosen = fill(named_site, q="王麒一", household_id=offered[1], what="accident")
    assert chosen.status_code == 303
    assert named_site.rows("SELECT household_id FROM clues") == [(offered[1],)]
    assert fill(named_site, q="李麒二").status_code == 303, "a name that only one household has is enough"
    named_site.client.cookies.clear()
    named_site.sign_in("village")
    assert "没有找到这户" in fill(named_site, q="李麒二").text, "names are searched only for those who may see them"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"q": ""}, "请填写是哪一户"),
        ({"amount": "nan"}, "金额应为大于 0 的数字"),
        ({"amount": "-3"}, "金额应为大于 0 的数字"),
        ({"occurred_on": "2023-13-01"}, "日期应写作"),
        ({"what": ""}, "请选择发生了什么"),
    ],
)
def test_each_mistake_is_named_beside_its_field_and_nothing_is_lost(site, fields, words):
    site.sign_in("village")
    answer = fill(site, **{"q": find_quiet(site), "note": "原话", **fields})
    assert answer.status_code == 422
    assert words in answer.text
    assert "原话</textarea>" in answer.text
    assert site.rows("SELECT count(*) FROM clues") == [(0,)]


def test_a_report_about_the_future_or_sent_twice_is_not_saved_again(site):
    site.sign_in("village")
    page = site.get("/clues/new").text
    once = re.search(r'name="once" value="([^"]+-c)"', page).group(1)
    sent = {"csrf": site.token(page), "once": once, "what": "other", "channel": "hotline", "q": find_quiet(site)}
    late = {**sent, "occurred_on": "2099-01-01"}
    assert site.post("/clues/new", **late).status_code == 422
    assert [site.post("/clues/new", **sent).status_code for _ in range(2)] == [303, 303]
    assert site.rows("SELECT count(*) FROM clues") == [(1,)]
    assert site.post("/clues/new", **{**sent, "what": "accident"}).status_code == 403


def test_an_unlisted_household_is_named_only_to_those_who_may_see_names_and_resolved_by_the_county(named_site):
    site, village = named_site, named_site.world.regions["village"]
    site.sign_in("village")
    answer = fill(site, q="周麒外", unlisted="1", village=village, what="illness", amount="3000", told_by="郑邻居")
    assert answer.headers["location"] == "/clues?done=reported"
    for user, named in (("village", False), ("county", False), ("village-names", True), ("county-names", True)):
        site.client.cookies.clear()
        site.sign_in(user)
        page, book = site.get("/clues").text, load_workbook(io.BytesIO(site.get("/clues.xlsx").content)).active
        assert ("周麒外" in page) == ("郑邻居" in page) == any("郑邻居" in row for row in book.values) == named, user
        assert ("待查户" in page, "查实" in page) == (True, user.startswith("county")), user
    page = site.get("/clues").text
    path = re.search(r'action="(/clues/[^"]+/resolution)"', page)[1]
    sent = {"csrf": site.token(page), "once": "r" * 20, "household_id": site.codes[3]}
    assert site.post(path, **sent).headers["location"] == "/clues?done=resolved"
    assert read_sections(site)["clue"] == [site.codes[3]]
    assert "郑邻居" in site.get(f"/households/{site.codes[3]}").text
    events = site.rows("SELECT household_id, kind, amount FROM record_events WHERE record_id LIKE 'clue-%'")
    assert events == [(site.codes[3], "report", 3000.0)]
    again = {**sent, "once": "s" * 20, "household_id": "", "resolution": "外县户"}
    assert site.post(path, **again).status_code == 409
    assert [one for one in site.actions() if one.startswith("clue.")].count("clue.resolve") == 1


def test_a_household_that_is_none_of_the_countys_is_closed_with_the_reason(named_site):
    site = named_site
    site.sign_in("county-names")
    fill(site, q="周麒外", unlisted="1", village=site.world.regions["village"])
    page = site.get("/clues").text
    path = re.search(r'action="(/clues/[^"]+/resolution)"', page)[1]
    token = {"csrf": site.token(page), "once": "r" * 20}
    assert site.post(path, **token).status_code == 403, "neither a code nor a reason"
    assert site.post(path, **token, household_id="nobody").status_code == 404
    assert site.post(path, **token, resolution="户籍在邻县，已告知").status_code == 303
    page = site.get("/clues?state=closed").text
    assert "户籍在邻县，已告知" in page
    assert "已办结" in page
    assert "clue" not in read_sections(site)


def test_a_flood_lists_the_households_of_the_place_by_risk_and_only_the_county_reports_it(site):
    site.sign_in("village")
    region = site.world.regions["village"]
    page = site.get("/clues/new").text
    assert 'name="region_code"' not in page
    sent = {"csrf": site.token(page), "once": "p" * 20, "what": "disaster", "disaster": "flood"}
    sent |= {"channel": "department", "region_code": region}
    assert site.post("/clues/new", **sent).status_code == 403
    site.client.cookies.clear()
    site.sign_in("county")
    sent["csrf"] = site.token(site.get("/clues/new").text)
    answer = site.post("/clues/new", **sent)
    assert answer.headers["location"] == f"/worklist?region={region}&state=all&done=reported"
    assert "已登记为灾害记录" in site.get(answer.headers["location"]).text
    assert {code for codes in read_sections(site, f"&region={region}&state=all").values() for code in codes} == set(
        site.households(region)
    )
    assert site.rows("SELECT region_code, kind FROM record_disaster WHERE record_id LIKE 'clue-%'") == [
        (region, "flood")
    ]


def test_an_illness_is_shown_to_its_reporter_and_to_those_who_may_see_health_details(site):
    code = find_quiet(site)
    site.sign_in("village")
    fill(site, q=code, what="illness", amount="90000", note="外地住院")
    for user, seen in (("village", True), ("township", False), ("blind", False), ("county", True)):
        site.client.cookies.clear()
        site.sign_in(user)
        for path in ("/worklist", "/clues", f"/households/{code}"):
            text = site.get(path).text
            assert ("90,000" in text, "生病住院 90,000" in re.sub(r"\s+", " ", text)) == (seen, seen), (user, path)
            assert ("健康类线索（需授权）" in text) == (not seen), (user, path)
            assert "外地住院" not in text or seen, (user, path)
        assert ("如线索属实" in site.get(f"/households/{code}").text) == seen, user
        book = load_workbook(io.BytesIO(site.get("/clues.xlsx").content)).active
        cells = [cell for row in book.iter_rows(min_row=3, values_only=True) for cell in row]
        assert (90000 in cells, "生病住院" in cells) == (seen, seen), user


def test_the_register_has_what_a_hotline_notes_down_and_its_filters_narrow_it(site):
    site.sign_in("county")
    codes = site.households(site.world.regions["village"])[:2]
    fill(site, q=codes[0], what="illness", channel="hotline", amount="9800", occurred_on="2023-06-28")
    fill(site, q=codes[1], what="other", channel="neighbour")
    site.verify(codes[0], outcome="rejected", reason="affordable")
    site.change("UPDATE verifications SET told_on = '2023-06-30'")
    site.change("UPDATE clues SET recorded_on = '2023-06-27' WHERE what = 'illness'")
    book = load_workbook(io.BytesIO(site.get("/clues.xlsx").content)).active
    header, *rows = list(book.iter_rows(min_row=2, values_only=True))
    (call,) = [dict(zip(header, row, strict=True)) for row in rows if row[header.index("户码")] == codes[0]]
    cells = [call[name] for name in ("来源", "事项", "金额（元）", "核实结果")]
    assert cells == ["热线电话", "生病住院", 9800, "不属实"]
    days = [call[name].date() for name in ("登记日期", "发生日期", "走访日期", "回访日期", "办结日期")]
    assert days == [dt.date(2023, 6, day) for day in (27, 28, 30, 30, 30)]
    assert (call["用时（天）"], call["走访人"], call["状态"]) == (3, "county", "已办结")
    assert call["不属实理由"] == "收入或财产足以应对"
    for query, wanted in (
        ("state=open", {codes[1]}),
        ("state=closed", {codes[0]}),
        ("since=2023-06-28", {codes[1]}),
        ("until=2023-06-28", {codes[0]}),
        ("state=nonsense&since=never", set(codes)),
        (f"region={site.world.villages[1]}", set()),
    ):
        shown = set(re.findall(r'<a href="/households/([^"?]+)"', site.get(f"/clues?{query}").text))
        assert shown == wanted, query
    site.change("UPDATE verifications SET told_on = NULL")
    assert "待回访" in site.get("/clues?state=to_inform").text


SUPPOSED = (
    ("illness", {"illness": [{"kind": "inpatient", "visits": 1, "self_paid": 90000.0}]}),
    ("disaster", {"disaster": [{"kind": "other", "loss": 90000.0}]}),
    ("job_loss", {"events": [{"kind": "job_loss", "amount": 90000.0}]}),
)


@pytest.mark.parametrize(("what", "tables"), SUPPOSED)
def test_what_is_estimated_is_what_the_same_rows_give_when_they_are_stored(site, model, what, tables):
    site.sign_in("county")
    code = find_quiet(site)
    fill(site, q=code, what=what, amount="90000")
    stored = site.rows("SELECT count(*) FROM record_illness")
    scores = site.rows("SELECT count(*) FROM scores")
    estimated = re.search(r"如线索属实.*?</section>", site.get(f"/households/{code}").text, re.S)[0]
    assert "测算，非结论" in estimated
    assert site.rows("SELECT count(*) FROM record_illness") == stored
    assert site.rows("SELECT count(*) FROM scores") == scores
    rows = {
        name: [{**row, "household_id": code, "occurred_on": "2023-06-30"} for row in own]
        for name, own in tables.items()
    }
    supposed = {
        name: [{**row, "occurred_on": TODAY, "recorded_on": TODAY} for row in own] for name, own in rows.items()
    }
    with reading(site.engine) as connection:
        (judged,) = judge_households(
            connection, model, find_households(connection, [code], ""), TODAY, partial(add_rows, rows=supposed)
        )
    with writing(site.engine) as connection:
        token = create_key(connection, "test", "", ("read", "write", "health-details"))
    headers = {"Authorization": f"Bearer {token}"}
    assert site.client.post("/v1/records", json={"tables": rows}, headers=headers).status_code == 200
    query = "SELECT signal, rule_flags, probability FROM current_scores WHERE household_id = :h"
    (after,) = site.rows(query, h=code)
    assert tuple(judged.rows[0][name] for name in ("signal", "rule_flags", "probability")) == tuple(after)
    card = re.search(r"<h2>监测线规则</h2>\s*<p>(.*?</span>)", site.get(f"/households/{code}").text, re.S)[1]
    assert f"→ {card}" in estimated


def test_a_fall_of_income_is_not_estimated_and_the_page_says_why(site):
    site.sign_in("county")
    code = find_quiet(site)
    fill(site, q=code, what="income_fall", amount="20000")
    page = re.search(r"如线索属实.*?</section>", site.get(f"/households/{code}").text, re.S)[0]
    assert "收入骤减：线索未说明是哪个月、哪项收入或支出，不作测算" in re.sub(r"\s+", "", page).replace("20,000元", "")


def test_a_silent_model_stays_silent_about_a_clue(make_site, model, monkeypatch):
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: replace(model, trial=False))
    site = make_site(simulated=False)
    site.sign_in("county")
    code = find_quiet(site)
    fill(site, q=code, what="illness", amount="90000")
    estimated = re.search(r"如线索属实.*?</section>", site.get(f"/households/{code}").text, re.S)[0]
    assert "不作测算" in estimated
    assert "100 户" not in estimated

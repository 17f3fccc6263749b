"""Whatever the role, no page or export shows another region, or shows health details without the right to see them."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from riskml.explanation.reasons.redaction import concerns_health
from riskml.explanation.timeline.data import Timeline
from riskml.explanation.timeline.lanes import describe_mark
from riskml.features import CATALOGUE
from riskml.vocabulary.causes import HEALTH_CAUSES
from riskml_serving.base.database import reading, writing
from riskml_serving.judging.scores.service import judge_households
from riskml_serving.people.accounts.roles import ROLES
from riskml_serving.people.audit.pseudonyms import SHORT, read_pseudonym
from riskml_serving.people.auth.service import create_key
from riskml_serving.store.households.repository import find_households, list_codes
from riskml_serving.web.router import PAGES

NOTICE = {"zh": "仅供研判参考，不作为认定依据", "en": "For guidance only"}
BLIND = ("village", "township", "analyst", "blind")
AFTER, AFTER_SPENDING = "income_below_line_after_spending", "扣除刚性支出后"
SECRET = "透析治疗秘密"


def read_cells(answer):
    book = load_workbook(io.BytesIO(answer.content))
    return "\n".join(
        str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
    )


def read_text(site, path):
    """Read the text of a page or an export."""
    answer = site.get(path)
    assert answer.status_code == 200, path
    return read_cells(answer) if ".xlsx" in path else answer.text


@pytest.fixture
def health(site, model):
    """Collect, by household, the words that riskml shows only to readers with the right to health details."""
    policy = model.policy
    flags = {trigger.zh for trigger in policy.triggers.values() if trigger.cause in HEALTH_CAUSES}
    out = {}
    with reading(site.engine) as connection:
        codes = list_codes(connection, site.world.villages[0])
        rows = find_households(connection, codes, "")
        (as_of,) = {row[0] for row in connection.exec_driver_sql("SELECT DISTINCT as_of FROM current_scores")}
        for judged in judge_households(connection, model, rows, dt.date.fromisoformat(as_of)):
            for i in range(judged.panel.n):
                one = judged.panel.select(i)
                explanation = model.narrator.explain(one)
                words = {flag.zh for flag in explanation.rule.flags if flag.zh in flags}
                if explanation.rule.gap_after_spending not in (None, explanation.rule.gap):
                    words |= {AFTER_SPENDING, *(f"{flag.zh}:" for flag in explanation.rule.flags if flag.code == AFTER)}
                reasons = (*explanation.reasons, *explanation.protections)
                words |= {r.zh for r in reasons if r.feature in CATALOGUE and concerns_health(CATALOGUE[r.feature])}
                marks = Timeline.from_panel(one, months=36, window=12).marks
                words |= {describe_mark(mark, "zh") for mark in marks if mark.lane == "illness"}
                out[str(one.household_id[0])] = words
    return out


def test_health_details_are_shown_only_to_accounts_with_the_right(site, health):
    telling = [code for code, words in health.items() if words][:6]
    assert len(telling) >= 3, "some households in the test county must have something to hide"
    site.sign_in("county")
    site.verify(telling[0], causes=["illness"], note=SECRET, objection=SECRET, measures=SECRET)
    page = site.get(f"/households/{telling[0]}").text
    once = re.search(r'name="once" value="([^"]+-a)"', page).group(1)
    site.post(f"/households/{telling[0]}/assignments", csrf=site.token(page), once=once, assignee="王", handover=SECRET)
    seen = {code: read_text(site, f"/households/{code}") for code in telling}
    for code in telling:
        assert any(words in seen[code] for words in health[code]), "an account with the right must see it"
    assert SECRET in seen[telling[0]]
    assert "就医" in seen[telling[0]]
    for user in BLIND:
        site.client.cookies.clear()
        site.sign_in(user)
        role = ROLES["county" if user == "blind" else user]
        opened = [page for page in PAGES if page.right in role.may | role.rights]
        for path in dict.fromkeys(path for page in opened for code in telling for path in page.list_addresses(code)):
            text = read_text(site, path)
            for code in telling:
                for words in health[code]:
                    assert words not in text, f"{user} {path}"
            assert SECRET not in text, f"{user} {path}"
        assert 'value="illness"' not in read_text(site, "/worklist"), "nobody may filter by what they may not see"
        workbook = site.get("/worklist.xlsx?state=all&cause=illness")
        assert read_cells(workbook) == read_text(site, "/worklist.xlsx?state=all")
        assert "因残" not in re.sub(r"<form.*?</form>", "", read_text(site, "/overview"), flags=re.DOTALL)


def test_without_the_right_the_spending_flag_hides_amounts_on_page_export_and_api(site):
    """As with reasons, everyone may see that spending matters; only the amount is a health detail."""
    query = "SELECT household_id FROM current_scores WHERE rule_flags LIKE :f ORDER BY household_id"
    household = site.rows(query, f=f"%{AFTER}%")[0][0]
    name = site.client.app.state.holder.current.policy.triggers[AFTER].zh
    seen, amount = {}, ""
    for user, right in (("county", ("health-details",)), ("blind", ())):
        site.client.cookies.clear()
        site.sign_in(user)
        page, export = (
            read_text(site, f"/households/{household}"),
            read_text(site, f"/households/{household}/export.xlsx"),
        )
        with writing(site.engine) as connection:
            key = create_key(connection, user, "", ("read", *right))
        answer = site.client.get(
            f"/v1/households/{household}/explanation", headers={"Authorization": f"Bearer {key}"}
        ).json()
        rule = answer["explanation"]["rule"]
        (flag,) = (flag for flag in rule["flags"] if flag["code"] == AFTER)
        assert name in page
        assert name in export
        assert name in read_text(site, f"/worklist?q={household}")
        amount = amount or f"{abs(flag['observed']):,.0f} 元/人/年"
        shown = (flag["observed"], rule["gap_after_spending"])
        seen[user] = (f"{name}：" in page, AFTER_SPENDING in page, amount in page, shown != (None, None))
    assert seen == {"county": (True,) * 4, "blind": (False,) * 4}


@pytest.mark.parametrize("user", ["village", "township", "county", "analyst"])
def test_households_elsewhere_are_not_found_on_any_page_and_attempts_are_recorded(site, user):
    region = site.world.regions[user]
    inside = site.households(region)
    outside = [code for code in site.households("") if code not in inside]
    if not outside:  # the county manager and the analyst see the whole county, so move a household out of it
        outside = [inside[-1]]
        site.change("UPDATE households SET region_code = '110101001001' WHERE household_id = :h", h=outside[0])
        moved = "UPDATE current_scores SET region_code = '110101001001', town = '110101001', county = '110101'"
        site.change(f"{moved} WHERE household_id = :h", h=outside[0])
    site.sign_in(user)
    before = len(site.actions())
    guessed = [f"/households/{outside[0]}", f"/households/{outside[0]}/export.xlsx", "/households/no-such-household"]
    answers = [site.get(path) for path in guessed]
    assert [answer.status_code for answer in answers] == [404] * 3
    plain = [re.sub(r'back=[^"]*|[0-9a-f]{32,}', "", answer.text) for answer in answers]
    assert plain[0] == plain[1] == plain[2], "a household elsewhere must look like one that does not exist"
    assert site.actions()[before:] == ["household.refused"] * 3
    elsewhere = "110101" if region else "99"
    for path in ("/worklist?region=", "/overview?region=", "/worklist.xlsx?region=", "/overview.xlsx?region="):
        assert site.get(path + elsewhere).status_code == 404
    assert site.actions()[-4:] == ["region.refused"] * 4
    for path in ("/worklist?state=all", "/worklist.xlsx?state=all", f"/worklist?q={outside[0]}"):
        shown = site.get(path)
        text = (
            read_cells(shown)
            if ".xlsx" in path
            else re.sub(r"<form.*?</form>|back=[^\"]*|<p class=\"empty.*", "", shown.text, flags=re.S)
        )
        assert outside[0] not in text
    if user != "analyst":
        page = site.get(f"/households/{inside[0]}").text
        sent = {"csrf": site.token(page), "once": "x" * 20, "outcome": "confirmed", "assignee": "王"}
        for what in ("verifications", "verifications/1/undo"):
            assert site.post(f"/households/{outside[0]}/{what}", **sent).status_code == 404
        assert not site.rows("SELECT 1 FROM verifications")


@pytest.mark.parametrize(("user", "verifies", "assigns", "releases"), [
    ("village", True, False, False), ("township", True, True, False), ("county", True, True, True),
    ("analyst", False, False, True),
])  # fmt: skip
def test_each_role_can_do_exactly_what_it_is_permitted_to(site, user, verifies, assigns, releases):
    site.sign_in(user)
    household = site.households(site.world.regions[user])[0]
    page = site.get(f"/households/{household}").text
    assert ('name="outcome"' in page) == verifies
    assert ('name="assignee"' in page) == assigns
    assert ("发布记录" in site.get("/model").text) == releases
    sent = {"csrf": site.token(page), "once": "x" * 20, "outcome": "rejected", "reason": "not_so", "assignee": "王五"}
    assert site.post(f"/households/{household}/verifications", **sent).status_code == (303 if verifies else 403)
    sent["once"] = "y" * 20
    assert site.post(f"/households/{household}/assignments", **sent).status_code == (303 if assigns else 403)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sign_in_page_and_pages_without_households_also_carry_the_notice(site, lang):
    assert NOTICE[lang] in site.get(f"/language/{lang}?back=/sign-in").text
    site.sign_in("county")
    for path in ("/households/none", "/worklist?q=nobody"):
        text = site.get(path).text
        assert NOTICE[lang] in text, path
        assert ("模拟" if lang == "zh" else "imulated") in text, path


def test_the_sign_in_page_is_small(site):
    page = site.get("/sign-in")
    assert len(page.content) + len(site.get("/static/style.css").content) < 100_000


def test_views_and_exports_of_households_are_recorded(site):
    site.sign_in("township")
    household = site.households(site.world.villages[0])[0]
    before = len(site.actions())
    for path in ("/households/{}", "/households/{}/export.xlsx", "/overview", "/worklist?q=nobody"):
        site.get(path.format(household))
    assert site.actions()[before:] == ["household.page", "household.export", "overview.read", "worklist.read"]
    before = len(site.actions())
    page = site.get("/worklist?state=all").text
    listed = page.count('<a href="/households/')
    assert 20 < listed < len(site.households(site.world.regions["township"]))
    assert site.actions()[before:] == ["worklist.read"]
    hashes = site.rows("SELECT households FROM audit ORDER BY seq")[-1][0].split()
    with reading(site.engine) as connection:
        shown = [code for code in site.households("") if read_pseudonym(connection, code)[:SHORT] in hashes]
    assert len(shown) == listed
    assert all(f"/households/{code}" in page for code in shown)
    before = len(site.actions())
    site.get("/worklist.xlsx?state=all")
    assert site.actions()[before:] == ["worklist.export"]
    hashes = site.rows("SELECT households FROM audit ORDER BY seq")[-1][0].split()
    assert len(hashes) == len(site.households(site.world.regions["township"]))
    assert {row[0] for row in site.rows("SELECT actor FROM audit WHERE action = 'household.page'")} == {"user:township"}


def test_results_by_region_are_shown_only_to_accounts_that_cover_all_regions(site):
    holder = site.client.app.state.holder
    evaluation = holder.current.bundle.evaluation
    (here,) = [one for one in evaluation["groups"] if one["group"] == "region"]
    codes = {here["value"], f"{here['value'][:6]}999"}
    groups = [*evaluation["groups"], *({**here, "value": code} for code in codes - {here["value"]})]
    bundle = replace(holder.current.bundle, evaluation={**evaluation, "groups": groups})
    holder.swap(replace(holder.current, bundle=bundle))
    for role, shown in (("county", codes), ("township", set()), ("county", codes)):
        site.sign_in(role)
        for path in ("/model", "/model/report"):
            text = site.get(path).text
            assert {code for code in codes if code in text} == shown, (role, path)

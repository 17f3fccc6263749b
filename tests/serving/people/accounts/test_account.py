"""Staff change their own password, unless it is easy to guess, and see and end their own sessions only."""

from __future__ import annotations

import re

import pytest
from tests.serving.conftest import PASSWORD

from riskml.errors import UsageError
from riskml_serving.base.database import writing
from riskml_serving.people.accounts.service import create_user, set_password

NEW = "梯田 tractor-92 weather"
COMMON = [
    "1234567890",
    "qwertyuiop",
    "password123",
    "aaaaaaaaaa",
    "iloveyou2024",
    "Aa123456789",
    "county2023",
    "19850123zhang",
]


@pytest.mark.parametrize("password", COMMON)
def test_a_password_that_is_easy_to_guess_is_refused_by_commands_and_page(site, password):
    with pytest.raises(UsageError, match="easy to guess"), writing(site.engine) as connection:
        create_user(connection, "fresh", password, "county", "370112", name="zhang")
    with pytest.raises(UsageError, match="easy to guess"), writing(site.engine) as connection:
        set_password(connection, "county", password)
    site.sign_in("county")
    answer = change(site, new=password)
    assert answer.headers["location"] == "/account?refused=common#password"
    assert "容易被猜中" in site.get(answer.headers["location"]).text
    assert site.actions()[-2:] == ["password.refused", "account.read"]


def change(site, current=PASSWORD, new=NEW, again=None):
    token = site.token(site.get("/account").text)
    return site.post("/account/password", csrf=token, current=current, new=new, again=again or new)


def test_a_new_password_replaces_the_old_one_and_ends_every_other_session(site):
    site.sign_in("county")
    elsewhere = dict(site.client.cookies)
    site.client.cookies.clear()
    site.sign_in("county")
    before = dict(site.client.cookies)
    assert change(site).headers["location"] == "/account?done=password#password"
    assert "密码已修改" in site.get("/account?done=password").text
    assert "password.change" in site.actions()
    for cookies in (elsewhere, before):
        site.client.cookies.clear()
        site.client.cookies.update(cookies)
        assert site.client.get("/account", follow_redirects=False).status_code == 303
    site.client.cookies.clear()
    assert site.sign_in("county").status_code == 401
    assert site.sign_in("county", NEW).status_code == 303


@pytest.mark.parametrize(
    ("fields", "why"),
    [({"current": "wrong"}, "current"), ({"again": "another one, 71"}, "differ"), ({"new": "x7 Q!"}, "length")],
)
def test_a_wrong_form_changes_nothing_and_says_why(site, fields, why):
    site.sign_in("county")
    assert change(site, **fields).headers["location"] == f"/account?refused={why}#password"
    assert 'role="alert"' in site.get(f"/account?refused={why}").text
    site.client.cookies.clear()
    assert site.sign_in("county").status_code == 303


def test_guessing_the_current_password_is_limited_like_signing_in(make_site):
    site = make_site(sign_ins_per_minute=3)
    site.sign_in("county")
    assert [change(site, current=f"guess {i}").status_code for i in range(4)] == [303, 303, 303, 429]


def test_people_see_and_end_their_own_sessions_and_no_others(site):
    site.sign_in("analyst")
    stranger = dict(site.client.cookies)
    others = []
    for _ in range(3):
        site.client.cookies.clear()
        site.sign_in("county")
        others.append(dict(site.client.cookies))
    page = site.get("/account").text
    numbers = re.findall(r'name="session" value="(\w+)"', page)
    assert (len(set(numbers)), page.count("（本次登录）"), page.count("testclient")) == (2, 1, 3)
    (foreign,) = {row[0][:16] for row in site.rows("SELECT token_hash FROM sessions WHERE username = 'analyst'")}
    for number in (numbers[0], foreign):
        site.post("/account/sessions", csrf=site.token(page), session=number)
    assert site.get("/account").text.count("testclient") == 2
    assert site.actions().count("session.end") == 1
    site.post("/account/sessions", csrf=site.token(page))
    assert site.get("/account").text.count("testclient") == 1
    open_ = []
    for cookies in (stranger, *others):
        site.client.cookies.clear()
        site.client.cookies.update(cookies)
        open_.append(site.client.get("/account", follow_redirects=False).status_code == 200)
    assert open_ == [True, False, False, True]


def test_a_form_without_its_token_changes_nothing(site):
    site.sign_in("county")
    fields = {"current": PASSWORD, "new": NEW, "again": NEW}
    assert site.post("/account/password", csrf="x", **fields).status_code == 403
    assert site.post("/account/sessions", csrf="x").status_code == 403

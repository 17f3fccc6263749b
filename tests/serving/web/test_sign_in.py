"""Signing in to the staff pages and out: sessions, lock-out, forged forms, and the page that opens after signing in."""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec
from types import SimpleNamespace

import pytest
from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from riskml.errors import UsageError
from riskml_serving.base.database import writing
from riskml_serving.people.accounts.service import create_user, disable_user, set_password


def test_passwords_are_hashed_with_the_parameters_that_rfc_9106_recommends():
    spec = find_spec("riskml_serving.people.accounts.service")
    service = module_from_spec(spec)  # as users import it: the tests' own copy hashes cheaply
    spec.loader.exec_module(service)
    hashed = service.hash_password("a sentence of words")
    assert extract_parameters(hashed) == RFC_9106_LOW_MEMORY
    assert service.verify_password(hashed, "a sentence of words")
    assert not service.verify_password(hashed, "a sentence of word")


def test_without_a_session_every_page_redirects_to_sign_in_and_back(site):
    for path in ("/worklist?signal=red", "/households/H1", "/overview", "/model", "/worklist.xlsx", "/model/report"):
        answer = site.client.get(path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?back=%2F")


def test_the_correct_password_opens_a_session_and_signing_out_ends_it(site):
    assert site.sign_in("county").headers["location"] == "/worklist"
    assert site.get("/worklist").status_code == 200
    cookies = dict(site.client.cookies)
    site.post("/sign-out", csrf=site.token(site.get("/worklist").text))
    site.client.cookies.update(cookies)
    assert site.client.get("/worklist", follow_redirects=False).status_code == 303, "the old cookie gives no access"
    assert site.actions()[-1] == "sign-out"


def test_signing_in_ignores_a_planted_session_cookie(site):
    site.client.cookies.set("riskml_session", "planted-by-somebody-else")
    site.sign_in("county")
    fresh = site.client.cookies.get("riskml_session", domain="testserver.local") or dict(site.client.cookies)
    assert "planted-by-somebody-else" not in str(fresh)
    first = site.rows("SELECT token_hash FROM sessions")
    site.client.cookies.clear()
    site.sign_in("county")
    assert len(site.rows("SELECT token_hash FROM sessions")) == len(first) + 1, "every sign-in has its own session"


def test_the_cookie_is_hidden_from_scripts_and_other_sites(site, make_site):
    header = site.sign_in("county").headers["set-cookie"]
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Secure" not in header, "a loopback address needs no Secure cookie"
    page = make_site(host="0.0.0.0").get("/sign-in")
    assert page.headers["set-cookie"].startswith("__Host-riskml_visit=")
    assert "Secure" in page.headers["set-cookie"]


def test_after_wrong_passwords_a_locked_account_rejects_even_the_correct_one(make_site):
    site = make_site(sign_in_failures=3)
    for _ in range(3):
        assert site.sign_in("county", "wrong").status_code == 401
    assert site.sign_in("county").status_code == 401
    assert site.actions()[-4:] == ["sign-in.failed", "sign-in.failed", "sign-in.locked", "sign-in.refused"]
    for other in ("2000-01-01", "2100-01-01"):  # over, or from before the clock was set back
        site.change(f"UPDATE users SET locked_until = '{other} 00:00:00.000000'")
        assert site.sign_in("county").status_code == 303


def test_failures_from_one_address_do_not_keep_other_addresses_from_signing_in(make_site):
    site = make_site(sign_ins_per_minute=2)
    for name in ("nobody", "nobody", "county"):
        refused = site.sign_in(name, "wrong")
    assert refused.status_code == 429
    site.client._transport.client = ("203.0.113.9", 50000)
    assert site.sign_in("county").status_code == 303


def test_failures_elsewhere_do_not_lock_the_owner_out_of_an_address_known_to_the_account(make_site):
    """The address has a lock of its own, and a sign-in from it gives nobody elsewhere more tries."""
    site = make_site(sign_in_failures=3)

    def enter(address, password="a sentence of words"):
        site.client._transport.client = (address, 50000)
        return site.sign_in("county", password).status_code

    assert enter("203.0.113.1") == 303
    assert [enter("203.0.113.9", "wrong") for _ in range(3)] == [401] * 3
    assert enter("203.0.113.9") == 401, "locked for addresses that are not known"
    assert enter("203.0.113.1") == 303
    assert enter("203.0.113.9") == 401, "the owner's sign-in has not unlocked it"
    assert [enter("203.0.113.1", "wrong") for _ in range(3)] == [401] * 3
    assert site.actions()[-1] == "sign-in.locked"
    assert enter("203.0.113.1") == 401, "locked at the known address too"
    for forget in ("UPDATE sign_in_addresses SET seen_at = '2000-01-01 00:00:00.000000'", None):
        site.change("UPDATE users SET locked_until = NULL")
        site.change(forget) if forget else set_again(site)
        assert enter("203.0.113.8") == 303
        assert [row[0] for row in site.rows("SELECT failures FROM sign_in_addresses")] == [0], (
            "all others are forgotten"
        )


def set_again(site):
    with writing(site.engine) as connection:
        set_password(connection, "county", "a sentence of words")


def test_a_wrong_password_looks_like_an_unknown_or_disabled_account(site):
    with writing(site.engine) as connection:
        disable_user(connection, "analyst")
    texts = {name: site.sign_in(name, "wrong").text for name in ("county", "nobody", "analyst")}
    pages = {text.replace(name, "").replace(site.token(text), "") for name, text in texts.items()}
    assert len({page[page.index("alert") :][:300] for page in pages}) == 1
    assert site.sign_in("analyst").status_code == 401


def test_disabling_an_account_ends_its_sessions_at_once(site):
    site.sign_in("county")
    with writing(site.engine) as connection:
        disable_user(connection, "county")
    assert site.client.get("/worklist", follow_redirects=False).status_code == 303


def test_a_session_ends_when_it_is_idle_too_long_or_too_old(make_site):
    site = make_site(session_idle_minutes=10, session_hours=1)
    site.sign_in("county")
    site.change("UPDATE sessions SET seen_at = datetime('now', '-11 minutes')")
    assert site.client.get("/worklist", follow_redirects=False).status_code == 303
    site.sign_in("county")
    site.change("UPDATE sessions SET created_at = datetime('now', '-61 minutes')")
    assert site.client.get("/worklist", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/\t/evil.example",
        "",
    ],
)
def test_signing_in_never_redirects_to_another_site(site, back):
    assert site.sign_in("county", back=back).headers["location"] == "/worklist"
    switched = site.client.get("/language/en", params={"back": back}, follow_redirects=False)
    assert switched.headers["location"] == "/worklist"


def test_a_form_without_our_token_or_from_another_site_is_rejected(site):
    site.sign_in("county")
    household = site.households(site.world.villages[0])[0]
    page = site.get(f"/households/{household}").text
    path = f"/households/{household}/verifications"
    good = {"csrf": site.token(page), "once": "x" * 20, "outcome": "confirmed"}
    assert site.post(path, **{**good, "csrf": "0" * 64}).status_code == 403
    assert site.post(path, **{k: v for k, v in good.items() if k != "csrf"}).status_code == 403
    answer = site.client.post(path, data=good, headers={"Sec-Fetch-Site": "cross-site"}, follow_redirects=False)
    assert answer.status_code == 403
    assert site.client.post(path, json=good).status_code == 403
    assert site.post("/sign-out", csrf="").status_code == 403
    assert site.post("/sign-in", csrf="", username="county", password="x").status_code == 403
    assert not site.rows("SELECT 1 FROM verifications")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"username": "A B"}, "not a valid user name"),
        ({"role": "king"}, "no role"),
        ({"region": "37"}, "not a valid region for the role"),
        ({"password": "short"}, "10 to 256"),
        ({"username": "county"}, "already"),
    ],
)
def test_an_account_with_invalid_details_is_not_created(site, changed, words):
    wanted = {"username": "somebody", "password": "long enough to pass", "role": "village", "region": "1" * 12}
    with pytest.raises(UsageError, match=words), writing(site.engine) as connection:
        create_user(connection, **{**wanted, **changed})


def test_workers_share_the_counts_of_attempts_and_wrong_passwords(make_site, monkeypatch):
    at = [1_700_000_000.0]
    monkeypatch.setattr("riskml_serving.people.accounts.sessions.time", SimpleNamespace(time=lambda: at[0]))
    one, other = (make_site(sign_ins_per_minute=4, sign_in_failures=3) for _ in range(2))
    assert [worker.sign_in("county", "wrong").status_code for worker in (one, other, one)] == [401] * 3
    assert other.sign_in("county").status_code == 401, "failures that another worker saw also count"
    for worker in (one, other):
        answer = worker.sign_in("township")
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) == 60 - 1_700_000_000 % 60
        assert "每分钟最多登录失败 4 次" in answer.text
    at[0] -= 7200
    assert one.sign_in("township").status_code == 303, "after a clock was set back, only the minute that is now counts"
    at[0] += 7260
    for _ in range(5):
        assert other.sign_in("township").status_code == 303, "an office may sign in from one address"
    assert one.rows("SELECT tries FROM sign_in_tries") == [(0,)], "attempts that succeeded or are old do not count"

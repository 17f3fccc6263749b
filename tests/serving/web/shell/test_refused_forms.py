"""Whatever the reason for which the service refuses a form, what was typed into it is on the answer."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from riskml_serving.web.router import PAGES

UNLISTED = (
    "INSERT INTO clues (subject, region_code, what, channel, note, record_id, after_verification, recorded_on, "
    "created_by, created_at, request_id) SELECT 'unlisted', region, 'job_loss', 'hotline', '', 'clue-1', 0, "
    "'2023-06-30', 'county', '2023-06-30 08:00:00', 'r' FROM users WHERE username = 'county'"
)
SECRET = ("username", "current", "new", "again", "password")


class _Forms(HTMLParser):
    """Collects the forms that a page sends by POST: address, values, and the fields that are typed into."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.own = [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.own = None
            if attributes.get("method") == "post":
                self.own = (attributes["action"].partition("#")[0], {}, [])
                self.forms.append(self.own)
        if self.own is None or "name" not in attributes:
            return
        _, values, typed = self.own
        kind = attributes.get("type", "text") if tag == "input" else tag
        if kind in ("text", "textarea") and attributes["name"] not in SECRET:
            typed.append(attributes["name"])
        elif kind in ("hidden", "date") or (kind == "radio" and attributes["name"] not in values):
            values[attributes["name"]] = attributes.get("value") or ""


def list_forms(site, role):
    """List the forms of all pages, each once."""
    household = site.households(site.world.regions[role])[0]
    forms = {}
    for page in PAGES:
        if not page.workbook and page.name != "report":
            for address, values, typed in _Forms(site.get(page.list_addresses(household)[0]).text).forms:
                if typed and address not in ("/worklist",):
                    forms.setdefault((re.sub(r"[\w%-]{20,}", "*", address), *typed), (address, values, typed))
    return [*forms.values()]


def close(site):
    site.change("UPDATE households SET closed_on = '2023-06-30'")


def move_away(site):
    site.change("UPDATE households SET region_code = '110101001001'")


def take_right_away(site):
    site.change("UPDATE users SET role = 'analyst', region = ''")


def lose_cookie(site):
    site.client.cookies.clear()


REFUSALS = {
    "closed": close,
    "moved away": move_away,
    "signed out": lose_cookie,
    "another role now": take_right_away,
    "page expired": lambda site: None,
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_form_that_is_refused_gives_back_what_was_typed(site, reason):
    site.sign_in("county")
    household = site.households(site.world.regions["county"])[0]
    site.verify(household, outcome="rejected", reason="affordable")  # so that there is a call-back to record
    site.change(UNLISTED)
    forms = list_forms(site, "county")
    assert {address.rpartition("/")[2] for address, *_ in forms} >= {
        "verifications", "told", "helps", "assignments", "new", "resolution"
    }  # fmt: skip
    REFUSALS[reason](site)
    for address, values, typed in forms:
        words = {name: f"打字{number}" for number, name in enumerate(typed)}
        sent = values | words | ({"csrf": "old"} if reason == "page expired" else {})
        answer = site.post(address, **sent)
        if "?done=" in answer.headers.get("location", ""):
            assert reason == "closed", "a call-back, for example, can still be saved"
            continue
        assert 400 <= answer.status_code < 500, (address, answer.status_code)
        assert not [name for name, text in words.items() if text not in answer.text], address
        assert "打字" not in str(answer.headers), address

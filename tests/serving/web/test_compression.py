"""Pages are compressed, browsers keep their files, and compressed sizes do not reveal the token of a form."""

import hashlib
import re

import pytest

from riskml_serving.people.accounts.sessions import accepts_form_token, derive_form_token


def read_size(answer):
    return int(answer.headers["content-length"])


@pytest.mark.parametrize("address", ["/worklist", "/overview", "/static/style.css"])
def test_a_page_has_at_most_half_its_size_for_a_browser_that_accepts_compression(site, address):
    site.sign_in("county")
    packed = site.client.get(address, headers={"Accept-Encoding": "gzip"})
    plain = site.client.get(address, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert 2 * read_size(packed) <= read_size(plain)
    hide = re.compile(rb'name="(csrf|once)" value="[^"]+"')
    assert hide.sub(b"", packed.content) == hide.sub(b"", plain.content)


def test_responses_of_the_api_are_not_compressed(site):
    answer = site.client.get("/v1/model", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers


def test_every_page_carries_another_token_and_all_of_them_are_accepted(site):
    site.sign_in("county")
    household = site.households("")[0]
    tokens = {site.token(site.get(f"/households/{household}").text) for _ in range(5)}
    assert len(tokens) == 5
    for token in sorted(tokens):
        assert site.verify(household, csrf=token).status_code == 303


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: "0" * 16 + t[16:], lambda t: t[:16], lambda t: t + "é"])
def test_an_altered_token_is_refused(change):
    token = derive_form_token("cookie")
    assert accepts_form_token("cookie", token)
    assert not accepts_form_token("cookie", change(token))
    assert not accepts_form_token("another", token)


def test_browsers_keep_the_files_of_a_page_for_a_year_under_an_address_that_changes_with_the_content(site):
    site.sign_in("county")
    page = site.get(f"/households/{site.households('')[0]}")
    assert page.headers["cache-control"] == "no-store"
    addresses = re.findall(r'"(/static/[^"]+)"', page.text)
    assert len(addresses) == 2
    for address in addresses:
        answer = site.get(address)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert address.endswith(f"?v={hashlib.sha256(answer.content).hexdigest()[:12]}")
        for other in (address[:-1], address.partition("?")[0]):
            assert site.get(other).headers["cache-control"] == "no-store"

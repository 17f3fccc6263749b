"""Signing in through an OpenID provider: a real one runs locally, and the tests try what an attacker would try."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import threading
import time
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from riskml.errors import UsageError
from riskml_serving.base.database import writing
from riskml_serving.base.settings import Settings
from riskml_serving.people.accounts.provider import Provider
from riskml_serving.people.accounts.service import disable_user, verify_password

CLIENT, SECRET, BACK = "staff-pages", "s3cret", "http://localhost:8000/sign-in/provider/return"


class Idp:
    """An OpenID provider that signs everyone in with ``claims``, and requires PKCE and the client's secret."""

    def __init__(self):
        self.key, self.codes, self.claims, self.down = rsa.generate_private_key(65537, 2048), {}, {}, False
        paths = {
            "/.well-known/openid-configuration": self.discovery,
            "/keys": self.keys,
            "/authorize": self.authorize,
            "/token": self.token,
        }
        routes = [Route(path, endpoint, methods=["GET", "POST"]) for path, endpoint in paths.items()]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{port}"
        self.server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=port, log_config=None))
        threading.Thread(target=self.server.run, daemon=True).start()
        while not self.server.started:
            time.sleep(0.02)

    async def discovery(self, _request):
        named = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return JSONResponse({name: f"{self.issuer}/{path}" for name, path in named.items()})

    async def keys(self, _request):
        return JSONResponse({"keys": [{**json.loads(RSAAlgorithm.to_jwk(self.key.public_key())), "kid": "k"}]})

    async def authorize(self, request):
        query = dict(request.query_params)
        assert (query["client_id"], query["redirect_uri"], query["response_type"]) == (CLIENT, BACK, "code")
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return RedirectResponse(f"{BACK}?code={code}&state={query['state']}")

    async def token(self, request):
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if self.down:
            return JSONResponse({}, 503)
        query = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if query is None or challenge.decode() != query["code_challenge"] or form["redirect_uri"] != BACK:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        now = int(time.time())
        payload = {"iss": self.issuer, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 60, "nonce": query["nonce"]}
        token = jwt.encode({**payload, **self.claims}, self.key, "RS256", headers={"kid": "k"})
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})


@pytest.fixture(scope="module")
def idp_server():
    idp = Idp()
    yield idp
    idp.server.should_exit = True


@pytest.fixture
def idp(idp_server, world):
    idp_server.down, idp_server.codes = False, {}
    idp_server.claims = {"name": "王芳", "rights": ["town-staff"], "region": world.regions["township"]}
    return idp_server


@pytest.fixture
def site(make_site, idp):
    return make_site(
        oidc_issuer=idp.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_redirect_url=BACK,
        oidc_roles={"town-staff": "township", "county-staff": "county"},
        oidc_health_roles=("doctor",),
        oidc_identity_roles=("registrar",),
    )


def start_sign_in(site, back="/overview"):
    """Go to the provider; return the address to which it sends the browser back."""
    answer = site.client.get("/sign-in/provider", params={"back": back}, follow_redirects=False)
    assert answer.status_code == 303
    return httpx.get(answer.headers["location"], follow_redirects=False).headers["location"]


def finish_sign_in(site, address):
    parts = urlsplit(address)
    return site.client.get(f"{parts.path}?{parts.query}", follow_redirects=False)


def sign_in(site, back="/overview"):
    return finish_sign_in(site, start_sign_in(site, back))


def is_signed_in(site):
    return site.client.get("/worklist", follow_redirects=False).status_code == 200


def test_a_user_of_the_provider_is_signed_in_with_their_role_and_region(site, idp, world):
    assert "/sign-in/provider?back=" in site.get("/sign-in").text
    assert sign_in(site).headers["location"] == "/overview"
    page = site.get("/worklist").text
    assert "王芳" in page
    assert "乡镇干部" in page
    assert set(site.households(world.regions["village"])) <= set(site.households(world.regions["township"]))
    assert "健康类" in site.get("/worklist?state=all").text, "health details must be hidden without the role for them"
    idp.claims |= {"rights": ["county-staff", "doctor", "identity"], "region": world.regions["county"], "name": ""}
    sign_in(site)
    assert "县级管理员" in site.get("/worklist").text, "roles follow the provider's latest claims"
    query = "SELECT role, region, health_details, identity FROM users WHERE username LIKE 'oidc:%'"
    assert site.rows(query) == [("county", world.regions["county"], 1, 0)], "no claim grants names by itself"
    idp.claims |= {"rights": ["county-staff", "registrar"]}
    sign_in(site)
    assert site.rows(query) == [("county", world.regions["county"], 0, 1)], "only a role that the setting names does"
    done = [action for action in site.actions() if action.startswith(("sign-in", "user."))]
    assert done == ["user.create", "sign-in", "user.change", "sign-in", "user.change", "sign-in"]
    sign_in(site)
    assert site.actions()[-2:] != ["user.change", "sign-in"], "nothing changed"
    last = site.rows("SELECT detail FROM audit WHERE action = 'user.change' ORDER BY seq DESC LIMIT 1")[0][0]
    stated = {"role": "county", "region": world.regions["county"], "health_details": False, "identity": True}
    assert stated.items() <= json.loads(last).items()


@pytest.mark.parametrize(
    "claims",
    [
        {"rights": ["other"]},
        {"rights": ["county-staff"]},
        {"region": "*"},
        {"region": ""},
        {"rights": "town-staff", "aud": "another"},
        {"nonce": "of somebody else"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"azp": "another"},
    ],
    ids=str,
)
def test_a_user_with_missing_or_wrong_claims_is_not_signed_in(site, idp, claims):
    idp.claims |= claims
    answer = sign_in(site)
    assert answer.headers["location"] == "/sign-in?refused=provider"
    page = site.get("/sign-in?refused=provider")
    assert page.status_code == 401
    assert "统一身份认证没有确认" in page.text
    assert not is_signed_in(site)
    assert not site.rows("SELECT 1 FROM users WHERE username LIKE 'oidc:%'")
    assert site.actions()[-1] == "sign-in.unknown"


def test_a_token_signed_with_another_key_is_rejected(site, idp):
    own, idp.key = idp.key, rsa.generate_private_key(65537, 2048)
    site.client.app.state.provider._keys._keys["k"] = jwt.PyJWK(json.loads(RSAAlgorithm.to_jwk(own.public_key())))
    site.client.app.state.provider._keys._fetched = time.monotonic()
    assert sign_in(site).headers["location"] == "/sign-in?refused=provider"
    idp.key = own


def test_a_code_works_once_and_only_in_the_browser_that_started_signing_in(site, make_site, idp):
    stolen = start_sign_in(site)
    site.client.cookies.clear()
    assert finish_sign_in(site, stolen).status_code == 403, "another browser lacks the cookie of this sign-in"
    start_sign_in(site)
    assert finish_sign_in(site, stolen).status_code == 403, "the new cookie does not fit the old state"
    assert not is_signed_in(site)
    address = start_sign_in(site)
    cookies = dict(site.client.cookies)
    assert finish_sign_in(site, address).headers["location"] == "/overview"
    site.client.cookies.clear()
    site.client.cookies.update(cookies)
    assert finish_sign_in(site, address).headers["location"] == "/sign-in?refused=provider", (
        "the code has already been used"
    )


def test_another_persons_code_injected_into_the_flow_is_rejected(site, idp):
    theirs = parse_qs(urlsplit(start_sign_in(site)).query)["code"][0]
    state = parse_qs(urlsplit(start_sign_in(site)).query)["state"][0]
    assert (
        finish_sign_in(site, f"{BACK}?code={theirs}&state={state}").headers["location"] == "/sign-in?refused=provider"
    )
    assert not is_signed_in(site)


def test_signing_in_ignores_a_planted_session_cookie(site):
    site.client.cookies.set("riskml_session", "planted-by-somebody-else")
    answer = sign_in(site)
    fresh = [header for header in answer.headers.get_list("set-cookie") if header.startswith("riskml_session=")]
    assert len(fresh) == 1
    assert "planted" not in fresh[0]
    assert "HttpOnly" in fresh[0]
    assert "riskml_provider=" in str(answer.headers.get_list("set-cookie")), "the cookie of the sign-in is deleted"


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example"])
def test_returning_from_the_provider_never_redirects_to_another_site(site, back):
    assert sign_in(site, back).headers["location"] == "/worklist"
    address = start_sign_in(site)
    seed = site.client.cookies.get("riskml_provider").split("|")[0].strip('"')
    site.client.cookies.clear()
    site.client.cookies.set("riskml_provider", f"{seed}|https%3A%2F%2Fevil.example")
    assert finish_sign_in(site, address).headers["location"] == "/worklist", "planting the cookie gains nothing"


def test_a_refusal_by_the_provider_is_shown(site):
    address = start_sign_in(site)
    state = parse_qs(urlsplit(address).query)["state"][0]
    assert (
        finish_sign_in(site, f"{BACK}?error=access_denied&state={state}").headers["location"]
        == "/sign-in?refused=provider"
    )


def test_a_disabled_provider_account_cannot_sign_in_and_has_no_password(site):
    sign_in(site)
    username, kept = site.rows("SELECT username, password_hash FROM users WHERE username LIKE 'oidc:%'")[0]
    assert not verify_password(kept, "")
    assert site.sign_in(username, "").status_code == 401
    with writing(site.engine) as connection:
        disable_user(connection, username)
    assert not is_signed_in(site)
    assert sign_in(site).headers["location"] == "/sign-in?refused=provider"
    assert site.actions()[-1] == "sign-in.refused"


def test_an_unavailable_provider_is_reported(site, idp):
    address = start_sign_in(site)
    idp.down = True
    answer = finish_sign_in(site, address)
    assert answer.status_code == 503
    assert "身份认证服务暂不可用" in answer.text


def test_without_a_provider_its_sign_in_addresses_do_not_exist(make_site):
    site = make_site()
    assert "/sign-in/provider" not in site.get("/sign-in").text
    for path in ("/sign-in/provider", "/sign-in/provider/return?code=a&state=b"):
        assert site.client.get(path, follow_redirects=False).status_code == 404


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"oidc_redirect_url": None}, "oidc_redirect_url"),
        ({"oidc_redirect_url": "http://riskml.example/sign-in/provider/return"}, "https"),
        ({"oidc_roles": {}}, "empty"),
        ({"oidc_roles": {"staff": "king"}}, "king"),
    ],
)
def test_incomplete_or_wrong_settings_are_rejected(changed, words):
    good = {"oidc_issuer": "https://login.example", "oidc_client_id": CLIENT, "oidc_redirect_url": BACK}
    settings = Settings(**{**good, "oidc_roles": {"staff": "county"}, **changed})
    with pytest.raises(UsageError, match=words):
        Provider(settings, keys=None)


def test_the_secret_is_not_printed():
    assert SECRET not in repr(Settings(oidc_client_secret=SECRET))

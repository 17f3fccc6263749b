"""Bearer tokens from a local provider: accepted only if signed for this service with a current key, and not expired."""

from __future__ import annotations

import io
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from riskml.errors import UsageError
from riskml_serving.base.settings import Settings
from riskml_serving.people.auth.jwks import RETRY_SECONDS, KeySet, create_key_set, discover_endpoint, fetch_json


class Provider:
    """An OpenID provider that signs tokens with its latest key."""

    def __init__(self):
        self.keys, self.paths, self.down = {}, [], False
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                provider.paths.append(self.path)
                content = {"jwks_uri": f"{provider.issuer}/keys"} if "well-known" in self.path else provider.jwks()
                body = json.dumps(content).encode()
                self.send_response(503 if provider.down else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, number, key=None):
        self.keys[number] = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwks(self):
        out = []
        for number, key in self.keys.items():
            kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
            out.append({**json.loads(kind.to_jwk(key.public_key())), "kid": number, "use": "sig"})
        return {"keys": [*out, {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"}, {"kty": "strange", "kid": "x"}]}

    def sign(self, number=None, algorithm="RS256", key=None, **claims):
        number = number or list(self.keys)[-1]
        now = int(time.time())
        own = {"iss": self.issuer, "aud": "riskml", "sub": "staff-7", "iat": now, "exp": now + 300}
        payload = {**own, "region": "370112", "rights": ["read", "score"], **claims}
        payload = {name: value for name, value in payload.items() if value is not ...}
        return jwt.encode(payload, key or self.keys[number], algorithm, headers={"kid": number})


@pytest.fixture
def provider():
    login = Provider()
    login.add("first")
    yield login
    login.server.shutdown()
    login.server.server_close()


@pytest.fixture
def ask(make_client, provider):
    client = make_client(
        oidc_issuer=provider.issuer, oidc_audience="riskml", oidc_rights={"county-staff": "score read write"}
    )

    def ask(token, path="/v1/households"):
        return client.get(path, headers={"Authorization": f"Bearer {token}"})

    ask.client = client
    return ask


def test_a_token_identifies_a_caller_with_region_and_rights(ask, provider):
    assert ask(provider.sign()).status_code == 200
    assert ask(provider.sign(), "/v1/households?region=370112").status_code == 200
    assert ask(provider.sign(), "/v1/households?region=3702").status_code == 404
    assert ask(provider.sign(rights=["score"])).json()["type"] == "urn:riskml:problem:right-missing"
    assert ask(provider.sign(rights=["county-staff"])).status_code == 200
    assert ask(provider.sign(rights="read score")).status_code == 200
    assert ask(provider.sign(rights=["superuser"])).status_code == 403
    assert ask(provider.sign(region="*")).json()["region"] == ""


def test_an_api_key_still_works(ask, key):
    assert ask.client.get("/v1/households", headers=key()).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": ...},
        {"nbf": 4_000_000_000},
        {"aud": "another"},
        {"aud": ...},
        {"iss": "https://elsewhere.example"},
        {"iss": ...},
        {"sub": ...},
        {"region": ...},
        {"region": ""},
        {"region": "3701x"},
        {"region": ["370112"]},
    ],
)
def test_a_token_with_missing_or_wrong_claims_is_rejected(ask, provider, claims):
    answer = ask(provider.sign(**claims))
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:riskml:problem:not-authenticated")


def test_only_the_providers_signatures_are_accepted(ask, provider):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert ask(provider.sign(key=stranger)).status_code == 401
    assert ask(provider.sign("unknown", key=stranger)).status_code == 401
    secret = provider.sign("shared", "HS256", key=b"secret" * 8)
    none = jwt.encode({"iss": provider.issuer, "aud": "riskml", "sub": "a", "exp": 4e9, "region": "*"}, None, "none")
    head, body, signature = provider.sign().split(".")
    for token in (secret, none, f"{head}.{body}.", f"{head}.{body}.{signature[:-4]}AAAA", "a.b.c", "..", "é.b.c"):
        headers = {"Authorization": f"Bearer {token}".encode()}
        assert ask.client.get("/v1/households", headers=headers).status_code == 401


def test_unconfigured_signature_algorithms_are_rejected(ask, provider):
    provider.add("curve", ec.generate_private_key(ec.SECP256R1()))
    provider.add("long", ec.generate_private_key(ec.SECP384R1()))
    assert ask(provider.sign("curve", "ES256")).status_code == 200
    assert ask(provider.sign("long", "ES384")).status_code == 401


def test_keys_are_fetched_once_and_again_for_an_unknown_key(ask, provider):
    for _ in range(5):
        assert ask(provider.sign()).status_code == 200
    assert provider.paths == ["/.well-known/openid-configuration", "/keys"]
    keys = ask.client.app.state.authenticator.oidc._keys
    provider.add("second")
    assert ask(provider.sign()).status_code == 401, "made-up key ids must not flood the provider with requests"
    assert len(provider.paths) == 2
    keys._tried -= RETRY_SECONDS + 1
    assert ask(provider.sign()).status_code == 200
    assert len(provider.paths) == 4


def test_a_withdrawn_key_is_accepted_only_until_the_cached_keys_expire(ask, provider):
    token = provider.sign()
    assert ask(token).status_code == 200
    provider.keys.clear()
    provider.add("second")
    assert ask(token).status_code == 200
    keys = ask.client.app.state.authenticator.oidc._keys
    keys._fetched -= 301
    keys._tried -= 301
    assert ask(token).status_code == 401
    assert ask(provider.sign()).status_code == 200


def test_an_unavailable_provider_is_reported_and_known_keys_last_an_hour(ask, provider):
    provider.down = True
    answer = ask(provider.sign())
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:riskml:problem:provider-unavailable")
    at = [1000.0]
    keys = KeySet(lambda: provider.jwks() if at[0] < 2000 else fail(), 300, lambda: at[0])
    assert keys.find("first") is not None
    at[0] = 2100
    assert keys.find("first") is not None
    at[0] = 1000 + 3601
    with pytest.raises(OSError, match="cannot be read"):
        keys.find("first")


def fail():
    raise OSError("down")


def test_a_user_is_named_in_the_audit_log_but_not_in_the_service_logs(ask, provider, caplog):
    from riskml_serving.people.auth.oidc import _name_caller

    with caplog.at_level("INFO", "riskml_serving"):
        ask(provider.sign())
    records = [record for record in caplog.records if record.name == "riskml_serving.requests"]
    assert [record.key_id for record in records] == [None]
    assert _name_caller("staff-7") == "oidc:staff-7"
    assert len(_name_caller("张三" * 50)) == 45


@pytest.mark.parametrize(
    "settings",
    [
        {"oidc_issuer": "https://login.example"},
        {"oidc_issuer": "http://login.example", "oidc_audience": "riskml"},
        {"oidc_issuer": "https://login.example", "oidc_audience": "riskml", "oidc_jwks_url": "http://a.example/keys"},
        {"oidc_issuer": "file:///etc/passwd", "oidc_audience": "riskml"},
    ],
)
def test_a_provider_without_https_or_an_audience_is_rejected(settings):
    with pytest.raises(UsageError) as error:
        create_key_set(Settings(**settings))
    assert error.value.hint


def test_discovery_must_not_lead_to_an_unencrypted_address():
    settings = Settings(oidc_issuer="https://login.example", oidc_audience="riskml")
    for address in ("http://login.example/keys", "http://localhost:9000/keys"):
        keys = create_key_set(settings, lambda _, address=address: {"jwks_uri": address})
        with pytest.raises(OSError, match="cannot be read"):
            keys.find("a")


def test_a_provider_on_this_machine_may_lead_to_another_address_on_it():
    address = "http://127.0.0.1:9000/keys"
    assert discover_endpoint("http://localhost:9000", "jwks_uri", lambda _: {"jwks_uri": address}) == address


def test_an_answer_of_a_provider_is_read_up_to_a_megabyte(monkeypatch):
    def answer(size):
        content = b'{"keys": 1}'.rjust(size)
        monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(content))
        return fetch_json("https://login.example")

    assert answer(1_000_000) == {"keys": 1}
    with pytest.raises(ValueError, match="Expecting"):
        answer(1_000_001)

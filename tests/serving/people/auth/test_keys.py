"""Keys: which texts are accepted as one, how they are revoked, and that their list has one order on either database."""

from __future__ import annotations

import anyio
import pytest

from riskml.errors import UsageError
from riskml_serving.base.clock import now
from riskml_serving.base.database import open_database, reading, writing
from riskml_serving.base.problems import Problem
from riskml_serving.people.auth import repository, service
from riskml_serving.people.auth.repository import list_keys
from riskml_serving.people.auth.service import Authenticator, create_key, read_key_id, revoke_key


def identify(authenticator, authorization):
    """Return the id of the key in a header, or the problem."""
    try:
        return anyio.run(authenticator.authenticate, authorization).key_id
    except Problem as problem:
        return problem.kind


def test_only_a_whole_key_of_the_scheme_bearer_is_accepted(engine):
    with writing(engine) as connection:
        key = create_key(connection, "own", "370112", ["read"])
    number, _, secret = key.removeprefix("rk_").partition("_")
    authenticator = Authenticator(engine, 60.0)
    for right in (f"Bearer {key}", f"bearer {key}", f"Bearer  {key} "):
        assert identify(authenticator, right) == number, right
    wrong = [f"Basic {key}", key, f"Bearer rx_{number}_{secret}", f"Bearer rk_{number}_", f"Bearer rk_{number}"]
    wrong += [f"Bearer rk_{number}_{secret[:-1]}", f"Bearer {key}é", f"Bearer {key}{'x' * 200}", "Bearer", ""]
    assert {text: identify(authenticator, text) for text in wrong} == dict.fromkeys(wrong, "not-authenticated")


def test_a_revoked_key_is_refused_once_it_is_read_again_and_the_others_stay_valid(engine, monkeypatch):
    with writing(engine) as connection:
        first, second = (create_key(connection, name, "", ["read"]) for name in ("first", "second"))
    read, find = [], repository.find_key
    monkeypatch.setattr(repository, "find_key", lambda *values: read.append(values) or find(*values))
    trusting, careful = Authenticator(engine, 3600.0), Authenticator(engine, -1.0)
    numbers = [read_key_id(key) for key in (first, second)]
    assert [identify(trusting, f"Bearer {first}") for _ in range(2)] == numbers[:1] * 2
    assert len(read) == 1, "the key is cached"
    with writing(engine) as connection:
        revoke_key(connection, first)
    with writing(engine) as connection, pytest.raises(UsageError, match="no valid key"):
        revoke_key(connection, first)
    assert identify(trusting, f"Bearer {first}") == numbers[0], "for as long as keys are trusted"
    assert [identify(careful, f"Bearer {key}") for key in (first, second)] == ["not-authenticated", numbers[1]]


def test_keys_of_the_same_moment_are_listed_by_their_ids(database_url, monkeypatch):
    at = now()
    monkeypatch.setattr(service, "now", lambda: at)
    with open_database(database_url) as engine:
        with writing(engine) as connection:
            made = [service.read_key_id(service.create_key(connection, f"{i}", "", ["read"])) for i in range(8)]
        with reading(engine) as connection:
            assert [row["key_id"] for row in list_keys(connection)] == sorted(made)

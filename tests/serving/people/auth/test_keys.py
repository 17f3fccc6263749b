"""The list of keys has one order, whichever database holds them."""

from __future__ import annotations

from riskml_serving.base.clock import now
from riskml_serving.base.database import open_database, reading, writing
from riskml_serving.people.auth import service
from riskml_serving.people.auth.repository import list_keys


def test_keys_of_the_same_moment_are_listed_by_their_ids(database_url, monkeypatch):
    at = now()
    monkeypatch.setattr(service, "now", lambda: at)
    with open_database(database_url) as engine:
        with writing(engine) as connection:
            made = [service.read_key_id(service.create_key(connection, f"{i}", "", ["read"])) for i in range(8)]
        with reading(engine) as connection:
            assert [row["key_id"] for row in list_keys(connection)] == sorted(made)

"""Every command that changes accounts, keys or the model in service leaves an audit entry, or changes nothing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from riskml_serving.base.clock import now
from riskml_serving.base.database import open_database, reading, writing
from riskml_serving.commands import cli, keys, model, users
from riskml_serving.judging.model import repository

GROUPS = {"users": users.app, "keys": keys.app, "model": model.app}
UNRECORDED = {"users list", "keys list", "keys create-identity", "model status"}
PASSWORD = "a long enough password\n"
CHANGES = {
    "users create": (["wang", "--role", "county", "--region", "370112"], {"username": "wang"}),
    "users password": (["wang"], {"username": "wang"}),
    "users disable": (["wang"], {"username": "wang"}),
    "keys create": (["county office", "--right", "read"], {"owner": "county office", "rights": ["read"]}),
    "keys revoke": ([], {}),
    "keys rotate-identity": ([], {"persons": 0}),
    "model rollback": ([], {}),
    "model accept": (["second"], {"version": "second"}),
}
ACTIONS = {"users": "user", "keys": "key"}


def read_entries(url):
    with open_database(url) as engine, reading(engine) as connection:
        return connection.execute(text("SELECT actor, action, detail FROM audit ORDER BY seq")).all()


def run(url, command, *arguments):
    return CliRunner().invoke(cli.app, [*command.split(), *arguments, "--db", url], input=PASSWORD)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_command_that_changes_something_is_recorded_with_who_ran_it(database_url, monkeypatch):
    monkeypatch.setenv("RISKML_SERVING_IDENTITY_SECRET", "00" * 32)
    names = {f"{group} {entry.name or entry.callback.__name__}" for group, app in GROUPS.items()
             for entry in app.registered_commands}  # fmt: skip
    assert set(CHANGES) | UNRECORDED >= names, "a new command needs an entry here"
    with open_database(database_url) as engine, writing(engine) as connection:
        for version in ("first", "second"):
            repository.record_release(connection, version, "folder", now())
    for command, (arguments, detail) in CHANGES.items():
        group, verb = command.split()
        if command == "keys revoke":
            arguments = [run(database_url, "keys list").stdout.split("\t")[0]]
        ran = run(database_url, command, *arguments)
        assert ran.exit_code == 0, ran.output
        actor, action, text = read_entries(database_url)[-1]
        assert (actor[:8], action) == ("command:", f"{ACTIONS.get(group, group)}.{verb}")
        assert detail.items() <= json.loads(text).items()
        assert PASSWORD.strip() not in text
    before = read_entries(database_url)
    assert run(database_url, "users disable", "nobody").exit_code != 0
    assert read_entries(database_url) == before, "a command that fails changes and records nothing"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_change_that_cannot_be_recorded_is_not_made(database_url, monkeypatch):
    monkeypatch.setenv("RISKML_SERVING_IDENTITY_SECRET", "00" * 32)
    with open_database(database_url) as engine, writing(engine) as connection:
        for version in ("first", "third", "second"):
            repository.record_release(connection, version, "folder", now())
    for command in ("users create", "keys create", "model rollback"):
        assert run(database_url, command, *CHANGES[command][0]).exit_code == 0
    number = run(database_url, "keys list").stdout.split("\t")[0]

    def dump():
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as database:
            return list(database.iterdump())

    def fail(*_):
        raise ZeroDivisionError

    before = dump()
    monkeypatch.setattr("riskml_serving.people.audit.repository.append", fail)
    for command, (arguments, _) in CHANGES.items():
        own = {"users create": ["li", *arguments[1:]], "keys revoke": [number]}
        ran = run(database_url, command, *own.get(command, arguments))
        assert isinstance(ran.exception, ZeroDivisionError), (command, ran.output)
        assert dump() == before, command

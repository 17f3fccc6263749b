"""``riskml-serving`` manages keys and the database; ``riskml serve`` explains why it cannot use a database."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml_serving.base.database import migrate, open_engine
from riskml_serving.base.database.migrate import find_latest_revision, read_revision, require_current, upgrade
from riskml_serving.commands import cli
from riskml_serving.register.keys import add_key


@pytest.fixture
def run(database_url):
    """Return a function that runs a command on a database with this version's tables."""

    def call(*arguments):
        return CliRunner().invoke(cli.app, [*arguments, "--db", database_url])

    return call


def test_a_key_is_created_shown_once_listed_and_revoked(run):
    made = run("keys", "create", "county office", "--region", "370112", "--right", "read")
    key = made.stdout.strip()
    assert (made.exit_code, key[:3]) == (0, "rk_")
    listed = run("keys", "list").stdout
    number = key.split("_")[1]
    assert listed.split("\t")[:3] == [number, "370112", "read"]
    assert key.split("_", 2)[2] not in listed
    assert run("keys", "revoke", number).stdout.strip() == "Revoked."
    assert "revoked" in run("keys", "list").stdout
    again = run("keys", "revoke", number)
    assert isinstance(again.exception, UsageError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--region", "37011"], "not a region prefix"),
        (["--region", "3x"], "region prefix"),
        (["--right", "all"], "No such right"),
    ],
)
def test_an_invalid_region_or_right_is_rejected(run, arguments, message):
    failed = run("keys", "create", "x", *arguments)
    assert isinstance(failed.exception, UsageError)
    assert message in str(failed.exception)
    assert run("keys", "list").stdout == ""


def test_errors_are_printed_without_a_traceback(monkeypatch, capsys, tmp_path):
    wrong = ["riskml-serving", "keys", "revoke", "nobody", "--db", f"sqlite:///{tmp_path / 'x.db'}"]
    monkeypatch.setattr("sys.argv", wrong)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    message = capsys.readouterr().err
    assert message.startswith("Error: There is no valid key 'nobody'.")
    assert "Traceback" not in message


@pytest.mark.parametrize(("lang", "words"), [("en", "Choose at least one file."), ("zh", "请选择至少一个文件。")])
def test_what_a_check_refuses_is_an_error_of_the_command(monkeypatch, capsys, tmp_path, lang, words):
    key, folder = tmp_path / "identity.key", tmp_path / "empty"
    add_key(key)
    folder.mkdir()
    monkeypatch.setenv("RISKML_SERVING_IDENTITY_KEY", str(key))
    wrong = ["lists", str(folder), "--region", "990101", "--db", f"sqlite:///{tmp_path / 'x.db'}", "--lang", lang]
    monkeypatch.setattr("sys.argv", ["riskml-serving", *wrong])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    message = capsys.readouterr().err
    assert (stopped.value.code, message.rstrip().endswith(words)) == (1, True), message


@pytest.mark.parametrize(
    "words",
    [
        ["keys", "list"],
        ["users", "list"],
        ["audit", "head"],
        ["model", "status"],
        ["forget", "h1"],
        ["retention"],
        ["import", "nowhere"],
        ["worker"],
    ],
    ids=" ".join,
)
def test_only_db_upgrade_migrates_postgresql(empty_database_url, words, monkeypatch):
    """PostgreSQL must not be migrated before a backup has been made, so only `db upgrade` does it."""
    engine = open_engine(empty_database_url)
    if engine.dialect.name == "sqlite":
        require_current(engine)
        assert read_revision(engine) == find_latest_revision(), "tables are created in an SQLite file automatically"
    else:
        for revision in (None, find_latest_revision()):
            if revision:  # pretend that this version has one more migration
                upgrade(engine)
                monkeypatch.setattr(migrate, "find_latest_revision", lambda: "9999")
            result = CliRunner().invoke(cli.app, [*words, "--db", empty_database_url])
            assert isinstance(result.exception, UsageError)
            assert f"revision {revision or 'none'}; this version needs" in result.exception.message
            assert "db upgrade" in result.exception.hint
            assert read_revision(engine) == revision
        monkeypatch.undo()
    assert CliRunner().invoke(cli.app, ["db", "upgrade", "--db", empty_database_url]).exit_code == 0
    require_current(engine)
    engine.dispose()


def test_a_missing_database_is_reported_clearly():
    with pytest.raises(UsageError, match="cannot be opened"):
        require_current(open_engine("postgresql://nobody@127.0.0.1:1/none"))


@pytest.mark.parametrize("words", [["keys", "list", "--lang", "zh"], ["--lang", "zh", "keys", "list"]], ids=" ".join)
def test_the_language_option_may_come_before_or_after_the_command(words, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["riskml-serving", *words, "--db", "riskml.db"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "'riskml.db' 不是数据库地址。\n如用文件，请写作 sqlite:///riskml.db" in capsys.readouterr().err


def test_lists_are_printed_in_the_language_of_the_reader(run, monkeypatch):
    run("keys", "create", "county office")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert run("keys", "list").stdout.split("\t")[1::3] == ["全部地区", "有效"]

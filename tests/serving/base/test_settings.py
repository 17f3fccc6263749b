"""Settings come from the environment, a file or a default, and all of them are documented."""

from __future__ import annotations

import datetime as dt
import inspect
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml_serving.base.database import open_engine
from riskml_serving.base.settings import FILE_VARIABLE, PREFIX, SECRETS, Settings, _find_released_bundle
from riskml_serving.base.settings_page import render_settings
from riskml_serving.commands import cli

PAGE = Path(__file__).parents[3] / "docs" / "serving" / "settings.md"


@pytest.fixture(autouse=True)
def _default_keys(monkeypatch):
    monkeypatch.delenv(PREFIX + "TRUSTED_KEYS")  # set for all services in the tests


def test_every_setting_is_documented(golden):
    golden(PAGE, render_settings())
    assert all(field.description for field in Settings.model_fields.values())


def test_arguments_override_the_environment_which_overrides_the_file(tmp_path, monkeypatch):
    file = tmp_path / "service.toml"
    file.write_text('port = 9001\nhost = "0.0.0.0"\nrescore_at_once = 7\ntoday = 2024-12-31\n', encoding="utf-8-sig")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    monkeypatch.setenv(PREFIX + "PORT", "9002")
    settings = Settings(host="::1")
    assert (settings.host, settings.port, settings.rescore_at_once) == ("::1", 9002, 7)
    assert settings.today == dt.date(2024, 12, 31)


def test_the_newest_released_bundle_is_the_one_with_the_highest_number(tmp_path, monkeypatch):
    for name in ("county-2", "county-10", "county-9", "county-11"):
        (tmp_path / "models" / name).mkdir(parents=True)
        if name != "county-11":  # an incomplete copy
            (tmp_path / "models" / name / "manifest.json").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("riskml_serving.base.settings._find_released_bundle", _find_released_bundle.__wrapped__)
    assert Settings().bundle_folder == tmp_path / "models" / "county-10"


def test_an_unknown_setting_is_rejected(tmp_path, monkeypatch):
    file = tmp_path / "service.toml"
    file.write_text("prot = 9001\n")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    with pytest.raises(UsageError, match="no setting prot") as error:
        Settings()
    assert "'port'" in error.value.hint


def list_bad_values(schema):
    """List texts that a setting must refuse; one that takes any text, or any path, has none."""
    own = schema.get("anyOf", [schema])[0]
    if own["type"] in ("integer", "number"):
        return ["fifty", "-1", "1000000000000", "inf", "nan", ""]
    return ["fifty"] if own["type"] != "string" or own.get("format") == "date" or "enum" in own else []


SCHEMAS = Settings.model_json_schema()["properties"]
BAD = [(name, bad) for name, schema in SCHEMAS.items() for bad in list_bad_values(schema)]


def test_only_settings_that_are_texts_take_any_text():
    free = SCHEMAS.keys() - {name for name, _ in BAD}
    texts = {"host", "database_url", "bundle", "model_store", "policy", "export_folder", "region_names"}
    texts |= {"identity_key", "identity_secret", "audit_key", "audit_checkpoints"}
    assert free - texts == {name for name in free if name.startswith("oidc_")}


@pytest.mark.parametrize(("name", "bad"), BAD)
def test_a_bad_value_is_explained_in_one_line(name, bad, monkeypatch):
    variable = PREFIX + name.upper()
    monkeypatch.setenv(variable, bad)
    with pytest.raises(UsageError) as error:
        Settings()
    message = error.value.message
    assert message.startswith(f"{variable} is {bad!r}; allowed: ")
    chinese = message.read("zh")
    assert chinese.startswith(f"{variable} 的取值 {bad!r} 不符合要求；应为：")
    assert "\n" not in message + chinese + error.value.hint
    assert not re.search("number|list|object|such as", chinese)


def test_every_bad_value_is_named_and_a_secret_is_not_shown(tmp_path, monkeypatch):
    file = tmp_path / "service.toml"
    file.write_text('port = "x"\noidc_client_secret = 20202\n', encoding="utf-8")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    with pytest.raises(UsageError) as error:
        Settings(page_size=0)
    message = str(error.value)
    assert f"port in {file} is 'x'; allowed: a whole number from 0 to 65535." in message
    assert f"oidc_client_secret in {file} is '…'" in message
    assert "--page-size is '0'" in message
    assert "20202" not in message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"port = \n", "第 1 行不符合 TOML 格式"),
        ('host = "县"'.encode("gbk"), "不是 UTF-8 编码。"),
        (None, "文件或文件夹不存在。"),
    ],
    ids=["TOML", "GBK", "absent"],
)
def test_a_settings_file_that_cannot_be_read_is_named(content, reason, tmp_path, monkeypatch):
    file = tmp_path / "service.toml"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    with pytest.raises(
        UsageError, match=rf"The settings file {file}, named by {FILE_VARIABLE}, cannot be read"
    ) as refused:
        Settings()
    assert f"指定的设置文件 {file}：{reason}" in refused.value.text.read("zh")


OPTIONS = {"role": "county", "region": "370112"}
"""Values of the options that some commands require."""


def list_commands():
    """List every command that takes --db, with values for its other arguments."""
    groups = {("",): cli.app, **{(group.name,): group.typer_instance for group in cli.app.registered_groups}}
    for (group,), app in groups.items():
        for command in app.registered_commands:
            parameters = inspect.signature(command.callback).parameters
            if "db" in parameters:
                needed = [p.name for p in parameters.values() if p.default is p.empty]
                options = [word for name in needed if name in OPTIONS for word in (f"--{name}", OPTIONS[name])]
                values = [str(i) for i, name in enumerate(needed) if name not in OPTIONS]
                yield [*filter(None, [group]), command.name or command.callback.__name__, *values, *options]


@pytest.mark.parametrize("words", list(list_commands()), ids=" ".join)
def test_every_command_explains_a_plain_path_as_database(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for word in filter(str.isdigit, words):
        Path(word).touch()  # for commands that take files
    result = CliRunner().invoke(cli.app, [*words, "--db", "county/riskml.db"], input="a sentence of words\n" * 2)
    assert isinstance(result.exception, UsageError), result.output
    assert "'county/riskml.db' is not the address of a database." in result.exception.message
    assert "sqlite:///" in result.exception.hint.read("zh")


@pytest.mark.parametrize("url", ["mysql://u:geheim@h/x", "postgresql//u:geheim@h/x", "sqlite://x.db", "C:\\x.db"])
def test_an_address_of_another_kind_is_explained_without_its_password(url):
    with pytest.raises(UsageError) as error:
        open_engine(url)
    assert "geheim" not in str(error.value)


def test_a_secret_is_read_from_a_file_and_not_passed_on_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(UsageError, match="DATABASE_URL_FILE") as refused:
        Settings()
    assert "TOML" not in str(refused.value)
    (tmp_path / "url").write_text("postgresql://riskml:secret@db/riskml\n")
    assert Settings().database_url == "postgresql://riskml:secret@db/riskml"
    assert not [value for value in Settings().to_environment().values() if "secret" in value]
    assert Settings(database_url="sqlite://").to_environment() == {f"{PREFIX}DATABASE_URL": "sqlite://"}
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", "sqlite:///own.db")
    assert Settings().database_url == "sqlite:///own.db"


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_in_a_file_is_passed_on_in_the_environment(name, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("sqlite:///secret.db\n")
    monkeypatch.setenv(f"{PREFIX}{name.upper()}_FILE", str(tmp_path / "file"))
    assert Settings(port=80).to_environment() == {f"{PREFIX}PORT": "80"}
    assert Settings(**{name: "own"}).to_environment() == {f"{PREFIX}{name.upper()}": "own"}

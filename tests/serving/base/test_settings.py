"""Settings come from the environment, a file or a default, and all of them are documented."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from riskml_serving.base.settings import FILE_VARIABLE, PREFIX, Settings, _find_released_bundle
from riskml_serving.base.settings_page import render_settings

PAGE = Path(__file__).parents[3] / "docs" / "serving" / "settings.md"


def test_every_setting_is_documented(golden):
    golden(PAGE, render_settings())
    assert all(field.description for field in Settings.model_fields.values())


def test_arguments_override_the_environment_which_overrides_the_file(tmp_path, monkeypatch):
    file = tmp_path / "service.toml"
    file.write_text('port = 9001\nhost = "0.0.0.0"\nrescore_at_once = 7\ntoday = 2024-12-31\n')
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
    with pytest.raises(ValidationError, match="prot"):
        Settings()

"""At startup, the service says in one sentence why no model is in service, or why the model's verdicts are withheld."""

from __future__ import annotations

import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskml import tracking
from riskml.model.bundle_files import MANIFEST, SIGNATURE, write_signature
from riskml_serving.judging.model import RULE_LINE_ONLY

LOCALES = {"en": "C", "zh": "zh_CN.UTF-8"}


def sign_with_foreign_key(path):
    write_signature(path, (path / MANIFEST).read_bytes(), Ed25519PrivateKey.generate())


ABSENT = {
    "unsigned": (lambda path: (path / SIGNATURE).unlink(), "is not signed", "没有签名"),
    "signed with a foreign key": (sign_with_foreign_key, "which is not trusted", "不在受信任之列"),
    "altered trees": (lambda path: (path / "trees.txt").write_text("tree"), "trees.txt", "trees.txt"),
    "no bundle": (lambda path: shutil.rmtree(path), "`riskml train`", "riskml train"),
}
"""What is wrong with the offered bundle, and words of the sentence in either language."""


@pytest.fixture
def offered(bundle_path, tmp_path):
    return shutil.copytree(bundle_path, tmp_path / "offered")


@pytest.fixture
def start(make_client, offered, tmp_path, monkeypatch, capsys):
    """Return a function that starts the application with the offered bundle, and returns the lines that it prints."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")

    def begin(lang, source="folder", bundle=offered, **settings):
        monkeypatch.setenv("LC_ALL", LOCALES[lang])
        capsys.readouterr()
        make_client(bundle=bundle, model_source=source, model_store=tmp_path / "store", **settings)
        return [line for line in capsys.readouterr().err.splitlines() if not line.startswith(("{", "20"))]

    return begin


def offer(path, source):
    if source == "registry":
        tracking.set_champion(tracking.log_run(path, {}, {}))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lang", LOCALES)
@pytest.mark.parametrize("source", ["folder", "registry"])
def test_a_model_from_a_simulated_county_is_silent_and_the_first_lines_say_why(start, offered, source, lang):
    offer(offered, source)
    for _ in range(2):  # at the second start, a registry's model comes from the service's own copy
        reason, advice = start(lang, source, simulated=False)
        assert reason == RULE_LINE_ONLY[lang]
        assert "--trial" in advice
    assert start(lang, source, simulated=True) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lang", LOCALES)
@pytest.mark.parametrize("harm", ABSENT)
def test_a_bundle_that_is_refused_or_missing_is_named(start, offered, harm, lang):
    """Whether it was trained on a simulated county does not matter: it is not in service."""
    change, *words = ABSENT[harm]
    change(offered)
    (line,) = start(lang, simulated=False)
    assert words[lang == "zh"] in line
    assert ("。" in line) == (lang == "zh")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lang", LOCALES)
def test_a_champion_that_is_refused_missing_or_out_of_reach_is_named(start, offered, monkeypatch, lang):
    (line,) = start(lang, "registry")
    assert "`riskml release`" in line or lang == "zh"
    assert "riskml release" in line
    (offered / SIGNATURE).unlink()
    offer(offered, "registry")
    (line,) = start(lang, "registry")
    assert ABSENT["unsigned"][1 + (lang == "zh")] in line
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (line,) = start(lang, "registry")
    assert "127.0.0.1:9" in line


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_refused_bundle_and_the_silent_model_that_stays_in_service_are_both_named(start, offered, tmp_path):
    start("en", simulated=False)
    bad = shutil.copytree(offered, tmp_path / "bad")
    (bad / SIGNATURE).unlink()
    refused, reason, advice = start("en", bundle=bad, simulated=False)
    assert "is not signed" in refused
    assert reason == RULE_LINE_ONLY["en"]
    assert "--trial" in advice


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_the_first_of_several_workers_prints_the_reason(start, monkeypatch):
    for number, lines in ((1, 2), (2, 0)):
        monkeypatch.setattr("multiprocessing.process._current_process._name", f"SpawnProcess-{number}")
        assert len(start("en", simulated=False)) == lines

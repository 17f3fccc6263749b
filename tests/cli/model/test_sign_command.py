"""``riskml keys create``, ``riskml sign`` and ``riskml release --key``: who vouches for a bundle, up to MLflow."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from riskml import tracking
from riskml.model import Bundle
from riskml.model.bundle_files import SIGNATURE

Run = Callable[..., Any]


@pytest.fixture
def unsigned(bundle_path: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(bundle_path, tmp_path / "unsigned"))
    (copy / SIGNATURE).unlink()
    return copy


@pytest.fixture
def key(riskml: Run, tmp_path: Path) -> Path:
    assert riskml("keys", "create", tmp_path / "county.key").code == 0
    return tmp_path / "county.key"


def read_public(riskml: Run, tmp_path: Path) -> str:
    return str(riskml("keys", "create", tmp_path / "another.key").out.split()[-1])


def test_a_bundle_is_signed_with_the_key_that_was_created(riskml: Run, unsigned: Path, tmp_path: Path) -> None:
    public = read_public(riskml, tmp_path)
    assert stat.S_IMODE((tmp_path / "another.key").stat().st_mode) == 0o600
    ran = riskml("sign", unsigned, "--key", tmp_path / "another.key")
    assert (ran.code, public in ran.out) == (0, True)
    assert Bundle.load(unsigned, [public]).signer == public


def test_a_key_is_never_overwritten(riskml: Run, key: Path) -> None:
    before = key.read_bytes()
    assert "exists" in riskml("keys", "create", key).err
    assert key.read_bytes() == before


def test_the_public_key_cannot_sign(riskml: Run, unsigned: Path, key: Path) -> None:
    ran = riskml("sign", unsigned, "--key", f"{key}.pub")
    assert (ran.code, "FILE.pub" in ran.err) == (1, True)
    assert not (unsigned / SIGNATURE).exists()


def test_a_bundle_that_was_altered_is_not_signed(riskml: Run, unsigned: Path, key: Path) -> None:
    (unsigned / "trees.txt").write_text("altered")
    assert "was altered" in riskml("sign", unsigned, "--key", key).err
    assert not (unsigned / SIGNATURE).exists()


def test_commands_take_an_unsigned_bundle_with_a_notice_and_a_signed_one_without(
    riskml: Run, unsigned: Path, bundle_path: Path, county: Path, tmp_path: Path
) -> None:
    at = ("--as-of", "2022-12-31")
    for words in (
        ("score", "BUNDLE", county, *at, "--out", tmp_path / "s.parquet"),
        ("explain", "BUNDLE", county, "H0000000", *at),
        ("report", "BUNDLE", "--out", tmp_path / "r.html"),
        ("compare", "BUNDLE", "BUNDLE"),
    ):
        for bundle, notices in ((unsigned, True), (bundle_path, False)):
            ran = riskml(*(bundle if word == "BUNDLE" else word for word in words))
            assert (ran.code, "is not signed" in ran.err) == (0, notices), words[0]
            assert "is not signed" not in ran.out


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every release pass its checks, because a small county may fail one."""
    monkeypatch.setattr("riskml.evaluation.checks.run.require_release", lambda _: None)


@pytest.mark.usefixtures("passing")
@pytest.mark.parametrize("registered", ["beforehand", "with files that are gone", "with another card", "not yet"])
def test_release_signs_what_becomes_champion(
    riskml: Run, unsigned: Path, trained: Bundle, tmp_path: Path, registered: str
) -> None:
    public = read_public(riskml, tmp_path)
    if registered != "not yet":
        other = trained.with_report(trained.report, lambda _: "another card").save(tmp_path / "other")
        folder = other if registered == "with another card" else unsigned
        tracking.log_run(folder, {}, {}, {"model_version": trained.model_version})
    if registered == "with files that are gone":
        shutil.rmtree(tmp_path / "mlartifacts")
    ran = riskml("release", unsigned, "--key", tmp_path / "another.key")
    assert (ran.code, "is not signed" in ran.err) == (0, False), ran.err
    champion = tracking.fetch_champion()
    assert champion is not None
    assert Bundle.load(champion.path, [public]).model_version == trained.model_version
    assert Bundle.load(unsigned, [public])


@pytest.mark.usefixtures("passing")
def test_a_registered_version_and_a_bundle_signed_earlier_are_released_with_their_signature(
    riskml: Run, unsigned: Path, trained: Bundle, key: Path, tmp_path: Path
) -> None:
    public = read_public(riskml, tmp_path)
    version = tracking.log_run(unsigned, {}, {}, {"model_version": trained.model_version})
    assert "is not signed" in riskml("release", "--version", version).err
    assert riskml("release", "--version", version, "--key", tmp_path / "another.key").code == 0
    assert Bundle.load(tracking.download(version), [public])
    riskml("sign", unsigned, "--key", key)
    assert "is not signed" not in riskml("release", unsigned).err
    champion = tracking.fetch_champion()
    assert champion is not None
    assert Bundle.load(champion.path).signer == Bundle.load(unsigned).signer != public

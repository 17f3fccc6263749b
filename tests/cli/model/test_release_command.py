"""``riskml release``: it makes a bundle the champion, or names the check that failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from riskml.model import Bundle

Run = Callable[..., Any]


def test_release_changes_the_champion_or_names_the_failed_check(
    riskml: Run, bundle_path: Path, trained: Bundle, tmp_path: Path
) -> None:
    from riskml import tracking

    ran = riskml("release", bundle_path)
    failed = {line.split()[0] for line in ran.out.splitlines() if " failed " in line}
    if failed:
        assert ran.code == 1
        assert all(code in ran.err for code in failed)
        assert tracking.fetch_champion() is None
    else:
        assert ran.code == 0
        champion = tracking.fetch_champion()
        assert champion is not None
        assert Bundle.load(champion.path).model_version == trained.model_version


def test_release_accepts_a_bundle_or_a_version_but_not_both(riskml: Run, bundle_path: Path) -> None:
    ran = riskml("release", bundle_path, "--version", 3)
    assert ran.code == 1
    assert "either a bundle or a registered --version" in ran.err

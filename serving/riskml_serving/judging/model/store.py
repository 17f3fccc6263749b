"""Copies of the releases that were served, so that a roll-back needs neither their folder nor the registry."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from riskml.model import Bundle

__all__ = ["KEPT", "folder_of", "keep"]

KEPT = 5
"""Releases of which a copy is kept."""

HALF = 3600
"""Seconds after which a copy under its working name was left behind by a worker that was killed."""


def folder_of(store: Path, version: str) -> Path:
    """Folder of a release's copy."""
    return store.absolute() / version


def keep(store: Path, bundle: Bundle) -> None:
    """Copy a verified bundle in one step, and drop what was copied longest ago, half copies and the downloads.

    Raises
    ------
    BundleError, OSError
        If it cannot be written.
    """
    folder = folder_of(store, bundle.model_version)
    if folder.is_dir():
        folder.touch()
    else:
        bundle.save(folder)
    copies = [path for path in store.absolute().glob("riskml-*") if path.is_dir()]
    for old in sorted(copies, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    for half in store.absolute().glob(".riskml-*"):
        if time.time() - half.stat().st_mtime > HALF:
            shutil.rmtree(half, ignore_errors=True)
    shutil.rmtree(store.absolute() / "downloads", ignore_errors=True)

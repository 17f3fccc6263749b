"""Keeps copies of the releases that were in service, so that a rollback needs no bundle folder and no registry."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from riskml.model import Bundle
from riskml.model.bundle_files import SIGNATURE

KEPT = 5
"""Number of releases to keep copies of."""

ABANDONED_AFTER = 3600
"""Age in seconds from which an unfinished copy is assumed to be left over from a killed worker."""


def find_copy(store: Path, version: str) -> Path:
    """Return the folder for a release's copy."""
    return store.absolute() / version


def save_copy(store: Path, bundle: Bundle) -> None:
    """Copy a verified bundle atomically; delete the oldest copies, abandoned copies and the downloads.

    Raises
    ------
    BundleError, OSError
        If the copy cannot be written.
    """
    folder = find_copy(store, bundle.model_version)
    signature = folder / SIGNATURE
    if folder.is_dir() and (signature.read_bytes() if signature.exists() else None) == bundle.files.get(SIGNATURE):
        folder.touch()
    else:
        bundle.save(folder)
    copies = [path for path in store.absolute().glob("riskml-*") if path.is_dir()]
    for old in sorted(copies, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    for half in store.absolute().glob(".riskml-*"):
        if time.time() - half.stat().st_mtime > ABANDONED_AFTER:
            shutil.rmtree(half, ignore_errors=True)
    shutil.rmtree(store.absolute() / "downloads", ignore_errors=True)

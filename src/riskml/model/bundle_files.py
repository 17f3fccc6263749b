"""Read and write a bundle as a folder, which is moved into place in one step and rejected if any byte has changed."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from riskml.errors import BundleError

__all__ = [
    "CARD",
    "MANIFEST",
    "SEAL",
    "decode_json",
    "encode_json",
    "hash_sha256",
    "read_folder",
    "to_plain",
    "write_folder",
]

MANIFEST, SEAL = "manifest.json", "manifest.sha256"
REQUIRED = ("trees.txt", "linear.json", "blend.json", "baselines.json", "evaluation.json", "golden.json")
CARD = "model_card.md"
OPTIONAL = ("reference.json", "report.json", CARD)
AGAIN = "Copy the bundle again from where it was made, or train it again."


def hash_sha256(content: bytes) -> str:
    """Return the SHA-256 hash of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def to_plain(value: Any) -> Any:
    """Convert NumPy values to JSON values; a number that is not finite becomes null.

    >>> to_plain({"auc": np.float64("nan"), "n": np.int64(3), 2.5: (True,)})
    {'auc': None, 'n': 3, '2.5': [True]}
    """
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def encode_json(value: Any) -> bytes:
    """Encode a value as JSON with sorted keys; floats are written exactly."""
    text = json.dumps(to_plain(value), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def decode_json(files: Mapping[str, bytes], name: str) -> Any:
    """Decode one file of the bundle.

    Raises
    ------
    BundleError
        If the file is not JSON.
    """
    try:
        return json.loads(files[name])
    except ValueError as error:
        raise BundleError(f"{name} of the bundle is not valid JSON: {error}.", AGAIN) from error


def read_folder(path: Path) -> dict[str, bytes]:
    """Read a bundle's files and verify every hash.

    Returns
    -------
    dict of str to bytes
        Content by file name, including the manifest.

    Raises
    ------
    BundleError
        If a file is missing, unexpected, unreadable or altered; the message names it.
    """
    if not path.is_dir():
        raise BundleError(f"There is no model bundle at {path}.", "Check the path; `riskml train` writes a bundle.")
    names = {entry.name for entry in path.iterdir()}
    for name in (MANIFEST, SEAL):
        if name not in names:
            raise BundleError(f"{path} is not a complete bundle: {name} is missing.", AGAIN)
    files = {name: _read_file(path / name) for name in (MANIFEST, SEAL)}
    if files[SEAL] != make_seal(files[MANIFEST]):
        raise BundleError(f"{MANIFEST} and {SEAL} in {path} do not belong together: one of them was altered.", AGAIN)
    hashes = _read_hashes(files)
    if missing := sorted(set(hashes) - names):
        raise BundleError(f"{path} lacks {len(missing)} file(s) of the bundle: {', '.join(missing)}.", AGAIN)
    if extra := sorted(names - set(hashes) - {MANIFEST, SEAL}):
        raise BundleError(
            f"{path} holds {len(extra)} file(s) that are not in its manifest: {', '.join(extra)}.",
            "Move them elsewhere: a bundle folder holds only the bundle.",
        )
    for name, expected in hashes.items():
        files[name] = _read_file(path / name)
        if hash_sha256(files[name]) != expected:
            raise BundleError(f"{name} in {path} was altered: its SHA-256 is not the one in {MANIFEST}.", AGAIN)
    return files


def make_seal(manifest: bytes) -> bytes:
    """Make the file that seals the manifest, in the format of ``sha256sum --check``."""
    return f"{hash_sha256(manifest)}  {MANIFEST}\n".encode()


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path.name} in {path.parent} cannot be read: {error.strerror}.", AGAIN) from error


def _read_hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    manifest = decode_json(files, MANIFEST)
    hashes = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(hashes, dict) or not set(REQUIRED) <= set(hashes) <= {*REQUIRED, *OPTIONAL}:
        raise BundleError(f"{MANIFEST} does not list the files of a bundle.", AGAIN)
    return {str(name): str(value) for name, value in sorted(hashes.items())}


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a bundle to a temporary folder and move it into place in one step.

    Raises
    ------
    BundleError
        If ``path`` holds something that is not a bundle, or cannot be written.
    """
    path = path.absolute()
    _refuse_other(path)
    new, old = (path.with_name(f".{path.name}.{os.getpid()}.{word}") for word in ("new", "old"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for name, content in sorted(files.items()):
            (new / name).write_bytes(content)
        if path.exists():
            path.rename(old)
        new.rename(path)
    except OSError as error:
        raise BundleError(f"The bundle cannot be written to {path}: {error.strerror}.", "Check the folder.") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _refuse_other(path: Path) -> None:
    hint = "Choose another folder for the bundle."
    if path.exists() and not path.is_dir():
        raise BundleError(f"{path} is a file; a bundle is a folder.", hint)
    names = {entry.name for entry in path.iterdir()} if path.is_dir() else set()
    if names and (MANIFEST not in names or names - {MANIFEST, SEAL, *REQUIRED, *OPTIONAL}):
        raise BundleError(f"{path} holds files that are not part of a bundle and will not be overwritten.", hint)

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

from riskml.errors import BundleError, explain_os_error
from riskml.text import Joined

__all__ = [
    "CARD",
    "MANIFEST",
    "SEAL",
    "decode_json",
    "encode_json",
    "hash_sha256",
    "read_folder",
    "refuse_other",
    "to_plain",
    "write_folder",
]

MANIFEST, SEAL = "manifest.json", "manifest.sha256"
REQUIRED = ("trees.txt", "linear.json", "blend.json", "baselines.json", "evaluation.json", "golden.json")
CARD = "model_card.md"
OPTIONAL = ("reference.json", "report.json", CARD)
RESTORE_HINT = "Copy the bundle again from where it was made, or train it again."


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
        raise BundleError(
            "{name} of the bundle is not valid JSON: {reason}.", RESTORE_HINT, name=name, reason=error
        ) from error


def read_folder(path: Path) -> dict[str, bytes]:
    """Read a bundle's files and verify every hash.

    Returns
    -------
    dict of str to bytes
        Content by file name, including the manifest and its seal.

    Raises
    ------
    BundleError
        If a file is missing, unexpected, unreadable or altered; the message names it.
    """
    if not path.is_dir():
        raise BundleError(
            "There is no model bundle at {path}.", "Check the path; `riskml train` writes a bundle.", path=path
        )
    names = {entry.name for entry in path.iterdir()}
    for name in (MANIFEST, SEAL):
        if name not in names:
            raise BundleError("{path} is not a complete bundle: {name} is missing.", RESTORE_HINT, path=path, name=name)
    files = {name: _read_file(path / name) for name in (MANIFEST, SEAL)}
    if files[SEAL] != make_seal(files[MANIFEST]):
        raise BundleError(
            "{manifest} and {seal} in {path} do not belong together: one of them was altered.",
            RESTORE_HINT,
            manifest=MANIFEST,
            seal=SEAL,
            path=path,
        )
    hashes = _read_hashes(files)
    if missing := sorted(set(hashes) - names):
        raise BundleError(
            "{path} lacks {count} file(s) of the bundle: {missing}.",
            RESTORE_HINT,
            path=path,
            count=len(missing),
            missing=Joined(missing),
        )
    if extra := sorted(names - set(hashes) - {MANIFEST, SEAL}):
        raise BundleError(
            "{path} holds {count} file(s) that are not in its manifest: {extra}.",
            "Move them elsewhere: a bundle folder holds only the bundle.",
            path=path,
            count=len(extra),
            extra=Joined(extra),
        )
    for name, expected in hashes.items():
        files[name] = _read_file(path / name)
        if hash_sha256(files[name]) != expected:
            raise BundleError(
                "{name} in {path} was altered: its SHA-256 is not the one in {manifest}.",
                RESTORE_HINT,
                name=name,
                path=path,
                manifest=MANIFEST,
            )
    return files


def make_seal(manifest: bytes) -> bytes:
    """Make the file that seals the manifest, in the format of ``sha256sum --check``."""
    return f"{hash_sha256(manifest)}  {MANIFEST}\n".encode()


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            "{name} in {folder} cannot be read: {reason}.",
            RESTORE_HINT,
            name=path.name,
            folder=path.parent,
            reason=explain_os_error(error),
        ) from error


def _read_hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    manifest = decode_json(files, MANIFEST)
    hashes = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(hashes, dict) or not set(REQUIRED) <= set(hashes) <= {*REQUIRED, *OPTIONAL}:
        raise BundleError("{manifest} does not list the files of a bundle.", RESTORE_HINT, manifest=MANIFEST)
    return {str(name): str(value) for name, value in sorted(hashes.items())}


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a bundle to a temporary folder and move it into place in one step.

    Raises
    ------
    BundleError
        If ``path`` holds something that is not a bundle, or cannot be written.
    """
    path = path.absolute()
    refuse_other(path)
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
        reason = explain_os_error(error)
        raise BundleError(
            "{path} cannot be written: {reason}.", "Choose another folder for the bundle.", path=path, reason=reason
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def refuse_other(path: Path) -> None:
    """Refuse to write a bundle to a path that holds something else.

    Raises
    ------
    BundleError
    """
    hint = "Choose another folder for the bundle."
    if path.exists() and not path.is_dir():
        raise BundleError("{path} is a file; a bundle is a folder.", hint, path=path)
    names = {entry.name for entry in path.iterdir()} if path.is_dir() else set()
    if names and (MANIFEST not in names or names - {MANIFEST, SEAL, *REQUIRED, *OPTIONAL}):
        raise BundleError(
            "{path} holds files that are not part of a bundle and will not be overwritten.", hint, path=path
        )

"""Read, write and sign a bundle as a folder: moved into place in one step, rejected if any byte has changed."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskml.errors import BundleError, explaining
from riskml.keys import format_key
from riskml.text import Joined

MANIFEST, SEAL, SIGNATURE = "manifest.json", "manifest.sha256", "manifest.sig"
REQUIRED = ("trees.txt", "linear.json", "blend.json", "baselines.json", "evaluation.json", "golden.json")
CARD = "model_card.md"
OPTIONAL = ("reference.json", "report.json", CARD)
RESTORE_HINT = "Copy the bundle again from where it was made, or train it again."
_PURPOSE = b"riskml bundle\n"
"""Signed with the manifest, so that nothing else that a key has signed counts as the signature of a bundle."""


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


def read_folder(path: Path, trusted: Collection[str] | None = None) -> dict[str, bytes]:
    """Read a bundle's files and verify every hash; see :func:`read_manifest` for ``trusted``.

    Returns
    -------
    dict of str to bytes
        Content by file name, including the manifest, its seal and its signature.

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
    files = read_manifest(path, trusted)
    hashes = _read_hashes(files)
    if missing := sorted(set(hashes) - names):
        raise BundleError(
            "{path} lacks {count} file(s) of the bundle: {missing}.",
            RESTORE_HINT,
            path=path,
            count=len(missing),
            missing=Joined(missing),
        )
    if extra := sorted(names - set(hashes) - set(files)):
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


def read_manifest(path: Path, trusted: Collection[str] | None = None) -> dict[str, bytes]:
    """Read the manifest, its seal and, if there is one, its signature.

    Parameters
    ----------
    path : Path
        Folder of the bundle.
    trusted : collection of str, optional
        Public keys, one of which must have signed; by default, any key may have, or none.

    Raises
    ------
    BundleError
        If one of these files is missing, unreadable or altered, or no trusted key signed.
    """
    for name in (MANIFEST, SEAL):
        if not (path / name).exists():
            raise BundleError("{path} is not a complete bundle: {name} is missing.", RESTORE_HINT, path=path, name=name)
    names = [name for name in (MANIFEST, SEAL, SIGNATURE) if (path / name).exists()]
    files = {name: _read_file(path / name) for name in names}
    signer = read_signer(files)
    for other, proves in ((SEAL, files[SEAL] == make_seal(files[MANIFEST])), (SIGNATURE, signer != "")):
        if not proves:
            raise BundleError(
                "{manifest} and {seal} in {path} do not belong together: one of them was altered.",
                RESTORE_HINT,
                manifest=MANIFEST,
                seal=other,
                path=path,
            )
    if trusted is None or signer in trusted:
        return files
    if signer is None:
        raise BundleError(
            "The bundle {path} is not signed: nothing shows who made it.",
            "If you know where it comes from, sign it with `riskml sign {path} --key FILE`, and add the key to the"
            " setting trusted_keys (RISKML_SERVING_TRUSTED_KEYS).",
            path=path,
        )
    raise BundleError(
        "The bundle {path} was signed with the key {key}, which is not trusted.",
        "If you know whose key it is, add it to the setting trusted_keys (RISKML_SERVING_TRUSTED_KEYS); otherwise, do"
        " not use the bundle.",
        path=path,
        key=signer,
    )


def read_signer(files: Mapping[str, bytes]) -> str | None:
    """Return the public key that signed the manifest; None if none did, and "" if the signature is wrong."""
    try:
        key, signature = (bytes.fromhex(text) for text in files[SIGNATURE].decode("ascii").split())
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _PURPOSE + files[MANIFEST])
    except KeyError:
        return None
    except (ValueError, InvalidSignature):
        return ""
    return key.hex()


def write_signature(path: Path, manifest: bytes, key: Ed25519PrivateKey) -> str:
    """Sign a manifest that was verified, beside it in the bundle's folder; return the public key.

    Raises
    ------
    BundleError
        If the signature cannot be written.
    """
    public, file = format_key(key.public_key()), path / SIGNATURE
    with explaining("{path} cannot be written: {reason}.", "Sign a copy of the bundle.", BundleError, path=file):
        file.write_text(f"{public} {key.sign(_PURPOSE + manifest).hex()}\n", "ascii")
    return public


def make_seal(manifest: bytes) -> bytes:
    """Make the file that seals the manifest, in the format of ``sha256sum --check``."""
    return f"{hash_sha256(manifest)}  {MANIFEST}\n".encode()


def _read_file(path: Path) -> bytes:
    message, folder = "{name} in {folder} cannot be read: {reason}.", path.parent
    with explaining(message, RESTORE_HINT, BundleError, name=path.name, folder=folder):
        return path.read_bytes()


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
    hint = "Choose another folder for the bundle."
    try:
        with explaining("{path} cannot be written: {reason}.", hint, BundleError, path=path):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            for name, content in sorted(files.items()):
                (new / name).write_bytes(content)
            if path.exists():
                path.rename(old)
            new.rename(path)
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
    if names and (MANIFEST not in names or names - {MANIFEST, SEAL, SIGNATURE, *REQUIRED, *OPTIONAL}):
        raise BundleError(
            "{path} holds files that are not part of a bundle and will not be overwritten.", hint, path=path
        )

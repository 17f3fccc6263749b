"""Files that only their owner may read, and pairs of keys (Ed25519): the private one signs, the public one verifies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskml.errors import UsageError, explaining


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; an existing file is replaced in one step."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.replace(path)


def create_keys(path: Path) -> Path:
    """Create a pair of keys: the private one in ``path``, which only its owner may read; return the public one's file.

    Raises
    ------
    UsageError
        If there is a file already, or none can be written.
    """
    public = path.with_name(path.name + ".pub")
    for file in (path, public):
        if file.exists():
            raise UsageError(
                "{path} exists.", "Name another file: what a key signed is verified with that key only.", path=file
            )
    key = Ed25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    with explaining("{path} cannot be written: {reason}.", "Name a file in a folder that you may write to.", path=path):
        write_private(path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        public.write_bytes(
            key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
    return public


def format_key(key: Ed25519PublicKey) -> str:
    """Return a public key as 64 hexadecimal digits."""
    return key.public_bytes_raw().hex()


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Load a private key that :func:`create_keys` wrote.

    Raises
    ------
    UsageError
    """
    key: Ed25519PrivateKey = _load(
        path, lambda content: serialization.load_pem_private_key(content, None), Ed25519PrivateKey
    )
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Load a public key; see :func:`load_private_key`."""
    key: Ed25519PublicKey = _load(path, serialization.load_pem_public_key, Ed25519PublicKey)
    return key


def _load(path: Path, load: Callable[[bytes], Any], kind: type[Any]) -> Any:
    hint = "`riskml keys create FILE` writes FILE and, to verify with, FILE.pub."
    with explaining("The key {path} cannot be read: {reason}.", hint, otherwise="no key in PEM form", path=path):
        key = load(path.read_bytes())
    if not isinstance(key, kind):
        raise UsageError("{path} holds another kind of key.", "Sign with FILE and verify with FILE.pub.", path=path)
    return key

"""Identity keys: they encrypt what identifies persons and hash what persons are searched by."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from riskml.errors import UsageError, explaining
from riskml.keys import write_private
from riskml_serving.base.settings import Settings

_BYTES, _NONCE, _ID, _HASH = 32, 12, 4, 16


class LostKeyError(UsageError):
    """Something encrypted cannot be read, because its key is missing or it was altered."""


class NoKeyError(UsageError):
    """The settings name no identity key, although names have to be read or kept."""

    @classmethod
    def not_set(cls) -> NoKeyError:
        """Build the error for settings without an identity key."""
        return cls(
            "There is no identity key.",
            "Set identity_key to the file that `riskml-serving keys create-identity` wrote.",
        )


class IdentityKeys:
    """The identity keys of a service: the first one encrypts, all of them decrypt.

    Parameters
    ----------
    keys : sequence of bytes
        Keys of 32 bytes, at least one.

    Notes
    -----
    Each key yields three values by HKDF-SHA256: an id that is not secret, a key for AES-256-GCM, and a key for
    HMAC-SHA256. What is encrypted begins with the id, so that it states which key opens it.

    Examples
    --------
    Content is bound to its location and cannot be moved to another one:

    >>> keys = IdentityKeys([bytes(32)])
    >>> encrypted = keys.encrypt("李水".encode(), "persons", "p1", "name")
    >>> keys.decrypt(encrypted, "persons", "p1", "name").decode()
    '李水'
    >>> keys.decrypt(encrypted, "persons", "p2", "name")
    Traceback (most recent call last):
    ...
    riskml_serving.register.keys.LostKeyError: Encrypted data cannot be read: it was altered. Restore a backup.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_derive(key, "id", _ID): AESGCM(_derive(key, "encryption", _BYTES)) for key in keys}
        self._hash_keys = [_derive(key, "hashes", _BYTES) for key in keys]
        self._current = _derive(keys[0], "id", _ID)

    @property
    def current(self) -> str:
        """Id of the key that encrypts."""
        return self._current.hex()

    @property
    def ids(self) -> list[str]:
        """Ids of all keys."""
        return [key_id.hex() for key_id in self._ciphers]

    def encrypt(self, content: bytes, *location: str) -> bytes:
        """Encrypt content for its location, such as table, row and column."""
        nonce = secrets.token_bytes(_NONCE)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, content, _join(location))

    def decrypt(self, encrypted: bytes, *location: str) -> bytes:
        """Decrypt what `encrypt` returned for this location.

        Raises
        ------
        LostKeyError
            If the key is not among these, or the content was altered or belongs to another location.
        """
        key_id, nonce, content = encrypted[:_ID], encrypted[_ID : _ID + _NONCE], encrypted[_ID + _NONCE :]
        if key_id not in self._ciphers:
            raise LostKeyError(
                "Encrypted data cannot be read: identity key {key_id} is missing.",
                "Add that key to the file that identity_key names: `riskml-serving keys create-identity` wrote it, and"
                " your backup has it.",
                key_id=key_id.hex(),
            )
        try:
            return self._ciphers[key_id].decrypt(nonce, content, _join(location))
        except (InvalidTag, ValueError):
            raise LostKeyError("Encrypted data cannot be read: it was altered.", "Restore a backup.") from None

    def hash_text(self, text: str, use: str) -> str:
        """Hash a text for a use with the first key; without the key, nobody can compute or try out the hash."""
        return _hash(self._hash_keys[0], text, use)

    def list_hashes(self, text: str, use: str) -> list[str]:
        """List the hashes of a text with every key, to search rows that another key has hashed."""
        return [_hash(key, text, use) for key in self._hash_keys]


def _derive(key: bytes, use: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=f"riskml identity {use}".encode()).derive(key)


def _hash(key: bytes, text: str, use: str) -> str:
    return hmac.digest(key, _join((use, text)), "sha256")[:_HASH].hex()


def _join(parts: Sequence[str]) -> bytes:
    return "\0".join(parts).encode("utf-8", "surrogatepass")


def read_keys(settings: Settings) -> IdentityKeys | None:
    """Read the identity keys that the settings name; return None if they name none.

    Raises
    ------
    UsageError
        If the file cannot be read, or holds anything but keys. The message never contains the key.
    """
    if settings.identity_secret is not None:
        return _parse(settings.identity_secret.get_secret_value(), "identity_secret")
    return None if settings.identity_key is None else _parse(_read(settings.identity_key), str(settings.identity_key))


def require_keys(settings: Settings) -> IdentityKeys:
    """Read the identity keys that the settings name.

    Raises
    ------
    NoKeyError
        If the settings name none.
    UsageError
        If the file cannot be read, or holds anything but keys.
    """
    keys = read_keys(settings)
    if keys is None:
        raise NoKeyError.not_set()
    return keys


def add_key(path: Path) -> IdentityKeys:
    """Write a new key to a file that only its owner may read; keys already in the file stay, after the new one.

    Raises
    ------
    UsageError
        If the file cannot be read or written, or holds anything but keys.
    """
    before = ""
    if path.exists():
        before = _read(path)
        _parse(before, str(path))
    text = f"{secrets.token_hex(_BYTES)}\n{before}"
    hint = "Name a file in a folder that you may write to, outside the database and its backups."
    with explaining("{path} cannot be written: {reason}.", hint, path=path):
        write_private(path, text.encode())
    return _parse(text, str(path))


def _read(path: Path) -> str:
    message = "The identity key {path} cannot be read: {reason}."
    hint = "Restore the key file from its backup; without its key, no name can be shown again."
    with explaining(message, hint, otherwise="it is not UTF-8 text", path=path):
        return path.read_text("utf-8-sig")


def _parse(text: str, source: str) -> IdentityKeys:
    """Parse keys of 64 hexadecimal digits, one on each line.

    >>> _parse("00" * 32, "f").ids
    ['b94c20e2']
    >>> _parse("secret", "f")
    Traceback (most recent call last):
    ...
    riskml.errors.UsageError: f holds no valid identity key in line 1. A key is a line of 64 hexadecimal digits: \
`riskml-serving keys create-identity FILE` writes one.
    """
    lines = text.split("\n")
    keys = []
    for number, line in enumerate(lines, 1):
        try:
            key = bytes.fromhex(line)
        except ValueError:
            key = b"?"
        if key:
            keys.append(key)
        if len(key) not in (0, _BYTES) or (not keys and number == len(lines)):
            raise UsageError(
                "{source} holds no valid identity key in line {line}.",
                "A key is a line of 64 hexadecimal digits: `riskml-serving keys create-identity FILE` writes one.",
                source=source,
                line=number,
            )
    return IdentityKeys(keys)

"""Encrypted key files, which say to whom the codes of persons, households and villages belong."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from riskml.errors import UsageError, explain_os_error
from riskml.keys import write_private

SECRET_VARIABLE = "RISKML_LISTS_SECRET"  # noqa: S105 - the name of a variable
"""Environment variable that names the file with the secret of encrypted key files."""

_NONCE = 12
_MARK = b"riskml key file 1\n"


def find_secret() -> Path:
    """Return the file with the secret: as the variable says, or ``lists.secret`` in the user's settings."""
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Path(os.environ.get(SECRET_VARIABLE) or configuration / "riskml" / "lists.secret")


def write_key_file(path: Path, texts: dict[str, str]) -> None:
    """Encrypt named texts into a file that only its owner may read; the secret is created if there is none."""
    secret = find_secret()
    if not secret.exists():
        secret.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(secret, secrets.token_hex(32).encode())
    nonce = secrets.token_bytes(_NONCE)
    content = json.dumps(texts, ensure_ascii=False).encode()
    write_private(path, _MARK + nonce + _open_cipher(secret).encrypt(nonce, content, _MARK))


def read_key_file(path: Path) -> dict[str, str]:
    """Decrypt a file written by `write_key_file`.

    Raises
    ------
    UsageError
        If the file or its secret is missing, or the file was altered or written with another secret.
    """
    secret = find_secret()
    try:
        content = path.read_bytes().removeprefix(_MARK)
        plain = _open_cipher(secret).decrypt(content[:_NONCE], content[_NONCE:], _MARK)
    except OSError as error:
        raise UsageError(
            "{path} cannot be read: {reason}.",
            "The key file is encrypted; {variable} names the file with its secret.",
            path=error.filename,
            reason=explain_os_error(error),
            variable=SECRET_VARIABLE,
        ) from error
    except (InvalidTag, ValueError) as error:
        raise UsageError(
            "{path} cannot be decrypted with the secret in {secret}.",
            "Use the secret with which it was written ({variable} names its file), or move the key file away to start"
            " with new codes.",
            path=path,
            secret=secret,
            variable=SECRET_VARIABLE,
        ) from error
    texts: dict[str, str] = json.loads(plain)
    return texts


def _open_cipher(secret: Path) -> AESGCM:
    return AESGCM(bytes.fromhex(secret.read_text("ascii").strip()))

"""Encrypts numbers in answers: the gaps between plain numbers would count what happens in other regions."""

from __future__ import annotations

import base64
import binascii
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from sqlalchemy import Connection

from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.people.audit.pseudonyms import read_key

__all__ = ["BEGINNING", "CHANGE", "VERIFICATION", "decrypt_cursor", "encrypt_cursor"]

BEGINNING = "0"
"""Cursor before the first number."""

CHANGE, VERIFICATION = b"change", b"verified"
"""What a number counts; a number of the other kind is refused."""

BLOCK = struct.Struct(">8sQ")


def encrypt_cursor(connection: Connection, kind: bytes, number: int) -> str:
    """Encrypt a number: only this service can read it, and nobody can tell which of two is larger.

    One block of AES is a permutation of 16 bytes: half of them say the kind, so that no other text passes for a cursor.
    """
    cipher = _make_cipher(connection).encryptor()
    return base64.urlsafe_b64encode(cipher.update(BLOCK.pack(kind, number))).decode().rstrip("=")


def decrypt_cursor(connection: Connection, kind: bytes, text: str, name: str) -> int:
    """Decrypt a number.

    Raises
    ------
    Problem
        ``invalid-request`` if the text is neither ``BEGINNING`` nor of :func:`encrypt_cursor` for this kind.
    """
    if text == BEGINNING:
        return 0
    try:
        block = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        marker, number = BLOCK.unpack(_make_cipher(connection).decryptor().update(block))
    except (ValueError, binascii.Error, struct.error):
        marker, number = b"", 0
    if marker.rstrip(b"\0") != kind:
        raise Problem("invalid-request", errors=[FieldError(name, "bad_cursor", "Not a cursor of this list")])
    return int(number)


def _make_cipher(connection: Connection) -> Cipher[ECB]:
    key = hmac.digest(read_key(connection).encode(), b"numbers in answers", "sha256")
    return Cipher(AES(key), ECB())  # noqa: S305 - a single block, each number once: equal numbers are meant to be equal

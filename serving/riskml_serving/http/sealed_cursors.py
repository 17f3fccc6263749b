"""Numbers in answers: encrypted, since the gaps between bare ones would count what happens in other regions."""

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
from riskml_serving.people.audit.pseudonyms import key_of

__all__ = ["BEGINNING", "CHANGE", "VERIFICATION", "hidden", "revealed"]

BEGINNING = "0"
"""Stands before the first number."""

CHANGE, VERIFICATION = b"change", b"verified"
"""What a number counts: one of the other kind is refused."""

BLOCK = struct.Struct(">8sQ")


def hidden(connection: Connection, kind: bytes, number: int) -> str:
    """Write a number so that only this service can read it, and nobody tells which of two is larger.

    One block of AES is a permutation of 16 bytes: half of them say the kind, so that no other text is taken for one.
    """
    cipher = _cipher(connection).encryptor()
    return base64.urlsafe_b64encode(cipher.update(BLOCK.pack(kind, number))).decode().rstrip("=")


def revealed(connection: Connection, kind: bytes, text: str, name: str) -> int:
    """Read a number.

    Raises
    ------
    Problem
        ``invalid-request`` if the text is neither ``BEGINNING`` nor was written by :func:`hidden` for this kind.
    """
    if text == BEGINNING:
        return 0
    try:
        block = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        found, number = BLOCK.unpack(_cipher(connection).decryptor().update(block))
    except (ValueError, binascii.Error, struct.error):
        found, number = b"", 0
    if found.rstrip(b"\0") != kind:
        raise Problem("invalid-request", errors=[FieldError(name, "bad_cursor", "Not a place in this list")])
    return int(number)


def _cipher(connection: Connection) -> Cipher[ECB]:
    key = hmac.digest(key_of(connection).encode(), b"numbers in answers", "sha256")
    return Cipher(AES(key), ECB())  # noqa: S305 - a single block, each number once: equal numbers are meant to be equal

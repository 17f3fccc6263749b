"""Cursors: strings that say where the next page of a list starts.

The numbers of changes and verifications are encrypted, since the gaps between them would reveal how much happens in
other regions. Positions in the ranked list are encrypted too: they contain the figure by which the list is ordered, a
shortfall or a probability, which not every reader may see.
"""

from __future__ import annotations

import base64
import hmac
import json
import struct
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from pydantic import TypeAdapter
from sqlalchemy import Connection

from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.people.audit.pseudonyms import read_key

BEGINNING = "0"
"""Cursor that points before the first change, verification or clue."""

CHANGE, VERIFICATION, CLUE = b"change", b"verified", b"clue"
"""Kinds of cursor, for the numbers of changes, verifications and clues; a cursor of the wrong kind is refused."""

BLOCK = struct.Struct(">8sQ")

Rank = tuple[int, int, float, str]
"""Position in the ranked list: ``order_section``, ``order_signal``, ``order_rank`` and the household's code."""

RANK: TypeAdapter[Rank] = TypeAdapter(Rank)


def encrypt_rank(connection: Connection, rank: Sequence[Any]) -> str:
    """Encrypt a position in the ranked list."""
    return _to_text(_make_rank_cipher(connection).encrypt(json.dumps(list(rank)).encode(), None))


def decrypt_rank(connection: Connection, text: str, name: str) -> Rank:
    """Decrypt a position in the ranked list.

    Raises
    ------
    Problem
        ``invalid-request`` unless the text was written by :func:`encrypt_rank`.
    """
    try:
        return RANK.validate_json(_make_rank_cipher(connection).decrypt(_to_bytes(text), None))
    except (ValueError, InvalidTag):
        raise _refuse(name) from None


def encrypt_cursor(connection: Connection, kind: bytes, number: int) -> str:
    """Encrypt a number, so that nobody but this service can tell which of two numbers is larger.

    The cursor is a single AES block, with 8 bytes for the kind and 8 for the number. Decryption checks the kind, so
    that a forged cursor is refused.
    """
    return _to_text(_make_cipher(connection).encryptor().update(BLOCK.pack(kind, number)))


def decrypt_cursor(connection: Connection, kind: bytes, text: str, name: str) -> int:
    """Decrypt the number of a change or a verification.

    Raises
    ------
    Problem
        ``invalid-request`` unless the text is ``BEGINNING`` or was written by :func:`encrypt_cursor` for this kind.
    """
    if text == BEGINNING:
        return 0
    try:
        marker, number = BLOCK.unpack(_make_cipher(connection).decryptor().update(_to_bytes(text)))
    except (ValueError, struct.error):
        raise _refuse(name) from None
    if marker.rstrip(b"\0") != kind:
        raise _refuse(name)
    return int(number)


def _make_rank_cipher(connection: Connection) -> AESSIV:
    return AESSIV(hmac.digest(read_key(connection).encode(), b"positions in lists", "sha256"))


def _make_cipher(connection: Connection) -> Cipher[ECB]:
    key = hmac.digest(read_key(connection).encode(), b"numbers in answers", "sha256")
    return Cipher(AES(key), ECB())  # noqa: S305 - one block per number; deterministic on purpose


def _to_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))


def _refuse(name: str) -> Problem:
    return Problem("invalid-request", errors=[FieldError(name, "bad_cursor", "Not a cursor for this list")])

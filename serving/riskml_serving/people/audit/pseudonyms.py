"""Keyed hashes for households in the audit log, so that a household can be forgotten while the chain stays intact.

Anyone with access to the database can find the entries about a household by its code; the entries alone identify
nobody.
"""

from __future__ import annotations

import hmac

from sqlalchemy import Connection, select

from riskml_serving.people.audit.tables import KEY

_CACHED = "riskml_audit_key"

SHORT = 32
"""Digits of a hash in an entry about several households: 128 bits, too many for two households to share them."""


def hash_household(key: str, household_id: str) -> str:
    """Hash a household's code with a key.

    >>> hash_household("k", "h1") == hash_household("k", "h1") != hash_household("other", "h1")
    True
    """
    return hmac.digest(key.encode(), household_id.encode("utf-8", "surrogatepass"), "sha256").hex()


def read_pseudonym(connection: Connection, household_id: str) -> str:
    """Hash a household's code with the key stored in the database."""
    return hash_household(read_key(connection), household_id)


def read_key(connection: Connection) -> str:
    """Read the key, which was generated when the database was created and never changes."""
    key: str | None = connection.info.get(_CACHED)
    if key is None:
        key = connection.info[_CACHED] = str(connection.execute(select(KEY.c.audit_key)).scalar_one())
    return key

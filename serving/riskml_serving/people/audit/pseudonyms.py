"""The audit names a household by a keyed hash only, so that a household can be forgotten and the chain stays whole.

Whoever knows a household's code and has the database can find its entries; the entries alone name nobody.
"""

from __future__ import annotations

import hmac

from sqlalchemy import Connection, select

from riskml_serving.people.audit.tables import KEY

__all__ = ["hash_household", "read_key", "read_pseudonym"]

_CACHED = "riskml_audit_key"


def hash_household(key: str, household_id: str) -> str:
    """Keyed hash of a household's code.

    >>> hash_household("k", "h1") == hash_household("k", "h1") != hash_household("other", "h1")
    True
    """
    return hmac.digest(key.encode(), household_id.encode("utf-8", "surrogatepass"), "sha256").hex()


def read_pseudonym(connection: Connection, household_id: str) -> str:
    """Keyed hash of a household's code."""
    return hash_household(read_key(connection), household_id)


def read_key(connection: Connection) -> str:
    """Key that the migration drew; it never changes."""
    key: str | None = connection.info.get(_CACHED)
    if key is None:
        key = connection.info[_CACHED] = str(connection.execute(select(KEY.c.audit_key)).scalar_one())
    return key

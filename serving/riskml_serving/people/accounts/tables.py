"""Tables for accounts and sessions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, String, Table, Text

from riskml.vocabulary.regions import Level
from riskml_serving.base.database import METADATA, Code

USERS = Table(
    "users",
    METADATA,
    Column("username", Code(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("region", Code(Level.VILLAGE), nullable=False),
    Column("health_details", Boolean, nullable=False),
    Column("identity", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("disabled_at", DateTime, nullable=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", DateTime, nullable=True),
)
"""``password_hash`` is an argon2id hash with its parameters, or empty for a person who signs in through the OpenID
provider; ``failures`` counts wrong passwords in a row, except those from addresses in ``ADDRESSES``."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("username", Code(40), nullable=False, index=True),
    Column("created_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    Column("address", String(64), nullable=False),
)
"""Sessions are stored here, not in the cookie: signing out or disabling an account ends them at once. ``token_hash`` is
the SHA-256 hash of the token in the cookie, which has 256 random bits. ``address`` is the client's, so that a person
recognises their own sessions."""

ADDRESSES = Table(
    "sign_in_addresses",
    METADATA,
    Column("username", Code(40), primary_key=True),
    Column("address_hash", String(64), primary_key=True),
    Column("seen_at", DateTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", DateTime, nullable=True),
)
"""Addresses from which an account has signed in since its password was set, and when it last did. Each counts wrong
passwords for itself, so that failures from elsewhere do not lock the owner out."""

TRIES = Table(
    "sign_in_tries",
    METADATA,
    Column("address_hash", String(64), primary_key=True),
    Column("minute", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
)
"""For each address, the minute of the last attempt to sign in (in minutes since 1970), and the number of attempts in
that minute that did not succeed, across all workers. Rows for other minutes are deleted with the next attempt from any
address."""

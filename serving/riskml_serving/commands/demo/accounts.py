"""Accounts for the demo: one per role, with random passwords that are printed once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Engine

from riskml_serving.base.database import writing
from riskml_serving.people.accounts import ROLES
from riskml_serving.people.accounts.service import create_user

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Characters for passwords, leaving out those that look alike."""


@dataclass(frozen=True)
class Account:
    """An account for the demo."""

    username: str
    password: str
    role: str
    region: str
    health_details: bool
    identity: bool


def create_accounts(engine: Engine, villages: Sequence[str]) -> list[Account]:
    """Create an account for each role, with the first village, its town or its county as its region."""
    out = []
    for code, role in ROLES.items():
        password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
        region = villages[0][: max(role.digits)]
        account = Account(f"demo-{code}", password, code, region, code in ("township", "county"), code != "analyst")
        with writing(engine) as connection:
            create_user(connection, **asdict(account), name=f"演示{role.zh}")
        out.append(account)
    return out

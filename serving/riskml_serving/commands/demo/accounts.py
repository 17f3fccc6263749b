"""Accounts of the demo: one per role, with random passwords that are printed once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.database import writing
from riskml_serving.people.accounts import ROLES
from riskml_serving.people.accounts.service import create_user

__all__ = ["Account", "create_accounts"]

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that look alike."""


@dataclass(frozen=True)
class Account:
    """An account of the demo."""

    username: str
    password: str
    role: str
    region: str
    health_details: bool


def create_accounts(engine: Engine, villages: Sequence[str]) -> list[Account]:
    """Create one account per role in the first village, its town and its county."""
    village = villages[0]
    regions = {
        "village": village,
        "township": take_region(village, Level.TOWN),
        "county": take_region(village, Level.COUNTY),
        "analyst": take_region(village, Level.COUNTY),
    }
    out = []
    for role, region in regions.items():
        password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
        account = Account(f"demo-{role}", password, role, region, role in ("township", "county"))
        with writing(engine) as connection:
            create_user(
                connection,
                account.username,
                account.password,
                role,
                region,
                name=f"演示{ROLES[role].zh}",
                health_details=account.health_details,
            )
        out.append(account)
    return out

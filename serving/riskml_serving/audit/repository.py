"""SQL about the audit: entries are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert

from riskml_serving.audit.tables import AUDIT

__all__ = ["append"]


def append(connection: Connection, entries: Sequence[dict[str, Any]]) -> None:
    """Add entries in their order."""
    if entries:
        connection.execute(insert(AUDIT), entries)

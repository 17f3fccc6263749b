"""The monitoring lines that the service holds, read again at most every few seconds."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine

from riskml_serving.base.database import reading
from riskml_serving.store.records.repository import read_lines

__all__ = ["Lines"]

TRUST = 5.0
"""Seconds for which the lines are kept: they change once a year."""


class Lines:
    """Lines of the database as columns, kept for a few seconds."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._kept: tuple[float, dict[str, list[Any]]] | None = None

    def __call__(self) -> dict[str, list[Any]]:
        """Return the lines."""
        kept = self._kept
        if kept is None or time.monotonic() - kept[0] > TRUST:
            with reading(self.engine) as connection:
                kept = (time.monotonic(), read_lines(connection))
            self._kept = kept
        return kept[1]

    def forget(self) -> None:
        """Read the lines again at their next use."""
        self._kept = None

"""Caches the monitoring lines that the service stores, and reads them again at most every few seconds."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine

from riskml_serving.base.database import reading
from riskml_serving.store.records.repository import read_lines

MAX_AGE = 5.0
"""Seconds for which the lines are cached: they change once a year."""


class Lines:
    """Monitoring lines from the database, as columns, cached for a few seconds."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._cached: tuple[float, dict[str, list[Any]]] | None = None

    def __call__(self) -> dict[str, list[Any]]:
        """Return the lines."""
        cached = self._cached
        if cached is None or time.monotonic() - cached[0] > MAX_AGE:
            with reading(self.engine) as connection:
                cached = (time.monotonic(), read_lines(connection))
            self._cached = cached
        return cached[1]

    def forget(self) -> None:
        """Drop the cached lines, so that the next use reads them again."""
        self._cached = None

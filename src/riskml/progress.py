"""Progress of long work, reported without knowing who displays it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "Silent"]


class Progress(Protocol):
    """Displays the progress of long work."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Begin a stage of ``total`` steps, or of unknown length."""

    def step(self, count: int = 1) -> None:
        """Finish ``count`` steps of the stage."""


class Silent:
    """Displays nothing."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Ignore it."""

    def step(self, count: int = 1) -> None:
        """Ignore it."""

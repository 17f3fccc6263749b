"""How long work tells what it does, without knowing who listens."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "Silent"]


class Progress(Protocol):
    """A listener of long work."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Begin a stage of ``total`` steps, or of unknown length."""

    def step(self, count: int = 1) -> None:
        """Finish ``count`` steps of the stage."""


class Silent:
    """Nobody listens."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Say nothing."""

    def step(self, count: int = 1) -> None:
        """Say nothing."""

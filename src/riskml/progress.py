"""Progress of long tasks, reported without depending on how it is displayed."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Displays the progress of a long task."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Begin a stage of ``total`` steps, or of unknown length."""

    def step(self, count: int = 1) -> None:
        """Report that ``count`` steps of the stage are finished."""


class Silent:
    """A :class:`Progress` that displays nothing."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Ignore the call."""

    def step(self, count: int = 1) -> None:
        """Ignore the call."""


SILENT = Silent()
"""The progress of a task that nobody watches."""

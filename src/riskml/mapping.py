"""Map functions over jobs that other processes or machines may run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from riskml.progress import SILENT, Progress

J = TypeVar("J")
R = TypeVar("R")


class Mapper(Protocol):
    """Runs a function on many jobs; the workers that run it see the same files under the same paths."""

    def __len__(self) -> int:
        """Return the number of workers."""

    def map(self, function: Callable[[J], R], jobs: Sequence[J], progress: Progress = SILENT) -> list[R]:
        """Run a function on every job and return the results in the order of the jobs."""

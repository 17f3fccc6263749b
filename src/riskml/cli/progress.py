"""Show progress on the terminal: one bar for each stage, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from riskml.cli.terminal import choose_language, console
from riskml.text import Text

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """One line on the terminal that shows the current stage and its progress."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def stage(self, text: str, total: int | None = None) -> None:
        """Begin a stage with ``total`` steps, or with an unknown number of steps."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(Text(text).read(choose_language()), total=total)

    def step(self, count: int = 1) -> None:
        """Mark ``count`` more steps of the stage as finished."""
        if self._task is not None:
            self._bar.advance(self._task, count)


@contextmanager
def show_progress() -> Iterator[Bar]:
    """Show a progress bar while the ``with`` block runs, and remove it afterwards."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    text = TextColumn("{task.description}")
    columns = (SpinnerColumn(), text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        yield Bar(bar)

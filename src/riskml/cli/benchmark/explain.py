"""``riskml benchmark explain``: compare the speed of explanations with that of LightGBM's own contributions."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml.cli.options import AsJson
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress

__all__ = ["explain"]


def explain(
    households: Annotated[int, typer.Option(help="Number of simulated households.", min=1000)] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Time exact contributions and the explanation of a county.

    Contributions are timed for one household and for a batch.
    """
    from riskml.benchmarks.explain import run

    with show_progress() as bar:
        figures = run(households, bar)
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        typer.echo(f"{name:24} {value}")

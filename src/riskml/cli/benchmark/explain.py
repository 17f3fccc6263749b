"""``riskml benchmark explain``: contributions and reasons beside LightGBM's own."""

from __future__ import annotations

import json
from typing import Annotated

import typer

__all__ = ["explain"]


def explain(
    households: Annotated[int, typer.Option(help="Households of the simulated county.", min=1000)] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Measure exact contributions, alone and in a batch, and the reasons of a whole county."""
    from riskml.benchmarks.explain import run
    from riskml.cli.progress import show_progress

    with show_progress() as bar:
        found = run(households, bar)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False))
        return
    for name, value in found.items():
        typer.echo(f"{name:24} {value}")

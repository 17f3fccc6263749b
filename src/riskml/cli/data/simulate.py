"""``riskml simulate``: simulate a county with known risk, for trying out riskml."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Annotated, Literal

import typer

from riskml.cli.output import join_counts
from riskml.cli.progress import show_progress

__all__ = ["simulate"]


def simulate(
    out: Annotated[Path, typer.Argument(help="Output folder; existing tables are replaced.", file_okay=False)],
    households: Annotated[int, typer.Option(help="Number of households.", min=1)] = 5000,
    months: Annotated[int, typer.Option(help="Number of months, starting with January 2020.", min=1)] = 60,
    seed: Annotated[int, typer.Option(help="Random seed; the same seed gives the same files.", min=0)] = 0,
    params: Annotated[
        Path | None,
        typer.Option(help="YAML file of `name: value` lines that override parameters.", exists=True, dir_okay=False),
    ] = None,
    truth: Annotated[
        Literal["none", "last", "all"],
        typer.Option(help="Dates with true probabilities: none, the default test dates (`last`) or all dates."),
    ] = "last",
) -> None:
    """Simulate a county with known risk: a records folder plus truth.parquet.

    The truth is each household's probability of a fall within 12 months, estimated from at least 1,000 possible futures
    of its hidden state. No model can do better.
    """
    from riskml.simulation import simulate as run

    with show_progress() as bar:
        bar.stage("households", households)
        done = run(out, households, months, seed, params, truth, bar.step)
    typer.echo(f"Simulated county in {out}: {join_counts(done.rows)}.")
    if not isnan(done.falls):
        typer.echo(f"In {done.falls:.1%} of the rows in truth.parquet, the household fell within 12 months.")

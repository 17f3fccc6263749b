"""``riskml simulate``: a county with known truth to try riskml on."""

from __future__ import annotations

from enum import StrEnum
from math import isnan
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from riskml.cli.terminal import console

__all__ = ["simulate"]


class Truth(StrEnum):
    """For which dates the true probability is worked out."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder to write; its tables are replaced.", file_okay=False)],
    households: Annotated[int, typer.Option(help="How many households live in the county.", min=1)] = 5000,
    months: Annotated[int, typer.Option(help="How many months are recorded, from January 2020.", min=1)] = 60,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.", min=0)] = 0,
    params: Annotated[
        Path | None,
        typer.Option(help="YAML file of `name: value` that replaces parameters.", exists=True, dir_okay=False),
    ] = None,
    truth: Annotated[
        Truth,
        typer.Option(help="True probabilities: none, for the default test dates (last), or for every date (all)."),
    ] = Truth.LAST,
) -> None:
    """Simulate a county with known truth: a records folder, and truth.parquet beside it.

    The truth is the probability of a fall within 12 months, worked out from the hidden state by at least 1,000
    possible futures of each household: no model can do better.
    """
    from riskml.simulation import simulate as run

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Households", total=households)
        done = run(out, households, months, seed, params, truth.value, lambda count: bar.advance(task, count))
    rows = ", ".join(f"{count:,} {table}" for table, count in done.rows.items())
    typer.echo(f"Simulated county in {out}: {rows}.")
    if not isnan(done.falls):
        typer.echo(f"Of the households at risk at the dates of truth.parquet {done.falls:.1%} fell within 12 months.")

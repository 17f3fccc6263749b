"""``riskml benchmark cluster``: measure commands on two workers, by number of partitions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import AsJson
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress

__all__ = ["cluster"]


def cluster(
    households: Annotated[int, typer.Option(help="Number of households.", min=1000)] = 100_000,
    partitions: Annotated[list[int], typer.Option(help="Number of partitions; may be repeated.", min=1)] = [2, 8],  # noqa: B006
    learn: Annotated[
        list[int] | None,
        typer.Option(help="Instead, train on samples of this many households; may be repeated.", min=1000),
    ] = None,
    alone: Annotated[
        bool, typer.Option(help="Also measure without workers, which takes 17 kB of memory a household.")
    ] = True,
    near: Annotated[Path | None, typer.Option(help="Folder for temporary files.", file_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Time features, scores and explanations of a simulated county on two workers of 4 GB, and without workers.

    A county of more than 20,000 households consists of copies of 20,000 simulated ones. With `--learn`, models are
    trained on samples of a county, and their accuracy shows what more households would bring.
    """
    from riskml.benchmarks.cluster import learn as run_learning
    from riskml.benchmarks.cluster import run

    with show_progress() as bar:
        figures = run_learning(learn, bar) if learn else run(households, partitions, bar, near, alone=alone)
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        for one in value if isinstance(value, list) else [value]:
            typer.echo(f"{name:12} {one}")

"""``riskml simulate``: simulate a county with known risk, for trying out riskml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from riskml.cli.output import join_counts
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say


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
    income: Annotated[
        Literal["monthly", "register", "mixed"],
        typer.Option(
            help="How income is recorded: reports for every month (`monthly`), yearly statements plus wage lists"
            " with one person per row (`register`), or half of the households each way (`mixed`)."
        ),
    ] = "monthly",
    lists: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the same county as the lists of its departments: workbooks with people who do not exist,"
            " and truth.parquet with the meaning of every row.",
            file_okay=False,
        ),
    ] = None,
    list_style: Annotated[
        Literal["1", "2", "large"],
        typer.Option(help="One of two styles of headers, layouts and faults, or one list of 50,000 bills (`large`)."),
    ] = "1",
) -> None:
    """Simulate a county with known risk.

    The output is a records folder plus truth.parquet.

    The truth is each household's probability of a fall within 12 months, estimated from at least 1,000 possible futures
    of its hidden state. No model can do better. A household falls if its income per head is below the line, before or
    after unavoidable spending, or if it enters monitoring. If the truth is written, the command also prints the
    share of households at risk that fall, and the AUC of the true probability and of the distance to the line.
    """
    from riskml.simulation import simulate as run

    with show_progress() as bar:
        bar.stage("households", households)
        done = run(out, households, months, seed, params, truth, bar.step, income)
    say("Simulated county in {out}: {rows}.", out=out, rows=join_counts(done.rows))
    if figures := done.figures:
        say(
            "Within 12 months, {falls:.1%} of the {n:,} households at risk (summed over all dates) fall. By what comes"
            " first, {income:.1%} of these falls are due to income, {spending:.1%} to spending ({spending_alone:.1%} to"
            " spending alone) and {monitoring:.1%} to entering monitoring.\nThe AUC is {oracle:.3f} for the true"
            " probability and {distance_to_line:.3f} for the distance to the line.",
            **figures,
        )
    if lists is not None:
        from riskml.simulation.lists import write_lists

        written = write_lists(out, lists, list_style, seed)
        say("Lists from departments in {lists}: {files} files with {rows:,} rows of data.", lists=lists, **written)

"""``riskml benchmark features``: measure the speed of the feature engine on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml.cli.options import AsJson
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress

__all__ = ["features"]

FIGURES = ("rows_per_s", "scan_ratio", "duckdb_ratio", "peak_rss_mb", "one_household_ms", "one_household_from_rows_ms")


def features(
    households: Annotated[int, typer.Option(help="Number of simulated households.", min=50)] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Time the features of a county at six dates, from files to matrices, on two threads.

    For comparison, DuckDB reads the income files once, and all features are also computed in DuckDB SQL.
    This takes a few minutes for 100,000 households. Run it on an idle machine, as the targets assume.
    """
    from rich.console import Console
    from rich.table import Table

    from riskml.benchmarks.features import run

    with show_progress() as bar:
        result = run(households, bar)
    if as_json:
        print_json(result)
        return
    seconds = result["seconds"]
    typer.echo(
        f"{result['households']:,} households, {result['income_rows']:,} rows of income, {result['features']} features"
        f" at {result['as_ofs']} dates: riskml {seconds['riskml']:.1f} s, one scan {seconds['scan']:.1f} s,"
        f" the same in SQL {seconds['oracle']:.1f} s"
    )
    table = Table("figure", "value", "target", "")
    for name in FIGURES:
        target = result["targets"].get(name, {"bound": "", "met": None})
        verdict = {None: "", True: "met", False: "MISSED"}[target["met"]]
        table.add_row(name, f"{result[name]:,.2f}", target["bound"], verdict)
    Console().print(table)

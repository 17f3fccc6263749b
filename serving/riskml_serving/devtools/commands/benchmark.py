"""``riskml benchmark serving``: the service compared with an empty endpoint and MLflow's scoring server."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml_serving.commands.options import AsJson, BundleFolder


def serving(
    bundle: BundleFolder = None,
    rounds: Annotated[int, typer.Option(help="Number of turns for each alternative.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="Seconds of load in each turn.", min=0.2)] = 2.0,
    as_json: AsJson = False,
) -> None:
    """Measure requests per second for one household.

    Requests go over the loopback interface; the alternatives take turns.
    """
    from riskml.cli.benchmark import show_figures
    from riskml.cli.progress import show_progress
    from riskml_serving.base.settings import Settings
    from riskml_serving.devtools.benchmark.throughput import measure_throughput

    with show_progress() as bar:
        figures = measure_throughput(bundle or Settings().bundle_folder, rounds, seconds, bar)
    show_figures(figures, as_json=as_json)

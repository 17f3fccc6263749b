"""``riskml benchmark ceiling``: how much of the oracle's precision a simulated county's features can reach."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.options import AsJson
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress
from riskml.cli.terminal import say

__all__ = ["ceiling"]


def ceiling(
    bundle: Annotated[Path, typer.Argument(help="Model bundle, trained on RECORDS.", show_default=False)],
    records: Annotated[Path, typer.Argument(help="Simulated county to test on.", show_default=False)],
    other: Annotated[Path, typer.Argument(help="County of the same kind, from another seed.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Compare the model with the best that can be learned.

    Two learners are fitted on the true probabilities of the other county, from the same features as the model. The
    better of them is the ceiling.
    """
    from riskml.benchmarks.ceiling import measure_ceiling
    from riskml.cli.inputs import read_records
    from riskml.model import Bundle
    from riskml.policy import load_policy

    policy = load_policy()
    with show_progress() as bar:
        county, second = (read_records(folder, policy, None, bar) for folder in (records, other))
        result = measure_ceiling(Bundle.load(bundle), county, records, second, other, policy, bar)
    if as_json:
        print_json(result)
        return
    say("simulated households      AUC     AP   Brier")
    for name, model in result["models"].items():
        typer.echo(f"{name:22} {model['auc']:6.3f} {model['ap']:6.3f} {model['brier']:7.4f}")
    for name in ("ceiling_of_oracle", "model_of_oracle", "model_of_ceiling"):
        typer.echo(f"{name:22} {result[name]:6.3f}")

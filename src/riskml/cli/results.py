"""How an evaluation is shown on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

__all__ = ["show_evaluation"]


def show_evaluation(evaluation: Mapping[str, Any], *, simulated: bool = False) -> None:
    """Print the comparison of every origin, and what was left out and why."""
    from riskml.evaluation.comparison import as_text, complement_sentence

    split = evaluation["split"]
    for origin in evaluation["origins"]:
        own = origin["split"]
        title = (
            f"tested {own['test_from']} to {own['test_to']}: {own['n_test']:,} rows, {own['n_positive']:,} fell"
            f" ({own['positive_rate']:.1%}); trained on {own['n_train']:,} rows up to {own['train_to']}"
        )
        typer.echo(as_text(origin, title, simulated=simulated, intervals=origin is evaluation["origins"][0]))
    missing = ", ".join(f"{count:,} {reason}" for reason, count in split["missing"].items())
    excluded = ", ".join(f"{count:,} {reason}" for reason, count in split["excluded"].items())
    typer.echo(f"Test rows left out: {missing}. Outside the cohort: {excluded}.")
    typer.echo(complement_sentence(evaluation))

"""How an evaluation and an explanation are shown on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from riskml.explanation.household.explanation import Explanation

__all__ = ["show_evaluation", "show_explanation"]

_SIGNALS = {"green": "bold green", "yellow": "bold yellow", "orange": "bold dark_orange", "red": "bold red"}


def show_evaluation(evaluation: Mapping[str, Any], *, simulated: bool = False) -> None:
    """Print the comparison of every origin, and what was left out and why."""
    from riskml.evaluation.comparison import describe_complement, render_text

    split = evaluation["split"]
    for origin in evaluation["origins"]:
        own = origin["split"]
        title = (
            f"tested {own['test_from']} to {own['test_to']}: {own['n_test']:,} rows, {own['n_positive']:,} fell"
            f" ({own['positive_rate']:.1%}); trained on {own['n_train']:,} rows up to {own['train_to']}"
        )
        typer.echo(render_text(origin, title, simulated=simulated, intervals=origin is evaluation["origins"][0]))
    missing = ", ".join(f"{count:,} {reason}" for reason, count in split["missing"].items())
    excluded = ", ".join(f"{count:,} {reason}" for reason, count in split["excluded"].items())
    typer.echo(f"Test rows left out: {missing}. Outside the cohort: {excluded}.")
    typer.echo(describe_complement(evaluation))


def show_explanation(explanation: Explanation, lang: str, *, simulated: bool = False) -> None:
    """Print an explanation: headings stand out on a terminal, a file gets the plain text."""
    from riskml.explanation.household.explanation import NOTICE, SIMULATED

    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    from riskml.explanation.household.rendering import render

    title, *lines = render(explanation, lang).splitlines()
    out.print(title, style=_SIGNALS[explanation.signal])
    if simulated:
        out.print(SIMULATED[lang], style="bold")
    for line in lines:
        style = "italic" if line == NOTICE[lang] else "bold" if line.endswith((":", ":")) else None
        out.print(line, style=style)

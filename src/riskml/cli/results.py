"""Print an evaluation or an explanation on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from riskml.cli.output import join_counts
from riskml.vocabulary.verdicts import COLOURS

if TYPE_CHECKING:
    from riskml.explanation.household.explanation import Explanation

__all__ = ["show_evaluation", "show_explanation"]

_STYLES = dict(zip(COLOURS, ("bold green", "bold yellow", "bold dark_orange", "bold red"), strict=True))


def show_evaluation(evaluation: Mapping[str, Any], *, simulated: bool = False) -> None:
    """Print the comparison for every test period, and how many rows were left out and why."""
    from riskml.evaluation.comparison import describe_complement, render_text
    from riskml.evaluation.words import MISSING

    for origin in evaluation["origins"]:
        split = origin["split"]
        title = (
            f"tested {split['test_from']} to {split['test_to']}: {split['n_test']:,} rows, {split['n_positive']:,} fell"
            f" ({split['positive_rate']:.1%}); trained on {split['n_train']:,} rows up to {split['train_to']}"
        )
        typer.echo(render_text(origin, title, simulated=simulated, intervals=origin is evaluation["origins"][0]))
    numbers = [evaluation["split"][name] for name in ("missing", "excluded")]
    missing, excluded = (join_counts({code: part[code] for code in MISSING if code in part}) for part in numbers)
    typer.echo(f"Test rows left out: {missing}. Outside the cohort: {excluded}.")
    typer.echo(describe_complement(evaluation))


def show_explanation(explanation: Explanation, lang: str, *, simulated: bool = False) -> None:
    """Print an explanation; headings are styled on a terminal, but not if the output goes to a file."""
    from riskml.explanation.household.explanation import NOTICE, SIMULATED
    from riskml.explanation.household.rendering import render

    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    title, *lines = render(explanation, lang).splitlines()
    out.print(title, style=_STYLES.get(explanation.signal, "bold"))
    if simulated:
        out.print(SIMULATED[lang], style="bold")
    for line in lines:
        style = "italic" if line == NOTICE[lang] else "bold" if line.endswith((":", "：")) else None
        out.print(line, style=style)

"""Print an evaluation or an explanation on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from riskml.cli.output import join_counts
from riskml.cli.terminal import choose_language, say
from riskml.text import Text
from riskml.vocabulary.verdicts import COLOURS

if TYPE_CHECKING:
    from riskml.explanation.household.explanation import Explanation

_STYLES = dict(zip(COLOURS, ("bold green", "bold yellow", "bold dark_orange", "bold red"), strict=True))


def show_evaluation(evaluation: Mapping[str, Any], *, simulated: bool = False) -> None:
    """Print the comparison for every test period, and how many rows were left out and why."""
    from riskml.evaluation.comparison import describe_complement, render_text
    from riskml.evaluation.words import MISSING

    lang = choose_language()
    for origin in evaluation["origins"]:
        split = origin["split"]
        title = Text(
            "tested {test_from} to {test_to}: {n_test:,} rows, {n_positive:,} fell ({positive_rate:.1%}); trained on"
            " {n_train:,} rows up to {train_to}",
            **split,
        )
        intervals = origin is evaluation["origins"][0]
        typer.echo(render_text(origin, title.read(lang), simulated=simulated, intervals=intervals, lang=lang))
    numbers = [evaluation["split"][name] for name in ("missing", "excluded")]
    missing, excluded = (
        join_counts({code: part[code] for code in MISSING if code in part}, MISSING) for part in numbers
    )
    say("Test rows left out: {missing}. Outside the cohort: {excluded}.", missing=missing, excluded=excluded)
    typer.echo(describe_complement(evaluation, lang))


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

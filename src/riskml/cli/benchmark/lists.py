"""``riskml benchmark lists``: measure how well and how fast lists from departments are read."""

from __future__ import annotations

import typer

from riskml.benchmarks.targets import describe_target
from riskml.cli.options import AsJson
from riskml.cli.output import print_json
from riskml.cli.progress import show_progress
from riskml.cli.terminal import choose_language, say
from riskml.text import Text

__all__ = ["lists"]


def lists(as_json: AsJson = False) -> None:
    """Measure how well `riskml lists` reads simulated lists, and how long 50,000 medical bills take.

    The lists come in two styles; the second one was written by someone who did not know the reader's code. The command
    takes some minutes, most of them for writing the lists. The exit code is 1 if a target is missed.
    """
    from rich.console import Console
    from rich.table import Table

    from riskml.benchmarks.lists import BOUNDS, run

    with show_progress() as bar:
        result = run(bar)
    styles, speed = result["styles"], result["speed"]
    parts = [*(style["targets"] for style in styles.values()), speed["targets"]]
    if as_json:
        print_json(result)
    else:
        lang = choose_language()
        headings = ("figure", "style 1", "style 2", "target")
        table = Table(*(Text(heading).read(lang) for heading in headings), "")
        for name, (sense, bound) in BOUNDS.items():
            shown = [f"{style[name]:.4g}" for style in styles.values()]
            met = all(style["targets"][name]["met"] for style in styles.values())
            table.add_row(name, *shown, f"{sense} {bound:g}", describe_target(met).read(lang))
        Console().print(table)
        if "cpu_seconds" in speed:
            say("{rows:,} medical bills: {cpu:.1f} s of processor time", rows=speed["rows"], cpu=speed["cpu_seconds"])
        for name, target in speed["targets"].items():
            verdict = describe_target(target["met"])
            say(
                "{rows:,} medical bills: {name} {value:.1f}, target {bound}  {verdict}",
                rows=speed["rows"],
                name=name,
                value=target["value"],
                bound=target["bound"],
                verdict=verdict,
            )
    if not all(target["met"] for part in parts for target in part.values()):
        raise typer.Exit(1)

"""``riskml-serving pages``: how long the staff pages take, and how large they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pages(
    demo: Annotated[Path, typer.Argument(help="Folder that `riskml demo` wrote.")] = Path("demo"),
    rounds: Annotated[int, typer.Option(help="Number of times every page is read.", min=1)] = 5,
) -> None:
    """Measure the staff pages on the demo's county, role by role.

    The demo's database is recreated.
    """
    from riskml.cli.progress import show_progress
    from riskml_serving.commands.demo.serve import prepare_again
    from riskml_serving.devtools.page_times import measure_pages

    settings, accounts = prepare_again(demo)
    with show_progress() as bar:
        timings = measure_pages(settings, accounts, rounds, bar)
    typer.echo(f"{'role':<10} {'page':<10} {'n':>5} {'p50 ms':>8} {'p95 ms':>8} {'max bytes':>11}  targets")
    for row in timings:
        page = row.page
        figures = f"{row.role:<10} {page.name:<10} {row.n:>5} {row.p50_ms:>8} {row.p95_ms:>8} {row.max_bytes:>11,}"
        missed = "" if row.meets_targets else ": missed"
        typer.echo(f"{figures}  under {page.max_p95_ms} ms, under {page.max_bytes:,} bytes{missed}")
    typer.echo(f"{sum(not row.meets_targets for row in timings)} of {len(timings)} missed their targets.")

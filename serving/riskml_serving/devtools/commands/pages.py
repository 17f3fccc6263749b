"""``riskml-serving pages``: how long the staff pages take, and how large they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["pages"]


def pages(
    demo: Annotated[Path, typer.Argument(help="Folder that `riskml demo` wrote.")] = Path("demo"),
    rounds: Annotated[int, typer.Option(help="How often every page is read.", min=1)] = 5,
) -> None:
    """Measure the staff pages on the demo's county, role by role; the demo's database is made anew."""
    from riskml.cli.progress import show_progress
    from riskml_serving.commands.demo.serve import prepare_again
    from riskml_serving.devtools.page_times import MOST_BYTES, P95_MS, measure_pages

    settings, accounts = prepare_again(demo)
    with show_progress() as bar:
        found = measure_pages(settings, accounts, demo / "bundle", rounds, bar)
    typer.echo(f"{'role':<10} {'page':<10} {'n':>5} {'p50 ms':>8} {'p95 ms':>8} {'most bytes':>11}")
    for one in found:
        typer.echo(f"{one.role:<10} {one.page:<10} {one.n:>5} {one.p50_ms:>8} {one.p95_ms:>8} {one.most_bytes:>11,}")
    over = sum(not one.within for one in found)
    typer.echo(f"Targets: p95 under {P95_MS} ms, under {MOST_BYTES:,} bytes; {over} of {len(found)} over.")

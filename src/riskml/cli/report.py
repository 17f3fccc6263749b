"""``riskml report``: one self-contained page on a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.app import app
from riskml.cli.options import BundleArgument
from riskml.cli.output import write_file

__all__ = ["report"]


@app.command()
def report(
    bundle: BundleArgument,
    out: Annotated[Path, typer.Option("--out", help="HTML file to write.")] = Path("report.html"),
) -> None:
    """Write a model's evaluation as one HTML file, readable offline and on paper."""
    from riskml.model import Bundle
    from riskml.reporting import render_report

    loaded = Bundle.load(bundle)
    text = render_report(loaded, simulated="oracle" in loaded.evaluation["models"])
    write_file(out, lambda path: path.write_text(text, encoding="utf-8"))
    typer.echo(f"Report of {loaded.model_version}: {out}")

"""``riskml benchmark``: the figures of the README, measured again on this machine."""

from __future__ import annotations

import typer

from riskml.cli.app import app

__all__ = ["benchmark"]

benchmark = typer.Typer(no_args_is_help=True, help="Measure again what the README states.")
app.add_typer(benchmark, name="benchmark")

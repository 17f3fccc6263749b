"""Run the command-line application, with progress and errors on standard error."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from riskml.errors import RiskmlError

__all__ = ["console", "run"]

console = Console(stderr=True)
"""Writes to standard error, because standard output is reserved for results."""


def run(app: typer.Typer) -> None:
    """Run the application; if riskml raises one of its own errors, print it without a stack trace."""
    try:
        app()
    except RiskmlError as error:
        console.print(f"[bold red]Error:[/] {error.message}", highlight=False, markup=True, soft_wrap=True)
        if error.hint:
            console.print(error.hint, highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        console.print("Stopped.")
        sys.exit(130)

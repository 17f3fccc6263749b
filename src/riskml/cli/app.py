"""The typer application, and how its errors reach a person."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from riskml.errors import RiskmlError

__all__ = ["app", "console", "run"]

app = typer.Typer(
    name="riskml",
    help="Risk of return to poverty within a year, beside the rule line (防止返贫).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
console = Console(stderr=True)
"""Where progress and errors go: standard output holds results only."""


def run() -> None:
    """Run a command; an error that riskml raises on purpose is told in plain words, without a stack trace."""
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

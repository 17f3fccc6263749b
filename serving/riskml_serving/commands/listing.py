"""Prints the rows of a list, for a reader or for another program: one line for each row, with tabs between cells."""

from __future__ import annotations

import typer

from riskml.cli.terminal import choose_language
from riskml.text import Text


def say_row(*cells: str) -> None:
    """Print one row; cells that are texts appear in the language of the reader."""
    lang = choose_language()
    typer.echo("\t".join(cell.read(lang) if isinstance(cell, Text) else cell for cell in cells))

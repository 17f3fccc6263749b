"""``riskml template``: write an empty list for a department to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskml.cli.output import write_file
from riskml.cli.terminal import say
from riskml.errors import UsageError


def template(
    department: Annotated[str, typer.Argument(help="Department, such as medical; an unknown name lists them all.")],
    out: Annotated[Path, typer.Option("--out", help="Workbook to write (.xlsx).", show_default=False)],
) -> None:
    """Write an empty list with the best headers for a department.

    The workbook has a sheet for each kind of list that the department keeps, choices for cells with fixed words, and a
    sheet that says how to fill in each column. `riskml lists` reads every column of it without confirmation.
    """
    from riskml.lists.templates import write_template

    if out.suffix.lower() != ".xlsx":
        raise UsageError("{path} has an unknown ending.", "End --out with .xlsx.", path=out)
    write_file(out, lambda partial: write_template(department, partial))
    say("Template: {out}", out=out)

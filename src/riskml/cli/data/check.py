"""``riskml check``: every fault of a records folder at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from riskml.records.contract.faults import CheckReport

__all__ = ["check"]

# Narrower than this, sentences fall apart into single words; a pipe has no width of its own.
_NARROWEST = 110


def check(
    records: Annotated[Path, typer.Argument(help="Records folder: one file, or one folder of parts, a table.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check a records folder and list every fault: where, how many, the first rows and what to do.

    Ends with 0 if the folder can be used (warnings are allowed) and with 1 if it has faults.
    """
    from riskml.records.checking.check import check as run

    report = run(records)
    if as_json:
        typer.echo(report.to_json())
    else:
        _print(report)
    raise typer.Exit(0 if report.ok else 1)


def _print(report: CheckReport) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if console.width < _NARROWEST:
        console = Console(highlight=False, width=_NARROWEST)
    read = ", ".join(f"{table} {rows:,}" for table, rows in report.tables.items())
    console.print(Text(f"Rows read: {read or 'none'}"))
    if report.faults:
        grid = Table("", "Where", "Code", "Count", "First rows", "What is wrong")
        for fault in report.faults:
            place = ".".join(part for part in (fault.table, fault.column) if part) or "folder"
            rows = ", ".join(str(row) for row in fault.rows) + (" …" if 0 < len(fault.rows) < fault.count else "")
            red = fault.severity == "fault"
            grid.add_row(
                Text(fault.severity, style="bold red" if red else "yellow"),
                Text(place),
                Text(fault.code),
                Text(f"{fault.count:,}"),
                Text(rows),
                Text(fault.message),
            )
        console.print(grid)
        console.print(Text("What to do", style="bold"))
        for code, advice in {fault.code: fault.what_to_do for fault in report.faults}.items():
            console.print(Text(f"  {code}: {advice}"))
    console.print(Text(report.summary(), style="bold green" if report.ok else "bold red"))

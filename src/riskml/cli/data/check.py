"""``riskml check``: list every fault in a records folder at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from riskml.cli.options import AsJson, RecordsArgument

if TYPE_CHECKING:
    from riskml.records.contract.faults import CheckReport
    from riskml.records.reading.folder import Folder

__all__ = ["check"]

MIN_WIDTH = 110
"""Minimum width of the table, so that text does not wrap after every word in narrow terminals and pipes."""


def check(records: RecordsArgument, as_json: AsJson = False) -> None:
    """Check a records folder and list every fault: where it is, how often it occurs, the first rows and what to do.

    The exit code is 0 if the folder can be used (warnings are allowed) and 1 if it has faults. For a folder without
    faults, it also says from which day a model can be trained on its records, and with which options.
    """
    from riskml.policy import load_policy
    from riskml.records.checking.check import check as run
    from riskml.records.panel.store import Records
    from riskml.training.readiness import assess_readiness

    def assess(folder: Folder) -> str:
        policy = load_policy()
        return assess_readiness(Records.load(folder, policy.lines), policy).describe()

    report = run(records, assess)
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
    console.width = max(console.width, MIN_WIDTH)
    read = ", ".join(f"{table} {rows:,}" for table, rows in report.tables.items())
    console.print(Text(f"Rows read: {read or 'none'}"))
    if report.faults:
        grid = Table("", "Where", "Code", "Count", "First rows", "What is wrong")
        for fault in report.faults:
            location = ".".join(part for part in (fault.table, fault.column) if part) or "folder"
            rows = ", ".join(str(row) for row in fault.rows) + (" …" if 0 < len(fault.rows) < fault.count else "")
            grid.add_row(
                Text(fault.severity, style="bold red" if fault.severity == "fault" else "yellow"),
                Text(location),
                Text(fault.code),
                Text(f"{fault.count:,}"),
                Text(rows),
                Text(fault.message),
            )
        console.print(grid)
        console.print(Text("What to do", style="bold"))
        for code, advice in {fault.code: fault.what_to_do for fault in report.faults}.items():
            console.print(Text(f"  {code}: {advice}"))
    if report.training:
        console.print(Text(report.training))
    console.print(Text(report.summarise(), style="bold green" if report.ok else "bold red"))

"""``riskml check``: list every fault in a records folder at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskml.cli.options import AsJson, Cluster, RecordsArgument
from riskml.cli.terminal import choose_language
from riskml.errors import UsageError, explain_os_error
from riskml.text import Text, read

if TYPE_CHECKING:
    from riskml.records.contract.faults import CheckReport
    from riskml.records.reading.folder import Folder

MIN_WIDTH = 110
"""Minimum width of the table, so that text does not wrap after every word in narrow terminals and pipes."""


def check(
    records: RecordsArgument,
    as_json: AsJson = False,
    known: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Leave out the warnings in FILE, the output of an earlier `--json`."),
    ] = None,
    cluster: Cluster = None,
) -> None:
    """Check a records folder and list every fault.

    Each fault is listed with its location, how often it occurs, the first rows affected, and what to do.

    The exit code is 0 if the folder can be used (warnings are allowed) and 1 if it has faults. For a folder without
    faults, it also says from which day a model can be trained on its records, and with which options.
    """
    from riskml.cluster.workers import MOST_HERE, connect
    from riskml.policy import load_policy
    from riskml.records.checking.check import check as run
    from riskml.records.panel.store import Records
    from riskml.records.reading.grouping import keep_sample
    from riskml.training.readiness import assess_readiness

    policy = load_policy()

    def assess(folder: Folder) -> Text:
        if cluster is not None:
            keep_sample(folder, MOST_HERE)
        return assess_readiness(Records.load(folder, policy.lines), policy).describe()

    earlier = [] if known is None else _read_known(known)
    with connect(cluster) as workers:
        report = run(records, assess, policy.usual_lines, workers).leave_out_known(earlier)
    if as_json:
        typer.echo(report.to_json())
    else:
        _print(report, choose_language())
    raise typer.Exit(0 if report.ok else 1)


def _read_known(path: Path) -> list[dict[str, Any]]:
    """Read the findings of an earlier report."""
    try:
        faults = json.loads(path.read_bytes())["faults"]
        return [
            {**{key: str(one[key]) for key in ("table", "column", "code")}, "count": int(one["count"])}
            for one in faults
        ]
    except OSError as error:
        raise UsageError("{path} cannot be read: {reason}.", path=path, reason=explain_os_error(error)) from None
    except (ValueError, KeyError, TypeError):
        hint = "Save the output of `riskml check RECORDS --json` in a file and name that file."
        raise UsageError("{path} does not hold the report of an earlier check.", hint, path=path) from None


def _print(report: CheckReport, lang: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as Styled

    console = Console(highlight=False, markup=False)
    console.width = max(console.width, MIN_WIDTH)
    tables = ", ".join(f"{table} {rows:,}" for table, rows in report.tables.items()) or Text("none")
    console.print(Text("Rows read: {read}", read=tables).read(lang))
    if report.faults:
        headings = ("Where", "Code", "Count", "First rows", "What is wrong")
        grid = Table("")
        for heading in headings:
            grid.add_column(Text(heading).read(lang), overflow="fold")
        for fault in report.faults:
            style = "bold red" if fault.severity == "fault" else "yellow"
            rows = ", ".join(str(row) for row in fault.rows) + (" …" if 0 < len(fault.rows) < fault.count else "")
            cells = (fault.where.read(lang), fault.code, f"{fault.count:,}", rows, fault.message.read(lang))
            severity = Styled(Text(fault.severity).read(lang), style=style)
            grid.add_row(severity, *(Styled(cell) for cell in cells))
        console.print(grid)
        console.print(Text("What to do").read(lang), style="bold")
        for code, advice in {fault.code: fault.what_to_do for fault in report.faults}.items():
            console.print(f"  {code}: {advice.read(lang)}")
    if report.training:
        console.print(read(report.training, lang))
    console.print(report.summarise().read(lang), style="bold green" if report.ok else "bold red")

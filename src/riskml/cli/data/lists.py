"""``riskml lists``: turn lists from departments into a records folder."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskml.cli.output import write_file
from riskml.cli.progress import show_progress
from riskml.cli.terminal import choose_language, print_note, say
from riskml.errors import UsageError
from riskml.text import Joined, Text, shorten_list

if TYPE_CHECKING:
    from riskml.lists.outcomes import Outcome, RowOutcome
    from riskml.lists.taking import Taken

SIDE_FILE = {"exists": True, "dir_okay": False, "show_default": False}


def lists(
    out: Annotated[Path, typer.Option("--out", help="Records folder; its tables are replaced.", show_default=False)],
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Lists as received (.xlsx, .xls, .csv), or folders of lists.", exists=True, show_default=False
        ),
    ] = None,
    register: Annotated[
        Path | None,
        typer.Option(
            help="Register: a folder with persons.csv and villages.csv. It is never changed.", show_default=False
        ),
    ] = None,
    history: Annotated[
        list[Path] | None,
        typer.Option(
            help="List from earlier years, or a folder of such lists, received on unknown days. May be repeated.",
            exists=True,
            show_default=False,
        ),
    ] = None,
    received: Annotated[
        Path | None,
        typer.Option(help="CSV with file and received_on; without it, the lists count as received today.", **SIDE_FILE),
    ] = None,
    lines: Annotated[Path | None, typer.Option(help="CSV with the monitoring lines.", **SIDE_FILE)] = None,
    region: Annotated[
        str | None, typer.Option(help="Code of the county (6 digits), if there is no --register.", show_default=False)
    ] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="CSV with answers: file, sheet, row, person_id, answer.", **SIDE_FILE)
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="YAML with confirmed headers: `confirmed: [{header: '花费', field: illness.self_paid}]`.", **SIDE_FILE
        ),
    ] = None,
    register_out: Annotated[
        Path | None, typer.Option(help="New folder for the updated register.", file_okay=False, show_default=False)
    ] = None,
    returned: Annotated[
        Path | None,
        typer.Option(help="Folder for copies of the lists that say what became of each row.", file_okay=False),
    ] = None,
    audit: Annotated[
        Path | None, typer.Option(help="Parquet file: what became of each row.", show_default=False)
    ] = None,
    columns: Annotated[
        Path | None, typer.Option(help="CSV file: how each column was interpreted.", show_default=False)
    ] = None,
) -> None:
    """Turn lists from departments into a records folder.

    Every row has one of seven outcomes: taken, already known, nothing to record, to be decided, not in the register,
    refused, or not data. The command prints how many rows have each outcome, and every conversion of values.
    """
    import pyarrow.parquet as pq

    from riskml.lists.deliveries import list_files, read_deliveries, refuse_personal_data_inside, start_register
    from riskml.lists.returning import name_copy, return_list
    from riskml.lists.side_files import read_decisions, read_lines, read_received
    from riskml.lists.taking import take
    from riskml.lists.writing import read_back, write_columns

    if not files and not history:
        raise UsageError("No lists are given.", "Name the files or folders with the lists, or add --history.")
    outputs = {"--returned": returned, "--audit": audit, "--columns": columns, "--register-out": register_out}
    refuse_personal_data_inside(out, register, outputs)
    days = read_received(received) if received else {}
    persons, answers = read_decisions(decisions) if decisions else ({}, {})
    table = read_lines(lines) if lines else None
    key_file = out.resolve().with_name(f"{out.resolve().name}.codes")
    known = start_register(register, key_file, region)
    coded = len(known.versions)
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
    with show_progress() as bar:
        current, earlier = list_files(files or []), list_files(history or [])
        bar.stage("reading the lists", len(current) + len(earlier))
        deliveries = read_deliveries(current, earlier, known, days, today, mapping, bar.step, answers)
        bar.stage("finding the persons")
        taken = take(deliveries, known, persons, answers)
        bar.stage("writing the records")
        taken.book.write(out, table)
        if audit:
            result = read_back(out, taken.rows)
            write_file(audit, lambda partial: pq.write_table(result, partial))
        sheets = [sheet for delivery in deliveries for sheet in delivery.sheets]
        if columns:
            write_file(columns, lambda partial: write_columns(partial, sheets))
        if returned:
            for path, delivery in zip(current, deliveries, strict=False):  # those of a history are not sent back
                rows = (row for row in taken.rows if row.file == path.name)
                return_list(path, delivery.sheets, rows, returned / name_copy(path, current), choose_language())
        if register is None:
            known.write_key_file(key_file)
        if register_out:
            known.write(register_out)
    missing = sorted({path.name for path in current} - set(days))
    if missing:
        print_note("No day of receipt is given for {count} list(s); they count as received today.", count=len(missing))
    if unknown := sorted(set(days) - {path.name for path in (*current, *earlier)}):
        print_note(
            "{count} file(s) of --received are not among the lists; compare the names: {files}",
            count=len(unknown),
            files=shorten_list(unknown),
        )
    if empty := [delivery.file for delivery in deliveries if not any(sheet.rows for sheet in delivery.sheets)]:
        print_note("{count} list(s) are empty: {files}", count=len(empty), files=shorten_list(empty))
    if table is None:
        print_note("No monitoring lines are given (--lines); the packaged policy table applies.")
    if register and not register_out and len(known.versions) > coded:
        print_note(
            "{count} person(s) are new; add --register-out to keep their codes.", count=len(known.versions) - coded
        )
    _print(taken)
    if taken.shared:
        say("Past records passed on to new households after splits and merges: {count:,}", count=taken.shared)
    if register is None:
        say("Key file of the codes (encrypted): {path}", path=key_file)
    say("Records folder: {out}", out=out)


def _print(taken: Taken) -> None:
    """Print what became of the rows of each list, and which conversions their values needed."""
    from riskml.lists.outcomes import count_outcomes
    from riskml.lists.wording import name_conversion, name_outcome

    by_file: dict[str, list[RowOutcome]] = {}
    for row in taken.rows:
        by_file.setdefault(row.file, []).append(row)
    for file, rows in by_file.items():
        counts = count_outcomes(rows).items()
        words = Joined(Text("{outcome} {count:,}", outcome=name_outcome(outcome), count=n) for outcome, n in counts)
        say("{file}: {rows:,} rows ({counts})", file=file, rows=len(rows), counts=words)
        if hidden := sum(row.reason == "hidden" for row in rows):
            say("  {count:,} hidden row(s) are left out", count=hidden)
        _print_reasons(rows)
        _print_disagreements(rows)
        for (name, how), count in sorted(taken.conversions.get(file, {}).items()):
            say("  {field}: {count:,} × {conversion}", field=name, count=count, conversion=name_conversion(how))


def _print_disagreements(rows: Iterable[RowOutcome]) -> None:
    """Print which sums are not what their parts give: one line a column, with the rows and both values."""
    from openpyxl.utils import get_column_letter

    by_column: dict[str, list[Text]] = {}
    for row in rows:
        for column, stated, computed in row.disagreements:
            values = {"row": row.row, "stated": stated, "computed": computed}
            address = "!".join(filter(None, (row.sheet, get_column_letter(column))))
            by_column.setdefault(address, []).append(Text("row {row}: {stated:,.2f}, not {computed:,.2f}", **values))
    for address, texts in by_column.items():
        say(
            "  {cells}: {count:,} sum(s) differ from their parts ({rows}). Sums are only checked, never added.",
            cells=address,
            count=len(texts),
            rows=shorten_list(texts),
        )


def _print_reasons(rows: Iterable[RowOutcome]) -> None:
    """Print why rows were refused or are asked, with the columns, and how the questions are answered."""
    from openpyxl.utils import get_column_letter

    from riskml.lists.wording import explain_answer, explain_reason, name_outcome

    cells: dict[tuple[Outcome, str], Counter[str]] = {}
    for row in rows:
        if row.outcome in ("refused", "ask"):
            column = get_column_letter(row.column) if row.column else ""
            address = "!".join(filter(None, (row.sheet, column)))
            cells.setdefault((row.outcome, row.reason), Counter())[address] += 1
    for (outcome, reason), counts in cells.items():
        words = {"outcome": name_outcome(outcome), "count": counts.total(), "reason": explain_reason(reason)}
        where = shorten_list(filter(None, counts))
        if where:
            say("  {outcome} {count:,}: {reason} ({cells})", **words, cells=where)
        else:
            say("  {outcome} {count:,}: {reason}", **words)
        if outcome == "ask":
            say("    Answer with --decisions: {answer}", answer=explain_answer(reason))

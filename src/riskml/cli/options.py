"""Arguments and options that several commands share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from riskml.errors import UsageError

__all__ = [
    "AsJson",
    "AsOf",
    "BundleArgument",
    "IncomeAge",
    "Language",
    "OutcomeKind",
    "PolicyFile",
    "RecordsArgument",
    "SkipBadRows",
    "Window",
    "parse_day",
]

RecordsArgument = Annotated[Path, typer.Argument(help="Records folder (see data/README.md).", show_default=False)]
BundleArgument = Annotated[
    Path, typer.Argument(help="Model bundle: a folder written by `riskml train`.", show_default=False)
]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of", help="Date of the assessment, such as 2024-12-31; later records are ignored.", show_default=False
    ),
]
Window = Annotated[int, typer.Option(help="Months over which income per head is averaged.")]
OutcomeKind = Annotated[
    Literal["any", "end"],
    typer.Option(help="Count income below the line as a fall at any month end of the horizon, or only at its end."),
]
IncomeAge = Annotated[
    int,
    typer.Option(help="Maximum age of the latest known income in months; 18 for yearly statements."),
]
Language = Annotated[Literal["zh", "en"], typer.Option("--lang", help="Output language.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="Policy table (YAML) to use instead of the packaged one.")
]
SkipBadRows = Annotated[
    Path | None,
    typer.Option(
        "--skip-bad-rows",
        help="Move faulty rows to this file (.parquet, .csv or .json) and continue, instead of rejecting the folder.",
    ),
]


def parse_day(text: str, option: str) -> int:
    """Parse a date from the command line into a day number.

    >>> parse_day("2024/2/29", "--as-of")
    19782
    """
    from riskml.records.contract.calendar import to_day  # imports NumPy, which `riskml --help` does not need

    try:
        year, month, day = (int(part) for part in text.strip().replace("/", "-").split("-"))
        return to_day(dt.date(year, month, day))
    except ValueError:
        raise UsageError(f"{option} is {text!r}, which is not a date.", "Write it as 2024-12-31.") from None

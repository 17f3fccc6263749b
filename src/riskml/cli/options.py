"""Arguments that several commands share, said once."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from riskml.errors import UsageError
from riskml.records.contract.calendar import day_of

__all__ = ["AsOf", "BundleArgument", "Lang", "PolicyFile", "RecordsArgument", "SkipBadRows", "parse_day"]

RecordsArgument = Annotated[Path, typer.Argument(help="Records folder (see data/README.md).", show_default=False)]
BundleArgument = Annotated[
    Path, typer.Argument(help="Model bundle: a folder that `riskml train` made.", show_default=False)
]
AsOf = Annotated[
    str, typer.Option("--as-of", help="Day at whose end the records are read, as 2024-12-31.", show_default=False)
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="Policy table (YAML) in place of the packaged one.", show_default=False)
]
SkipBadRows = Annotated[
    Path | None,
    typer.Option(
        "--skip-bad-rows",
        help="Set rows with faults aside in this file (.parquet, .csv, .json) and go on instead of refusing.",
        show_default=False,
    ),
]


class Lang(StrEnum):
    """Language of what people read."""

    ZH = "zh"
    EN = "en"


def parse_day(text: str, option: str) -> int:
    """Read a date given on the command line.

    >>> parse_day("2024/2/29", "--as-of")
    19782
    """
    parts = text.strip().replace("/", "-").split("-")
    try:
        year, month, number = (int(part) for part in parts)
        return day_of(dt.date(year, month, number))
    except ValueError:
        raise UsageError(f"{option} is {text!r}, which is not a date.", "Write it as 2024-12-31.") from None

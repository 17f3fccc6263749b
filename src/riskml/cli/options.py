"""Arguments and options that several commands share."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from riskml.errors import UsageError

YEARS = (1900, 2199)
"""Years in which a date on the command line may lie."""

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
MessageLanguage = Annotated[
    Literal["zh", "en"] | None,
    typer.Option("--lang", help="Language of messages; the terminal's by default.", show_default=False),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        envvar="RISKML_CLUSTER",
        metavar="ADDRESS",
        help="Run on a Dask cluster: the address of its scheduler, such as tcp://10.0.0.1:8786, or `local` for one"
        " process per processor of this machine. Workers must see the same files under the same paths.",
        show_default=False,
    ),
]
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


def accept_language(app: typer.Typer) -> None:
    """Let an application and each of its commands accept ``--lang`` for the language of messages.

    The value is read from the command line by :func:`riskml.cli.terminal.choose_language`, so that errors of the
    command line are in that language, too. A command that has this option already keeps its own.
    """
    if app.registered_callback is None:
        app.callback()(_ignore_language)
    for command in app.registered_commands:
        if command.callback is not None:
            command.callback = _add_language(command.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            accept_language(group.typer_instance)


def _ignore_language(lang: MessageLanguage = None) -> None:
    pass


def _add_language(command: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(command, eval_str=True)
    if "lang" in signature.parameters:
        return command

    @wraps(command)
    def accepting(*args: Any, **values: Any) -> Any:
        del values["lang"]
        return command(*args, **values)

    lang = inspect.signature(_ignore_language, eval_str=True).parameters["lang"]
    accepting.__signature__ = signature.replace(parameters=[*signature.parameters.values(), lang])  # type: ignore[attr-defined]
    return accepting


def parse_day(text: str, option: str) -> int:
    """Parse a date from the command line into a day number.

    >>> parse_day("2024/2/29", "--as-of")
    19782
    """
    from riskml.records.contract.calendar import to_day  # imports NumPy, which `riskml --help` does not need

    try:
        date = dt.date(*(int(part) for part in text.strip().replace("/", "-").split("-")))
        if not YEARS[0] <= date.year <= YEARS[1]:
            raise UsageError(
                "{option} is {text!r}; the year must be from {first} to {last}.",
                "Write it as 2024-12-31.",
                option=option,
                text=text,
                first=YEARS[0],
                last=YEARS[1],
            )
        return to_day(date)
    except (TypeError, ValueError):
        raise UsageError(
            "{option} is {text!r}, which is not a date.", "Write it as 2024-12-31.", option=option, text=text
        ) from None

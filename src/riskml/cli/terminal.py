"""Run the command-line application, with progress and errors on standard error."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import typer
from rich.console import Console
from typer._click.exceptions import ClickException, NoArgsIsHelpError

from riskml.cli.option_errors import parse_option_error
from riskml.errors import RiskmlError, UsageError, explain_os_error
from riskml.text import Lang, Text, detect_language

console = Console(stderr=True)
"""Writes to standard error, because standard output is reserved for results."""


def choose_language(arguments: Sequence[str] | None = None) -> Lang:
    """Return the language of messages: the one that ``--lang`` names, or else the one of the terminal.

    >>> choose_language(["check", "records", "--lang", "zh"]), choose_language(["check", "--lang=en"])
    ('zh', 'en')
    """
    own = sys.argv[1:] if arguments is None else arguments
    named = [value for option, value in pairwise(own) if option == "--lang"]
    named += [option.removeprefix("--lang=") for option in own if option.startswith("--lang=")]
    return "zh" if named[-1:] == ["zh"] else "en" if named[-1:] == ["en"] else detect_language()


def say(template: str, **values: object) -> None:
    """Print a result in the language of the reader."""
    typer.echo(Text(template, **values).read(choose_language()))


def print_note(template: str, **values: object) -> None:
    """Print a note on standard error in the language of the reader."""
    _print(Text(template, **values))


def refuse_empty_arguments(arguments: Sequence[str]) -> None:
    """Refuse empty arguments: as a path, one would mean the current folder.

    Raises
    ------
    UsageError

    >>> refuse_empty_arguments(["check", ""])
    Traceback (most recent call last):
    riskml.errors.UsageError: The argument after 'check' is empty.
    Write a value, or leave the option out; a variable in the command may not be set.
    """
    for before, argument in pairwise(arguments):
        if not argument.strip():
            raise UsageError(
                "The argument after {before!r} is empty.",
                "Write a value, or leave the option out; a variable in the command may not be set.",
                before=before,
            )


_YOUNG = 50_000
"""Number of new objects after which Python looks for garbage. With the default of 700, a fifth of the time for a list
of 50,000 rows went into looking through rows that are all in use."""


class _LightGBMAlone:
    """Lets LightGBM start as if scikit-learn were not installed: importing both takes half a second longer."""

    @classmethod
    def find_spec(cls, name: str, _path: object, _target: object = None) -> None:
        loading = getattr(sys.modules.get("lightgbm.compat"), "__spec__", None)
        if name == "sklearn" and getattr(loading, "_initializing", False):
            raise ModuleNotFoundError(name=name)


def run(app: Callable[..., Any]) -> None:
    """Run the application; an error of riskml or of the command line is printed without a stack trace."""
    gc.set_threshold(_YOUNG)
    if _LightGBMAlone not in sys.meta_path and "benchmark" not in sys.argv:  # some benchmarks need both
        sys.meta_path.insert(0, _LightGBMAlone)
    try:
        sys.exit(app(standalone_mode=False))
    except ClickException as error:
        _print_option_error(error)
        sys.exit(error.exit_code)
    except RiskmlError as error:
        _print_error(error.text)
        sys.exit(1)
    except typer.Abort:
        console.print(Text("Aborted.").read(choose_language()), style="red")
        sys.exit(1)
    except OSError as error:
        unusable = UsageError(
            "{path} cannot be used: {reason}.",
            "Check the path, the permissions and the free space.",
            path=error.filename or Text("A file"),
            reason=explain_os_error(error),
        )
        _print_error(unusable.text)
        sys.exit(1)
    except KeyboardInterrupt:
        print_note("Stopped.")
        sys.exit(130)


def _print(text: Text) -> None:
    console.print(text.read(choose_language()), highlight=False, markup=False, soft_wrap=True)


def _print_error(text: Text) -> None:
    lang = choose_language()
    console.print(Text("Error:").read(lang), style="bold red", end=" " if lang == "en" else "")
    _print(text)


def _print_option_error(error: ClickException) -> None:
    """Print usage, the command for help, and what is wrong."""
    if isinstance(error, NoArgsIsHelpError):
        error.show()
        return
    context = getattr(error, "ctx", None)
    if context is not None:
        print_note("Usage: {usage}", usage=" ".join(context.get_usage().split()[1:]))
        print_note("Try '{command} --help' for help.", command=context.command_path)
    _print_error(parse_option_error(error.format_message()))

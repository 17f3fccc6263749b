"""Errors written for people: they say what is wrong, where, how often, and what to do about it."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from riskml.text import Joined, Text, shorten_list


def suggest_names(unknown: Iterable[str], known: Iterable[str]) -> Text:
    """Suggest the closest known name for each unknown one; the text is empty if no known name is close.

    >>> suggest_names(["incme", "zzz"], ["income", "help"])
    "did you mean 'income' for 'incme'?"
    """
    names = list(known)
    matches = {name: get_close_matches(name, names, n=1) for name in unknown}
    close = ((name, match[0]) for name, match in matches.items() if match)
    questions = [Text("did you mean {known!r} for {name!r}?", known=known, name=name) for name, known in close]
    return Joined(questions, "; ", "")


def explain_os_error(error: OSError) -> Text:
    """Return the operating system's reason for an error; if a file stands where a folder is needed, say so.

    >>> explain_os_error(FileNotFoundError(2, "No such file or directory")).read("zh")
    '文件或文件夹不存在'
    """
    return Text("Not a directory" if error.errno == errno.EEXIST else error.strerror or str(error))


class RiskmlError(Exception):
    """Base class of every error that riskml raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, where, and how often: a text, or a template for the values (see `riskml.text`).
    hint : str, optional
        What to do about it, likewise.
    **values
        Values for both templates.
    """

    def __init__(self, message: str, hint: str = "", **values: Any) -> None:
        self.message = Text(message, **values)
        self.hint = Text(hint, **values)
        super().__init__(self.message, self.hint)

    @property
    def text(self) -> Text:
        """The message, followed by the hint on a line of its own."""
        return Joined(filter(None, (self.message, self.hint)), "\n", "\n")

    def __str__(self) -> str:
        return str(self.text)


class RecordsError(RiskmlError):
    """Records, in a folder or in memory, cannot be used as they are."""

    @classmethod
    def no_folder(cls, path: object) -> RecordsError:
        """Build the error for a records folder that does not exist."""
        return cls(
            "There is no records folder at {path}.", "Check the path; `riskml simulate OUT` makes a sample.", path=path
        )

    @classmethod
    def missing_columns(cls, table: str, missing: Sequence[str], available: Sequence[str]) -> RecordsError:
        """Build the error for required columns that a table lacks."""
        return cls(
            "Table {table!r} lacks {count} required column(s): {columns}.",
            suggest_names(missing, available) or Text("The table has: {all}.", all=shorten_list(available, most=12)),
            table=table,
            count=len(missing),
            columns=shorten_list(missing),
        )


class PolicyError(RiskmlError):
    """A policy table is incomplete or contradicts itself."""


class SplitError(RiskmlError):
    """The records cover too few months to train on earlier dates and test on later ones."""


class ModelError(RiskmlError):
    """A model cannot be fitted to the given rows or applied to them."""

    @classmethod
    def one_class(cls, count: int) -> ModelError:
        """Build the error for training rows that all have the same outcome."""
        return cls(
            "All {count} training rows have the same outcome; a model needs both.",
            "Use a longer period, more households or another horizon.",
            count=count,
        )


class BundleError(RiskmlError):
    """A model bundle is damaged, was altered, or does not work with this version of riskml."""


class ReleaseError(RiskmlError):
    """A model did not pass the checks for release."""


class TrackingError(RiskmlError):
    """The tracking server cannot be used."""


class SimulationError(RiskmlError):
    """The parameters of a simulation are invalid."""


class FontError(RiskmlError):
    """Chinese text cannot be drawn."""

    @classmethod
    def not_installed(cls, package: str) -> FontError:
        """Build the error for a font package that is missing or incomplete."""
        return cls(
            "No Chinese font: package {package!r} is not installed or lacks its font file.",
            "Install it with `pip install {package}`; system fonts are not used.",
            package=package,
        )


class ClusterError(RiskmlError):
    """A cluster cannot be reached, or lost its workers."""


class UsageError(RiskmlError):
    """Arguments contradict each other, or name something that does not exist."""


@contextmanager
def explaining(
    message: str, hint: str = "", kind: type[RiskmlError] = UsageError, otherwise: str = "", **values: Any
) -> Iterator[None]:
    """Explain why a file cannot be read or written: turn an error of the operating system into one for people.

    Parameters
    ----------
    message, hint : str
        Templates, which may name the ``reason``.
    kind : type
        Kind of the error that is raised.
    otherwise : str, optional
        The reason if the file's content is wrong (a ``ValueError`` or ``TypeError``); by default, that is no reason.
    **values
        Further values for the templates.

    >>> with explaining("{path} cannot be read: {reason}.", "Check the path.", path="a.csv"):
    ...     open("/nowhere/a.csv")
    Traceback (most recent call last):
    ...
    riskml.errors.UsageError: a.csv cannot be read: No such file or directory. Check the path.
    """
    try:
        yield
    except OSError as error:
        raise kind(message, hint, **values, reason=explain_os_error(error)) from error
    except (ValueError, TypeError) as error:
        if not otherwise:
            raise
        raise kind(message, hint, **values, reason=Text(otherwise)) from error

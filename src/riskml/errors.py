"""Errors written for people: they say what is wrong, where, how often, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = [
    "BundleError",
    "FontError",
    "ModelError",
    "PolicyError",
    "RecordsError",
    "ReleaseError",
    "RiskmlError",
    "SimulationError",
    "SplitError",
    "TrackingError",
    "UsageError",
    "shorten_list",
    "suggest_names",
]


def shorten_list(values: Iterable[object], most: int = 5) -> str:
    """Join at most ``most`` values for a message, and count the rest.

    >>> shorten_list(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    texts = [str(value) for value in values]
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])} and {len(texts) - most} more"


def suggest_names(unknown: Iterable[str], known: Iterable[str]) -> str:
    """Suggest the closest known name for each unknown one; the text is empty if no known name is close.

    >>> suggest_names(["incme", "zzz"], ["income", "help"])
    "did you mean 'income' for 'incme'?"
    """
    names = list(known)
    matches = {name: get_close_matches(name, names, n=1) for name in unknown}
    return "; ".join(f"did you mean {match[0]!r} for {name!r}?" for name, match in matches.items() if match)


class RiskmlError(Exception):
    """Base class of every error that riskml raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, where, and how often.
    hint : str, optional
        What to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class RecordsError(RiskmlError):
    """Records, in a folder or in memory, cannot be used as they are."""

    @classmethod
    def no_folder(cls, path: object) -> RecordsError:
        """Build the error for a records folder that does not exist."""
        return cls(f"There is no records folder at {path}.", "Check the path; `riskml simulate OUT` makes a sample.")

    @classmethod
    def missing_columns(cls, table: str, missing: Sequence[str], available: Sequence[str]) -> RecordsError:
        """Build the error for required columns that a table lacks."""
        return cls(
            f"Table {table!r} lacks {len(missing)} required column(s): {shorten_list(missing)}.",
            suggest_names(missing, available) or f"The table has: {shorten_list(available, most=12)}.",
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
            f"All {count} training rows have the same outcome; a model needs both.",
            "Use a longer period, more households or another horizon.",
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
            f"No Chinese font: package {package!r} is not installed or lacks its font file.",
            f"Install it with `pip install {package}`; system fonts are not used.",
        )


class UsageError(RiskmlError):
    """Arguments contradict each other, or name something that does not exist."""

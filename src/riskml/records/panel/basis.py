"""The rule that decides which window of a household's income counts on a date."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["UP_TO_DATE", "IncomeBasis"]


@dataclass(frozen=True)
class IncomeBasis:
    """Rule for which window of a household's income counts on a date.

    Parameters
    ----------
    window : int, default 12
        Length of the window in months.
    complete : bool, default False
        Whether every month of the window must be reported; otherwise at least half of them.
    age : int, default 0
        Largest number of months by which the window may end before the last complete month. It is above 0 for a
        register, which states income once a year, months after the year's end.
    """

    window: int = 12
    complete: bool = False
    age: int = 0


UP_TO_DATE = IncomeBasis()
"""Basis under which only the twelve months up to the last complete month count."""

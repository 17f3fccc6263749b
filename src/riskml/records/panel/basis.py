"""The rule that selects the months over which a household's income is measured on a date (its *income window*)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IncomeBasis:
    """Rule that selects a household's income window: the months over which its income is measured on a date.

    Parameters
    ----------
    window : int, default 12
        Length of the window in months.
    complete : bool, default False
        Whether every month of the window must be reported; otherwise, at least half of them must be.
    age : int, default 0
        Largest number of months by which the window may end before the last complete month. It is above 0 for a
        register, which states income once a year, months after the year's end.
    """

    window: int = 12
    complete: bool = False
    age: int = 0


UP_TO_DATE = IncomeBasis()
"""Basis whose window is always the twelve months up to the last complete month."""

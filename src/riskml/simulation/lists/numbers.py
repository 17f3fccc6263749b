"""Makes and corrupts Chinese ID numbers; those of invented people begin with 99, a region that does not exist."""

from __future__ import annotations

from datetime import date

import numpy as np

from riskml.records.contract.personal import compute_check_digit

__all__ = ["add_check_digit", "draw_number", "shorten_to_fifteen"]


def add_check_digit(digits: str) -> str:
    """Append the check digit of GB 11643 to the first 17 digits of a number.

    >>> add_check_digit("99010119800101001")
    '990101198001010014'
    """
    return digits + compute_check_digit(digits)


def draw_number(region: str, birth: date, sex: str, rng: np.random.Generator) -> str:
    """Draw a valid number: 6 digits for the region, the birth date, a serial number (odd for men), a check digit."""
    serial = 2 * int(rng.integers(0, 500)) + (sex == "m")
    return add_check_digit(f"{region}{birth:%Y%m%d}{serial:03}")


def shorten_to_fifteen(number: str) -> str:
    """Return the number as it was before 1999: with a two-digit year and no check digit.

    >>> shorten_to_fifteen("990101198001010014")
    '990101800101001'
    """
    return number[:6] + number[8:17]

"""Parses ID numbers in lists: complete, with 15 digits, masked, spoilt by a spreadsheet, or within another number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from riskml.records.contract.personal import compute_check_digit

_KEPT = 15
"""Digits of a number that a spreadsheet keeps."""

_ROUNDED_UP = "436"
"""Smallest last three digits that programs may round up: they keep a multiple of 128 and hide these digits."""

_NOISE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff'\"`‘’“”´\-—–_.]+")
_MASKS = str.maketrans(dict.fromkeys("#?•●○■□◆▲☆★", "*"))
_LETTERS = str.maketrans({"O": "0", "I": "1", "L": "1", "×": "X", "Х": "X"})  # the last one is Cyrillic
_SCIENTIFIC = re.compile(r"\+?(\d)(?:\.(\d+))?E\+?(\d\d)")
_CERTIFICATE = re.compile(r"([\dX*]{18})([1-7][1-4])(B\d*)?")


@dataclass(frozen=True, slots=True)
class IdNumber:
    """What a cell says about an ID number.

    Parameters
    ----------
    kind : {"full", "masked", "rounded", "wrong"}
        ``full``: 18 characters with a valid day of birth and a valid check digit. ``masked``: some characters are
        hidden. ``rounded``: a spreadsheet kept only the first digits. ``wrong``: none of these; it may be mistyped.
    text : str
        ``full``: the 18 characters. ``masked`` and ``rounded``: 18 characters, ``*`` for each unknown one.
        ``wrong``: the digits and letters of the cell.
    checked : bool
        Whether a check digit confirms a ``full`` number; numbers of 15 digits have none.
    """

    kind: Literal["full", "masked", "rounded", "wrong"]
    text: str
    checked: bool = False

    @property
    def birth(self) -> date | None:
        """Day of birth, if all its digits are known and such a day exists."""
        return None if self.kind == "wrong" else _read_birth(self.text)

    @property
    def sex(self) -> Literal["f", "m"] | None:
        """Sex, which the 17th digit determines."""
        digit = self.text[16:17] if self.kind != "wrong" else ""
        return ("f", "m")[int(digit) % 2] if digit.isdecimal() else None

    def fits(self, number: str) -> bool:
        """Return whether a complete number of 18 characters agrees with everything that is known.

        >>> parse_id_number("990123********2348").fits("990123198503122348")
        True

        Spreadsheets replace the last three digits by zeros; other programs round them:

        >>> parse_id_number("990123198503122896", is_number=True).fits("990123198503122871")
        True
        """
        if self.kind == "wrong" or len(number) != len(self.text):
            return self.text == number
        if self.kind == "rounded":
            kept = len(self.text.rstrip("*"))
            first, rest = int(number[:kept]), number[kept:]
            return int(self.text[:kept]) in (first, first + (rest >= _ROUNDED_UP))
        return all(own in ("*", other) for own, other in zip(self.text, number, strict=True))

    def suspect_rounding(self) -> IdNumber:
        """Return the reliable part of a complete number that a spreadsheet may have rounded, whatever its check digit.

        >>> [IdNumber("full", text).suspect_rounding().text for text in ("990123198503122000", "990123198503122348")]
        ['990123198503122***', '990123198503122348']
        """
        return _cut(self.text) if self.kind == "full" and _is_rounded(self.text) else self


def parse_id_number(text: str | None, *, is_number: bool = False) -> IdNumber | None:
    """Parse an ID number; return ``None`` if the cell holds none.

    Parameters
    ----------
    text : str or None
        The cell: an ID number of 18 or 15 characters, a disability certificate (ID number, type, level, reissue), a
        school number (``G`` and the ID number), with labels, quotes, blanks, full-width or mistaken characters.
    is_number : bool
        Whether the cell held a number, of which a spreadsheet keeps only 15 digits.

    Returns
    -------
    IdNumber or None
        A cell that holds two different numbers is ``wrong`` with an empty text.

    Examples
    --------
    >>> [parse_id_number(text).text for text in ("990123850312234", "G990123198503122348", "990123 19850312 2348 42B1")]
    ['990123198503122348', '990123198503122348', '990123198503122348']
    >>> [(id.kind, id.text) for id in map(parse_id_number, ("9.90123198503122E+17", "990123********2348"))]
    [('rounded', '990123198503122***'), ('masked', '990123********2348')]
    >>> parse_id_number("无") is None
    True
    """
    if text and len(text) == 18 and text[:17].isdecimal() and text.isascii() and not is_number:
        return _read_token(text.upper())  # most cells
    written = unicodedata.normalize("NFKC", text or "").strip()
    if spoilt := _SCIENTIFIC.fullmatch(written.upper()):
        return _read_scientific(spoilt[1] + (spoilt[2] or ""), int(spoilt[3]))
    if is_number:
        written = written.removesuffix(".0")
        if written.isdecimal() and len(written) > _KEPT:
            return _read_scientific(_round(written), len(written) - 1)
    if ending := re.search(r"[后末尾][^\d]*(\d{2,5}[\dX])$", written.upper()):
        return IdNumber("masked", ending[1].rjust(18, "*"))
    tokens = re.findall(r"[0-9A-Z*×Х]+", _NOISE.sub("", written.upper().translate(_MASKS)))
    numbers = [number for token in tokens if (number := _read_token(token))]
    useful = {number for number in numbers if number.kind != "wrong"}
    if len(useful) > 1:
        return IdNumber("wrong", "")
    return next(iter(useful), None) or max(numbers, key=lambda number: len(number.text), default=None)


def _read_token(token: str) -> IdNumber | None:
    token = re.sub(r"^[A-WYZ]+(?=[\w*]{18})", "", token)  # the letter of a school number, or a label
    certificate = _CERTIFICATE.fullmatch(token.translate(_LETTERS))
    token = certificate[1] if certificate else token.translate(_LETTERS)
    masked = re.sub(r"X(?=X)|(?<=X)X|X(?=\*)|(?<=\*)X(?=\d)", "*", token)
    if "*" in masked:
        return _read_masked(masked)
    if re.fullmatch(r"\d{17}[\dX]", token):
        if _read_birth(token) and compute_check_digit(token[:17]) == token[17]:
            return IdNumber("full", token, checked=True)
        return _cut(token) if _is_rounded(token) else IdNumber("wrong", token)
    if re.fullmatch(r"\d{15}", token) and _read_birth(token[:6] + "19" + token[6:]):
        return IdNumber("full", _extend(token))
    if re.fullmatch(r"\d{36}", token):
        return IdNumber("wrong", "")
    return IdNumber("wrong", token) if re.search(r"\d", token) else None


def _read_masked(token: str) -> IdNumber | None:
    if not re.search(r"\d", token):
        return None
    if len(token) == 15 and re.fullmatch(r"[\d*]{15}", token):
        return IdNumber("masked", token[:6] + "19" + token[6:] + "*")
    if len(token) != 18:  # the mask is not as long as the part that it hides
        first, *_, last = re.split(r"\*+", token)
        if len(first) + len(last) > 17:
            return IdNumber("wrong", token.replace("*", ""))
        token = first + "*" * (18 - len(first) - len(last)) + last
    return IdNumber("masked", token)


def _read_scientific(digits: str, exponent: int) -> IdNumber:
    if exponent == 14 and len(digits) >= _KEPT and _read_birth(digits[:6] + "19" + digits[6:]):
        return IdNumber("full", _extend(digits[:15]))
    if exponent == 14:
        return IdNumber("rounded", (digits[:6] + "19" + digits[6:]).ljust(18, "*")[:18])
    if exponent == 17:
        return IdNumber("rounded", digits[:_KEPT].ljust(18, "*"))
    return IdNumber("wrong", digits)


def _extend(digits: str) -> str:
    """Return the 18 characters of a number with 15 digits."""
    first = digits[:6] + "19" + digits[6:]
    return first + compute_check_digit(first)


def _round(digits: str) -> str:
    """Undo the binary form: the nearest number that a spreadsheet can hold ends in zeros."""
    return str(round(int(digits), _KEPT - len(digits)))


def _cut(token: str) -> IdNumber:
    return IdNumber("rounded", _round(token)[:_KEPT] + "***")


def _is_rounded(token: str) -> bool:
    """Return whether a number of 18 digits shows traces of a spreadsheet: zeros, or the nearest binary number."""
    if not token.isdecimal():
        return False
    return token.endswith("000") or int(token) == int(float(_round(token)))


def _read_birth(text: str) -> date | None:
    digits = text[6:14]
    if not (len(digits) == 8 and digits.isdecimal()):
        return None
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return day if 1850 <= day.year <= 2100 else None

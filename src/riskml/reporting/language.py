"""The language of a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """The language of a page; call it with a Chinese and an English text to get the text in this language.

    Parameters
    ----------
    code : {"zh", "en"}

    Examples
    --------
    >>> Language("en")("走访", "visit")
    'visit'
    """

    code: str

    def __call__(self, zh: str, en: str) -> str:
        """Choose a text; in English, a non-breaking space keeps each percent sign with its number."""
        return zh if self.code == "zh" else en.replace(" %", "\u00a0%")

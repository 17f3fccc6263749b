"""Columns of Excel sheets, each declared once: its heading in both languages, and what its cells show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskml_serving.register.service import Person
from riskml_serving.web.shell.words import get_word

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Style:
    """How a sheet shows its rows to its reader.

    Parameters
    ----------
    lang : {"zh", "en"}
    name_region : callable
        Names a region by its code.
    heads : dict of str to Person
        Heads of households by code; empty for a reader who may not see names.
    """

    lang: str
    name_region: Callable[[str], str]
    heads: Mapping[str, Person]

    def t(self, zh: str, en: str) -> str:
        """Choose the text in the reader's language."""
        return zh if self.lang == "zh" else en

    def word(self, kind: str, code: str | None) -> str:
        """Return the short word for a code; see :func:`get_word`."""
        return get_word(kind, code, self.lang)

    def tell(self, row: Row, field: str) -> str:
        """Tell a field of the head of a row's household; empty if the head is not known."""
        return getattr(self.heads.get(row.get("household_id", "")), field, "")


Column = tuple[str, str, Callable[[Row, Style], Any]]
"""A column: its heading in Chinese and in English, and the function that returns the cell for a row."""

CODE: Column = ("户码", "code", lambda row, _: row.get("household_id", ""))
REGION: Column = ("地区", "region", lambda row, style: style.name_region(row["region_code"]))
CONTACT: tuple[Column, ...] = (
    ("户主", "head", lambda row, style: style.tell(row, "name")),
    ("组", "group", lambda row, style: style.tell(row, "group")),
    ("门牌", "door", lambda row, style: style.tell(row, "door")),
    ("电话", "telephone", lambda row, style: style.tell(row, "phone")),
)
"""Columns about the head of a household, for readers who may see names."""


def make_table(columns: Sequence[Column], rows: Iterable[Row], style: Style) -> tuple[list[str], list[list[Any]]]:
    """Return the header and the rows of a sheet."""
    return [style.t(zh, en) for zh, en, _ in columns], [[show(row, style) for *_, show in columns] for row in rows]

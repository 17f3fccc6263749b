"""Fixtures for the report on the model of the small simulated county, rendered once in each language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from riskml.model import Bundle
from riskml.reporting import render_report


@dataclass
class Page(HTMLParser):
    """The content of a page: its text without styles, its table cells by row, its ids and its references."""

    html: str = ""
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)
    marked: dict[str, list[str]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self._quiet = 0
        self._cell = False
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.add(tag)
        self._quiet += tag in ("style", "svg")
        if values.get("id") and not self._quiet:
            self.ids.append(str(values["id"]))
        self.references += [str(values[name]) for name in ("src", "href", "data", "srcset", "action") if name in values]
        if tag == "tr":
            self.rows.append([])
            if name := values.get("data-model") or values.get("data-check"):
                self.marked[str(name)] = self.rows[-1]
        if tag in ("td", "th"):
            self._cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in ("style", "svg")
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._quiet:
            return
        self.text += data
        if self._cell:
            self.rows[-1][-1] += data


@pytest.fixture(scope="session")
def read() -> Callable[[str], Page]:
    return lambda html: Page(html)


@pytest.fixture(scope="session")
def bundle(trained: Bundle) -> Bundle:
    return trained


@pytest.fixture(scope="session")
def html(bundle: Bundle) -> dict[str, str]:
    return {lang: render_report(bundle, lang=lang) for lang in ("zh", "en")}


@pytest.fixture(scope="session")
def files(html: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    for lang, text in html.items():
        (folder / f"{lang}.html").write_text(text, encoding="utf-8")
    return {lang: folder / f"{lang}.html" for lang in html}

"""List the results of the release checks on a bundle, each with the page that documents the check."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from riskml.model import Bundle
from riskml.training import run_release_checks


def list_checks(bundle: Bundle, lang: str) -> list[dict[str, Any]]:
    """Run every check on the evidence in a bundle, without comparing it with a released champion.

    Returns
    -------
    list of dict
        ``code``, ``title``, ``status``, ``word``, ``message``, ``hint`` and ``page``, with all texts in ``lang``.
    """
    results = run_release_checks(bundle, None, None)
    return [{**result.describe(lang), "page": _render_page(result.code, lang)} for result in results]


def read_check_page(code: str, lang: str) -> str:
    """Read a check's page as Markdown from the installed package."""
    return files("riskml.reporting").joinpath("checks", f"{code}.{lang}.md").read_text(encoding="utf-8")


def _render_page(code: str, lang: str) -> Markup:
    """Render a check's page as HTML, without its title and with its headings two levels lower."""
    lines = read_check_page(code, lang).splitlines()[1:]
    body = "\n".join(f"##{line}" if line.startswith("## ") else line for line in lines)
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(body)
    return Markup(html.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>"))  # noqa: S704

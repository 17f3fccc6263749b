"""The coded checks of a bundle, each with its page of the documentation."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from riskml.evaluation.words import CHECK_STATUSES
from riskml.model import Bundle
from riskml.training import run_release_checks

__all__ = ["list_checks", "read_check_page"]


def list_checks(bundle: Bundle, lang: str) -> list[dict[str, Any]]:
    """Run every check on what a bundle carries; no champion is asked.

    Returns
    -------
    list of dict
        ``code``, ``title``, ``status``, ``word``, ``message``, ``hint`` in the language, and ``page``.
    """
    rows = []
    for result in run_release_checks(bundle, None, None):
        zh = lang == "zh"
        rows.append(
            {
                "code": result.code,
                "title": result.title_zh if zh else result.title,
                "status": result.status,
                "word": CHECK_STATUSES[result.status].get_name(lang),
                "message": result.message_zh if zh else result.message,
                "hint": result.hint_zh if zh else result.hint,
                "page": _rendered(result.code, lang),
            }
        )
    return rows


def read_check_page(code: str, lang: str) -> str:
    """Page of a check as Markdown, packaged so that a report can hold it."""
    return files("riskml.reporting").joinpath("checks", f"{code}.{lang}.md").read_text(encoding="utf-8")


def _rendered(code: str, lang: str) -> Markup:
    """Page without its title, its headings two levels lower."""
    lines = read_check_page(code, lang).splitlines()[1:]
    body = "\n".join(f"##{line}" if line.startswith("## ") else line for line in lines)
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(body)
    return Markup(html.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>"))  # noqa: S704

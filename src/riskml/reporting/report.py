"""The report of a model: one file that an analyst can defend, readable offline, on a phone and on paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from riskml.evaluation.numbers import FORMATS
from riskml.fonts import make_font_face
from riskml.model import Bundle
from riskml.reporting.sections import sections

__all__ = ["render_report"]


def render_report(
    bundle: Bundle, *, simulated: bool = False, lang: str = "zh", report_data: Mapping[str, Any] | None = None
) -> str:
    """Write everything about a model as one self-contained HTML page.

    Parameters
    ----------
    bundle : Bundle
    simulated : bool, default False
        Whether the households are simulated: the page then says so wherever it shows figures. A bundle that says so
        itself needs no word.
    lang : str, default "zh"
        ``zh`` or ``en``.
    report_data : mapping, optional
        Report data computed anew from records, in place of those the bundle carries.

    Returns
    -------
    str
        HTML without scripts and without any reference to another file. The same bundle gives the same text.

    Raises
    ------
    FontError
        If the Chinese font is missing.
    """
    say = speaker(lang)
    facts = sections(bundle, bundle.report if report_data is None else report_data, simulated, lang, say)
    environment = Environment(
        loader=PackageLoader("riskml.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FORMATS | {"span": _span}
    text = environment.get_template("report.html").render(lang=lang, t=say, font="", **facts)
    face = make_font_face(re.sub(r"<(svg|style)\b.*?</\1>", "", text, flags=re.DOTALL) + _ASCII)
    return text.replace("/* font */", face, 1)


_ASCII = "".join(map(chr, range(32, 127)))


def speaker(lang: str) -> Callable[[str, str], str]:
    """Choose between Chinese and English.

    >>> speaker("en")("走访", "visit")
    'visit'
    """
    return lambda zh, en: zh if lang == "zh" else en.replace(" %", "\u00a0%")


def _span(interval: Any, digits: int = 3, percent: bool = False) -> Markup:
    """Write an interval in small type; nothing where there is none."""
    if interval is None:
        return Markup("")
    low, high = (f"{end:.{digits}%}" if percent else f"{end:.{digits}f}" for end in interval)
    return Markup(f'<small class="ci">{low}–{high}</small>')  # noqa: S704 - numbers only

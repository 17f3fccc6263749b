"""Write the report on a model as a single HTML file that can be read offline, on a phone and on paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from riskml.evaluation.numbers import FORMATS, format_interval
from riskml.fonts import make_font_face
from riskml.model import Bundle
from riskml.reporting.language import Language
from riskml.reporting.sections import gather_sections


def render_report(
    bundle: Bundle, *, simulated: bool = False, lang: str = "zh", report_data: Mapping[str, Any] | None = None
) -> str:
    """Render the report on a model as one self-contained HTML page.

    Parameters
    ----------
    bundle : Bundle
    simulated : bool, default False
        Whether the households are simulated; if so, the page says so wherever it shows figures. The parameter is not
        needed if the bundle already states this.
    lang : str, default "zh"
        ``zh`` or ``en``.
    report_data : mapping, optional
        Report data computed from records, used instead of the data in the bundle.

    Returns
    -------
    str
        HTML without scripts or references to other files. The same bundle always gives the same text.

    Raises
    ------
    FontError
        If the Chinese font is missing.
    """
    t = Language(lang)
    facts = gather_sections(bundle, bundle.report if report_data is None else report_data, simulated, t)
    environment = Environment(
        loader=PackageLoader("riskml.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FORMATS | {"span": partial(format_interval, form=_INTERVAL)}
    text = environment.get_template("report.html").render(lang=lang, t=t, font="", **facts)
    face = make_font_face(re.sub(r"<(svg|style)\b.*?</\1>", "", text, flags=re.DOTALL) + _ASCII)
    return text.replace("/* font */", face, 1)


_INTERVAL = Markup('<small class="ci">{}–{}</small>')
_ASCII = "".join(map(chr, range(32, 127)))

"""The report of a model: what it was trained on, how it compares, where it fails."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from riskml.evaluation.comparison import complement_sentence
from riskml.model import Bundle

__all__ = ["render_report"]


def render_report(bundle: Bundle, *, simulated: bool = False) -> str:
    """Write a bundle's evaluation as one self-contained HTML page.

    Parameters
    ----------
    bundle : Bundle
    simulated : bool, default False
        Whether the households are simulated: the page then says so at its head.

    Returns
    -------
    str
        HTML without any reference to another file.
    """
    page = files("riskml.reporting").joinpath("report.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["figure"] = lambda value, digits=3: "–" if value is None else f"{value:.{digits}f}"
    environment.filters["count"] = lambda value: f"{value:,}"
    return environment.from_string(page).render(
        bundle=bundle,
        evaluation=bundle.evaluation,
        split=bundle.manifest["split"],
        complement=complement_sentence(bundle.evaluation, "zh"),
        simulated=simulated,
    )

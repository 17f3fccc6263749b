"""Write the model card: a model's purpose, evaluation and limits, first in Chinese, then in English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from riskml.evaluation.comparison import describe_complement, render_markdown
from riskml.evaluation.groups import select_shown_groups
from riskml.evaluation.numbers import FORMATS, format_interval
from riskml.evaluation.words import MISSING, MODELS, name_groups, sort_models
from riskml.model import Bundle
from riskml.training.release import run_release_checks


def write_model_card(bundle: Bundle) -> str:
    """Write a bundle's model card as Markdown.

    Parameters
    ----------
    bundle : Bundle
        A bundle that includes its report data.

    Returns
    -------
    str
        The card, with figures from ``evaluation.json`` and ``report.json``, but nothing about individual households.
    """
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701 - Markdown
    environment.filters |= FORMATS
    parts = []
    for lang, form in (("zh", "（{}–{}）"), ("en", " ({}–{})")):
        environment.filters["span"] = partial(format_interval, form=form)
        page = files("riskml.training").joinpath(f"card.{lang}.md").read_text(encoding="utf-8")
        parts.append(_tidy_lines(environment.from_string(page).render(_collect_facts(bundle, lang))))
    return "\n---\n\n".join(parts)


def _collect_facts(bundle: Bundle, lang: str) -> dict[str, Any]:
    evaluation, report = bundle.evaluation, bundle.report
    groups, _ = select_shown_groups(evaluation["groups"])
    return {
        "bundle": bundle,
        "manifest": bundle.manifest,
        "settings": bundle.settings,
        "split": evaluation["split"],
        "simulated": bundle.simulated,
        "missing": ("，" if lang == "zh" else ", ").join(
            f"{MISSING[reason].get_name(lang)} {count:,}" for reason, count in evaluation["split"]["missing"].items()
        ),
        "names": "；".join(f"{name}：{MODELS[name].zh}" for name in sort_models(evaluation["models"])),
        "comparison": render_markdown(evaluation, lang=lang),
        "complement": describe_complement(evaluation, lang),
        "calibration": evaluation["calibration"],
        "capacity": evaluation["capacity"],
        "groups": name_groups(groups, lang),
        "checks": [result.describe(lang) for result in run_release_checks(bundle, None, None)],
        "reasons": read_reason_quality(report),
    }


def read_reason_quality(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the quality of the reasons from the report data; every figure that was not measured is None."""
    figures = ("all", "visited", "soon", "classifier", "steadiness", "two_reasons")
    return {**dict.fromkeys(figures), **report.get("reasons", {})}


def _tidy_lines(text: str) -> str:
    """Reduce the space between paragraphs to one blank line."""
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"

"""The comparison of models as a table: for the terminal, for plain text and for Markdown."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from riskml.evaluation.words import sort_models

__all__ = ["build_table", "describe_complement", "render_markdown", "render_text"]

Evaluation = Mapping[str, Any]

_HEADERS = {
    "en": (
        "model",
        "AUC",
        "AP",
        "Brier",
        "recall\nat 1 %",
        "recall\nat 5 %",
        "recall\nat 10 %",
        "precision\nat 10 %",
        "visits\nper case",
        "lead\nmonths",
    ),
    "zh": (
        "模型",
        "AUC",
        "平均精确率\nAP",
        "Brier",
        "走访 1%\n查全率",
        "走访 5%\n查全率",
        "走访 10%\n查全率",
        "走访 10%\n查准率",
        "每发现一户\n需走访户数",
        "提前月数",
    ),
}
_SIMULATED = {"en": "simulated county, not real households", "zh": "模拟县数据，非真实农户"}
_COMPLEMENT = {
    "en": (
        "Of {all} households that fell: {both} flagged by both, {model_only} by the model only, "
        "{rule_only} by the rule line only, {neither} by neither."
    ),
    "zh": "共有 {all} 户返贫（致贫）：两者都发现 {both} 户，仅模型 {model_only} 户，仅监测线规则 {rule_only} 户，均未发现 {neither} 户。",  # noqa: E501
}


def build_table(
    evaluation: Evaluation, title: str = "", *, simulated: bool = False, intervals: bool = True, lang: str = "en"
) -> Table:
    """Build the comparison as a table for the terminal.

    Parameters
    ----------
    evaluation : mapping
        What ``evaluate`` returns, or ``evaluation.json``.
    title : str, default ""
    simulated : bool, default False
        Whether the households are simulated: the title then says so.
    intervals : bool, default True
        Whether 95 % intervals stand with AUC, AP and the figures at 10 %: the table is then about 115 characters
        wide, else about 90.
    lang : str, default "en"
        ``en`` or ``zh``.

    Returns
    -------
    rich.table.Table
    """
    return _build_table(evaluation, title, simulated, intervals, lang, box.SIMPLE)


def render_text(
    evaluation: Evaluation, title: str = "", *, simulated: bool = False, intervals: bool = True, lang: str = "en"
) -> str:
    """Write the comparison as plain text; see ``build_table`` for the parameters.

    >>> none = {"auc": 0.8, "ap": None, "brier": 0.04}
    >>> print(render_text({"models": {"riskml": none}}, "test 1987", simulated=True).splitlines()[0].strip())
    test 1987 · simulated county, not real households
    """
    return _print(build_table(evaluation, title, simulated=simulated, intervals=intervals, lang=lang))


def render_markdown(
    evaluation: Evaluation, title: str = "", *, simulated: bool = False, intervals: bool = True, lang: str = "en"
) -> str:
    """Write the comparison as a Markdown table under its title; see ``build_table`` for the parameters.

    >>> one = {"models": {"riskml": {"auc": 0.8, "ap": None, "brier": 0.04, "lead_months": 2.26}}}
    >>> [cell.strip() for cell in render_markdown(one).splitlines()[2].split("|")[1:5]]
    ['riskml', '0.800', 'n/a', '0.0400']
    """
    table = _build_table(evaluation, title, simulated, intervals, lang, box.MARKDOWN)
    head, table.title = table.title, None
    return (f"**{head}**\n\n" if head else "") + _print(table)


def describe_complement(evaluation: Evaluation, lang: str = "en") -> str:
    """Say how many households that fell each of model and rule line found; empty where there is no complement.

    >>> kinds = {"both": 4, "rule_only": 3, "model_only": 2, "neither": 1}
    >>> describe_complement({"complement": {kind: {"n": 9, "positives": n} for kind, n in kinds.items()}})
    'Of 10 households that fell: 4 flagged by both, 2 by the model only, 3 by the rule line only, 1 by neither.'
    """
    kinds = evaluation.get("complement")
    if not kinds:
        return ""
    found = {kind: counts["positives"] for kind, counts in kinds.items()}
    return _COMPLEMENT[lang].format(all=sum(found.values()), **found)


def _build_table(
    evaluation: Evaluation, title: str, simulated: bool, intervals: bool, lang: str, lines: box.Box
) -> Table:
    """Build the table; in Markdown a cell is one line, elsewhere an interval stands under its figure."""
    between = " " if lines is box.MARKDOWN else "\n"
    said = [part for part in (title, _SIMULATED[lang] if simulated else "") if part]
    padding = (0, 1) if lines is box.MARKDOWN else (0, 1, 0, 0)
    table = Table(title=" · ".join(said) or None, box=lines, padding=padding)
    for i, header in enumerate(_HEADERS[lang]):
        table.add_column(header.replace("\n", between), justify="right" if i else "left", no_wrap=i == 0)
    models = evaluation["models"]
    for name in sort_models(models):
        measured = models[name]
        table.add_row(name, *_format_cells(measured, intervals, between))
    return table


def _print(table: Table) -> str:
    """Render at the width the table wants, without colours and without blanks at line ends."""
    console = Console(file=io.StringIO(), width=400, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    return "\n".join(line for line in lines if line) + "\n"


def _format_cells(measured: Mapping[str, Any], intervals: bool, between: str) -> list[str]:
    ci = measured.get("ci") or {} if intervals else {}
    recall, precision = measured.get("recall_at") or {}, measured.get("precision_at") or {}
    shown = [
        (measured.get("auc"), ci.get("auc"), 3),
        (measured.get("ap"), ci.get("ap"), 3),
        (measured.get("brier"), None, 4),
        (recall.get("0.01"), None, 3),
        (recall.get("0.05"), None, 3),
        (recall.get("0.10"), (ci.get("recall_at") or {}).get("0.10"), 3),
        (precision.get("0.10"), (ci.get("precision_at") or {}).get("0.10"), 3),
        (1 / precision["0.10"] if precision.get("0.10") else None, None, 1),
        (measured.get("lead_months"), None, 1),
    ]
    return [
        _format_figure(value, digits) + _format_interval(interval, digits, between) for value, interval, digits in shown
    ]


def _format_figure(value: float | None, digits: int) -> str:
    return "n/a" if value is None else f"{value:.{digits}f}"


def _format_interval(interval: list[float] | None, digits: int, between: str) -> str:
    """Write an interval without the zeros before the point, which say nothing about shares."""
    if interval is None:
        return ""
    low, high = (f"{end:.{digits}f}".removeprefix("0") for end in interval)
    return f"{between}({low}–{high})"

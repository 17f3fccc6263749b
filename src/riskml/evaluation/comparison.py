"""Show the comparison of models as a table: on the terminal, in plain text and in Markdown."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from riskml.evaluation.numbers import format_figure, format_interval
from riskml.evaluation.words import sort_models

Evaluation = Mapping[str, Any]

_COLUMNS = (
    ("AUC", "AUC", ("auc",), 3, True),
    ("AP", "平均精确率\nAP", ("ap",), 3, True),
    ("Brier", "Brier", ("brier",), 4, False),
    ("recall\nat 1 %", "走访 1%\n查全率", ("recall_at", "0.01"), 3, False),
    ("recall\nat 5 %", "走访 5%\n查全率", ("recall_at", "0.05"), 3, False),
    ("recall\nat 10 %", "走访 10%\n查全率", ("recall_at", "0.10"), 3, True),
    ("precision\nat 10 %", "走访 10%\n查准率", ("precision_at", "0.10"), 3, True),
    ("visits\nper case", "每发现一户\n需走访户数", ("visits",), 1, False),
    ("lead\nmonths", "提前月数", ("lead_months",), 1, False),
)
"""For each column: English and Chinese header, the figure's keys and digits, and whether to show its interval."""

_SIMULATED = {"en": "simulated county, not real households", "zh": "模拟县数据，非真实农户"}
_COMPLEMENT = {
    "en": (
        "Of {all} falls, {both} were flagged by both, {model_only} by the model only, "
        "{rule_only} by the rule line only and {neither} by neither."
    ),
    "zh": "检验行中返贫致贫 {all} 户次：模型和监测线规则都发现 {both} 户次，仅模型 {model_only} 户次，仅监测线规则 {rule_only} 户次，均未发现 {neither} 户次。",  # noqa: E501
}


def build_table(
    evaluation: Evaluation,
    title: str = "",
    *,
    simulated: bool = False,
    intervals: bool = True,
    lang: str = "en",
    borders: box.Box = box.SIMPLE,
) -> Table:
    """Build the comparison as a table, for the terminal or for Markdown.

    Parameters
    ----------
    evaluation : mapping
        The result of ``evaluate``, or the content of ``evaluation.json``.
    title : str, default ""
    simulated : bool, default False
        Whether the households are simulated; if so, the title says so.
    intervals : bool, default True
        Whether to show 95 % intervals for AUC, AP, and recall and precision at 10 %. With them, the table is about 115
        characters wide; without them, about 90.
    lang : str, default "en"
        ``en`` or ``zh``.
    borders : rich.box.Box, default box.SIMPLE
        With ``box.MARKDOWN``, each cell is one line; otherwise an interval is printed under its figure.

    Returns
    -------
    rich.table.Table
    """
    markdown = borders is box.MARKDOWN
    between = " " if markdown else "\n"
    titles = [part for part in (title, _SIMULATED[lang] if simulated else "") if part]
    padding = (0, 1) if markdown else (0, 1, 0, 0)
    table = Table(title=" · ".join(titles) or None, box=borders, padding=padding)
    table.add_column("模型" if lang == "zh" else "model", no_wrap=True)
    for en, zh, *_ in _COLUMNS:
        table.add_column((zh if lang == "zh" else en).replace("\n", between), justify="right")
    for name in sort_models(evaluation["models"]):
        table.add_row(name, *_format_cells(evaluation["models"][name], intervals, between))
    return table


def render_text(evaluation: Evaluation, title: str = "", **options: Any) -> str:
    """Write the comparison as plain text; see ``build_table`` for the options.

    >>> figures = {"auc": 0.8, "ap": None, "brier": 0.04}
    >>> print(render_text({"models": {"riskml": figures}}, "test 1987", simulated=True).splitlines()[0].strip())
    test 1987 · simulated county, not real households
    """
    return _print(build_table(evaluation, title, **options))


def render_markdown(evaluation: Evaluation, title: str = "", **options: Any) -> str:
    """Write the comparison as a Markdown table under its title; see ``build_table`` for the options.

    >>> evaluation = {"models": {"riskml": {"auc": 0.8, "ap": None, "brier": 0.04, "lead_months": 2.26}}}
    >>> [cell.strip() for cell in render_markdown(evaluation).splitlines()[2].split("|")[1:5]]
    ['riskml', '0.800', 'n/a', '0.0400']
    """
    table = build_table(evaluation, title, **options, borders=box.MARKDOWN)
    heading, table.title = table.title, None
    return (f"**{heading}**\n\n" if heading else "") + _print(table)


def describe_complement(evaluation: Evaluation, lang: str = "en") -> str:
    """Say how many falls were flagged by the model and by the rule line.

    >>> kinds = {"both": 4, "rule_only": 3, "model_only": 2, "neither": 1}
    >>> describe_complement({"complement": {kind: {"n": 9, "positives": n} for kind, n in kinds.items()}})
    'Of 10 falls, 4 were flagged by both, 2 by the model only, 3 by the rule line only and 1 by neither.'
    """
    falls = {kind: counts["positives"] for kind, counts in evaluation["complement"].items()}
    return _COMPLEMENT[lang].format(all=sum(falls.values()), **falls)


def _print(table: Table) -> str:
    """Render a table at its natural width, without colours or trailing blanks."""
    console = Console(file=io.StringIO(), width=400, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    return "\n".join(line for line in lines if line) + "\n"


def _format_cells(figures: Mapping[str, Any], intervals: bool, between: str) -> list[str]:
    precision = _look_up(figures, ("precision_at", "0.10"))
    figures = {**figures, "visits": 1 / precision if precision else None}
    cells = []
    for _, _, keys, digits, has_interval in _COLUMNS:
        interval = _look_up(figures, ("ci", *keys)) if intervals and has_interval else None
        figure = format_figure(_look_up(figures, keys), digits, missing="n/a")
        # drop the zeros before the decimal points
        cells.append(figure + format_interval(interval, digits, form=between + "({}–{})").replace("0.", "."))
    return cells


def _look_up(figures: Any, keys: Iterable[str]) -> Any:
    """Look up a figure in nested mappings; return None if any level lacks its key."""
    for key in keys:
        figures = (figures or {}).get(key)
    return figures

"""Draws the overview's charts from its counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from riskml.vocabulary.terms import read_vocabularies
from riskml.vocabulary.verdicts import COLOURS
from riskml_serving.judging.scores.ranking import WARNED
from riskml_serving.web.overview.charts import SHADES, Row, draw_bars, draw_columns
from riskml_serving.web.shell.words import get_word

MAX_BARS = 40
SIGNALS = COLOURS.codes[:0:-1]
"""Colours that are drawn. Unknown is not a colour, and green is left out because it would dwarf the others."""

TITLES = read_vocabularies("riskml_serving.web.overview", "words.yaml")["charts"]


def draw_charts(page: Mapping[str, Any], region: str, name_region: Callable[..., str], lang: str) -> dict[str, str]:
    """Draw the charts for an overview; return their SVG by name, with an empty string for a chart without data."""
    parts: list[Row] = [
        (
            name_region(part["region"], region),
            [(code, sum(part["by_section"][name][code] for name in WARNED)) for code in SIGNALS],
        )
        for part in page["whole"]["parts"][:MAX_BARS]
    ]
    months: list[Row] = [
        (_label_month(month, i == 0), [(code, counts[code]) for code in SIGNALS])
        for i, (month, counts) in enumerate(page["months"])
    ]
    yields: list[Row] = [
        (get_word("agreement", row["agreement"], lang), [("plain", round(100 * row["share"]))])
        for row in page["yields"]
        if row["visits"] and row["agreement"] != "none"
    ]
    causes: list[Row] = [(get_word("cause", code, lang), [("plain", n)]) for code, n in page["by_cause"].items() if n]
    warned = get_word("section", "warned", lang)
    titles = {name: title.replace("%s", warned) for name, title in TITLES.get_names(lang).items()}
    legend = [(code, get_word("signal", code, lang)) for code in SIGNALS]
    return {
        "parts": draw_bars(parts, titles["parts"]) if any(n for _, row in parts for _, n in row) else "",
        "months": draw_columns(months, titles["months"], legend) if months else "",
        "yields": draw_bars(yields, titles["yields"]) if yields else "",
        "causes": draw_bars(causes, titles["causes"]) if causes else "",
        "quarters": _draw_quarters(page["quarters"], titles["quarters"], lang),
    }


def _draw_quarters(quarters: list[tuple[str, dict[str, int]]], title: str, lang: str) -> str:
    """Draw entries into monitoring by quarter: the most frequent causes, and all other causes as one part."""
    total: Counter[str] = sum((Counter(counts) for _, counts in quarters), Counter())
    frequent = [code for code, _ in total.most_common(len(SHADES) - 1)]
    if not frequent:
        return ""
    rows: list[Row] = []
    for i, (quarter, counts) in enumerate(quarters):
        year, _, name = quarter.partition(" ")
        parts = [counts.get(code, 0) for code in frequent]
        parts.append(sum(counts.values()) - sum(parts))
        label = f"{name}\n{year}" if i == 0 or name == "Q1" else name
        rows.append((label, list(zip((*SHADES[: len(frequent)], SHADES[-1]), parts, strict=True))))
    legend = [*zip(SHADES, (get_word("cause", code, lang) for code in frequent), strict=False)]
    if len(total) > len(frequent):
        legend.append((SHADES[-1], {"zh": "其余原因", "en": "other causes"}[lang]))
    return draw_columns(rows, title, legend)


def _label_month(month: str, first: bool) -> str:
    """Label a month; put the year below the first month and below every January.

    >>> _label_month("2024-01", False).split(), _label_month("2024-02", False)
    (['1', '2024'], '2')
    """
    year, number = month[:4], str(int(month[5:]))
    return f"{number}\n{year}" if first or number == "1" else number

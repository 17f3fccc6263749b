"""The result of the benchmark on real panels, as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from riskml.benchmarks.panels.resampling import MEASURES
from riskml.evaluation.numbers import format_figure, format_interval

__all__ = ["render_panels"]

HEADINGS = {"auc": "AUC", "ap": "AP", "brier": "Brier"}


def render_panels(result: Mapping[str, Any]) -> str:
    """Write the comparison over all origins, and which yardstick beats riskml on which panel.

    Parameters
    ----------
    result : mapping
        The result of :func:`riskml.benchmarks.panels.run.run`.

    Returns
    -------
    str
        Markdown: a table of means and ranks, one of paired differences, and one of panels.
    """
    overall, names = result["overall"], HEADINGS.values()
    models = overall["models"]
    order = sorted(models, key=lambda name: (name != "riskml", name not in result["yardsticks"]))
    means = [
        (name, *(f"{entry['mean']:.4f} ({entry['rank']})" for entry in (models[name][measure] for measure in MEASURES)))
        for name in order
    ]
    differences = [
        (name, *(_format_difference(models[name][measure]["difference"]) for measure in MEASURES)) for name in order[1:]
    ]
    origins = result["origins"]
    parts = {
        **result["panels"],
        "one training date": result["one_wave"],
        "several training dates": result["more_waves"],
        "all": overall,
    }
    panels = [
        (name, str(part["origins"]), *_format_nearest(part["models"], result["yardsticks"]), _format_beaten(part))
        for name, part in parts.items()
        if part
    ]
    tested, fell = (sum(facts[name] for facts in origins) for name in ("n_test", "n_positive"))
    return "\n".join(
        [
            f"**Mean over {len(origins)} test origins ({tested:,} test rows, {fell:,} fell), and rank**\n",
            *_render_table(("model", *names), means),
            "\n**riskml minus each model: mean ± standard error, and 95 % interval (below 0 is better for Brier)**\n",
            *_render_table(("model", *names), differences),
            "\n**riskml minus the best yardstick of each column, ± standard error**\n",
            *_render_table(("panel", "origins", *names, "beaten by more than two standard errors"), panels),
        ]
    )


def _format_difference(difference: Mapping[str, Any]) -> str:
    value = f"{difference['value']:+.4f} ± {format_figure(difference['se'], 4)}"
    return value + format_interval(difference["ci"], 4, form=" ({} to {})")


def _format_nearest(models: Mapping[str, Any], yardsticks: Iterable[str]) -> list[str]:
    """Format, for each measure, the difference from the yardstick that ranks best."""
    cells = []
    for measure in MEASURES:
        name = min(yardsticks, key=lambda name: models[name][measure]["rank"])
        difference = models[name][measure]["difference"]
        cells.append(f"{difference['value']:+.4f} ± {format_figure(difference['se'], 4)} ({name})")
    return cells


def _format_beaten(part: Mapping[str, Any]) -> str:
    return ", ".join(f"{row['model']} ({HEADINGS[row['measure']]})" for row in part["beaten_by"]) or "none"


def _render_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [header, ("---", *("---:" for _ in header[1:])), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]

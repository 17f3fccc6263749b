"""The result of the benchmark on real panels, as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from riskml.benchmarks.panels.resampling import MEASURES
from riskml.evaluation.numbers import format_figure, format_interval

HEADINGS = {"auc": "AUC", "ap": "AP", "brier": "Brier"}


def render_panels(result: Mapping[str, Any]) -> str:
    """Write Markdown tables of means and ranks, of paired differences, and of the results on each panel.

    Parameters
    ----------
    result : mapping
        The result of :func:`riskml.benchmarks.panels.run.run`.
    """
    overall, baselines, origins = result["overall"], result["baselines"], result["origins"]
    models, names = overall["models"], HEADINGS.values()
    tested, fell = (sum(origin[name] for origin in origins) for name in ("n_test", "n_positive"))
    means = [[name, *(f"{row[m]['mean']:.4f} ({row[m]['rank']})" for m in MEASURES)] for name, row in models.items()]
    differences = [
        [name, *(_format_difference(row[m]["difference"]) for m in MEASURES)]
        for name, row in models.items()
        if "difference" in row["auc"]
    ]
    parts = {
        **result["panels"],
        "one training date": result["one_training_date"],
        "several training dates": result["several_training_dates"],
        "all": overall,
    }
    panels = [
        [name, str(part["origins"]), *_format_nearest(part["models"], baselines), _format_beaten(part)]
        for name, part in parts.items()
        if part
    ]
    return "\n".join(
        [
            f"**Mean over {len(origins)} test dates ({tested:,} test rows, {fell:,} fell), and rank**\n",
            *_render_table(["model", *names], means),
            "\n**riskml minus each model: mean ± standard error (95 % interval); below 0 is better for Brier**\n",
            *_render_table(["model", *names], differences),
            "\n**riskml minus the best baseline of each column: mean ± standard error**\n",
            *_render_table(["panel", "test dates", *names, "beaten by more than two standard errors"], panels),
        ]
    )


def _format_difference(difference: Mapping[str, Any]) -> str:
    value = f"{difference['value']:+.4f} ± {format_figure(difference['se'], 4)}"
    return value + format_interval(difference["ci"], 4, form=" ({} to {})")


def _format_nearest(models: Mapping[str, Any], baselines: Iterable[str]) -> Iterable[str]:
    """Format, for each measure, the difference from the baseline that ranks best."""
    for measure in MEASURES:
        name = min(baselines, key=lambda name: models[name][measure]["rank"])
        yield f"{_format_difference({**models[name][measure]['difference'], 'ci': None})} ({name})"


def _format_beaten(part: Mapping[str, Any]) -> str:
    return ", ".join(f"{row['model']} ({HEADINGS[row['measure']]})" for row in part["beaten_by"]) or "none"


def _render_table(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (header, ["---", *["---:"] * (len(header) - 1)], *rows)]

"""Draw the falls found and the visits needed at each capacity, for the model and the rule line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from riskml.evaluation.words import MODELS
from riskml.reporting.figures import INK, MODEL, RULE, draw, embed, use_percent
from riskml.reporting.language import Language

_BARS = {"riskml": {"color": MODEL, "edgecolor": INK}, "rule_line": {"color": RULE, "edgecolor": INK, "hatch": "///"}}
_WIDTH = 0.38


def draw_capacity(models: Mapping[str, Any], t: Language) -> Markup:
    """Draw the share of falls found and the number of visits per case at three visit capacities.

    Parameters
    ----------
    models : mapping
        The ``models`` in the evaluation, of which ``riskml`` and ``rule_line`` are drawn.
    t : Language
    """
    shares = list(models["riskml"]["recall_at"])
    with draw(8.2, 3.3, 2, grid="y") as (figure, (left, right)):
        for i, name in enumerate(_BARS):
            figures = models[name]
            x = np.arange(len(shares)) + (i - 0.5) * _WIDTH
            recall, precision = figures["recall_at"], figures["precision_at"]
            ci = figures.get("ci") or {}
            _draw_bars(left, x, [recall[share] for share in shares], _list_intervals(ci, "recall_at", shares), name, t)
            visits = [1 / precision[share] if precision[share] else None for share in shares]
            intervals = [
                None if interval is None or min(interval) <= 0 else (1 / interval[1], 1 / interval[0])
                for interval in _list_intervals(ci, "precision_at", shares)
            ]
            _draw_bars(right, x, visits, intervals, name, t)
        for axes in (left, right):
            axes.set_xticks(range(len(shares)), [f"{float(share):.0%}" for share in shares])
            axes.set_xlabel(t("走访的农户占比", "share of households visited"))
        use_percent(left.yaxis)
        left.set_ylabel(t("找到的返贫致贫户占比", "share of falls found"))
        right.set_ylabel(t("每发现一户需走访户数", "visits per case"))
        left.legend(loc="upper left")
        return embed(figure, "capacity", t("不同走访容量下的查全率与走访户数", "recall and visits at three capacities"))


def draw_lead_times(by_lead: Mapping[str, Any], least: int, t: Language) -> Markup:
    """Draw the share of falls found by lead time, leaving out spans with fewer than ``least`` falls."""
    shown = {span: part for span, part in by_lead.items() if part["n"] >= least}
    with draw(8.2, 2.9, grid="y") as (figure, [axes]):
        for i, name in enumerate(_BARS):
            x = np.arange(len(shown)) + (i - 0.5) * _WIDTH
            values = [part["recall_at_capacity"].get(name) for part in shown.values()]
            _draw_bars(axes, x, values, [None] * len(shown), name, t)
        label = t("{} 个月\n（{:,} 次返贫致贫）", "{} months\n({:,} falls)")
        axes.set_xticks(range(len(shown)), [label.format(span, part["n"]) for span, part in shown.items()])
        axes.set(ylim=(0, 1), ylabel=t("找到的返贫致贫户占比", "share of falls found"))
        axes.set_xlabel(t("距返贫致贫还有", "time left until the fall"))
        use_percent(axes.yaxis)
        axes.legend(loc="upper right", ncols=2)
        return embed(figure, "lead", t("按提前期的查全率", "recall by lead time"))


def _draw_bars(axes: Any, x: Any, values: list[Any], intervals: list[Any], name: str, t: Language) -> None:
    heights = np.array([np.nan if value is None else value for value in values], np.float64)
    axes.bar(x, heights, _WIDTH, label=MODELS[name].get_name(t.code), linewidth=0.8, **_BARS[name])
    known = [i for i, interval in enumerate(intervals) if interval is not None and not np.isnan(heights[i])]
    if known:
        low = [max(0.0, heights[i] - min(intervals[i])) for i in known]
        high = [max(0.0, max(intervals[i]) - heights[i]) for i in known]
        style = {"fmt": "none", "ecolor": "#8a3b12", "capsize": 3, "elinewidth": 1.3}
        axes.errorbar(x[known], heights[known], [low, high], **style)


def _list_intervals(ci: Mapping[str, Any], measure: str, shares: Sequence[str]) -> list[Any]:
    return [(ci.get(measure) or {}).get(share) for share in shares]

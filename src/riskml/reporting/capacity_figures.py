"""Figures of what a county gets for its visits: the model beside the rule line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from riskml.evaluation.words import MODELS
from riskml.reporting.figures import INK, MODEL, RULE, as_percent, drawing, inline

__all__ = ["draw_capacity", "draw_lead_times"]

Say = Callable[[str, str], str]

_BARS = {
    "riskml": {"color": MODEL, "edgecolor": INK},
    "rule_line": {"color": RULE, "edgecolor": INK, "hatch": "///"},
}
_WIDTH = 0.38


def draw_capacity(models: Mapping[str, Any], lang: str, say: Say) -> Markup:
    """Share of the falls found, and households visited for each of them, at three visit capacities.

    Parameters
    ----------
    models : mapping
        ``models`` of the evaluation; ``riskml`` and ``rule_line`` are drawn.
    lang : str
    say : callable
        Chooses between Chinese and English.
    """
    shares = list(models["riskml"]["recall_at"])
    with drawing(8.2, 3.3, 2) as (figure, (left, right)):
        for i, name in enumerate(_BARS):
            found = models[name]
            place = np.arange(len(shares)) + (i - 0.5) * _WIDTH
            recall = [found["recall_at"][share] for share in shares]
            _bars(left, place, recall, [_ends(found, "recall_at", share) for share in shares], name, lang)
            visits = [_inverse(found["precision_at"][share]) for share in shares]
            ends = [_ends(found, "precision_at", share) for share in shares]
            turned = [None if e is None or min(e) <= 0 else (1 / e[1], 1 / e[0]) for e in ends]
            _bars(right, place, visits, turned, name, lang)
        for axes in (left, right):
            axes.set_xticks(range(len(shares)), [f"{float(share):.0%}" for share in shares])
            axes.set_xlabel(say("走访的农户占比", "share of households visited"))
            axes.grid(visible=False, axis="x")
        as_percent(left.yaxis)
        left.set_ylabel(say("找到的返贫户占比", "share of falls found"))
        right.set_ylabel(say("每发现一户需走访户数", "visits per true case"))
        left.legend(loc="upper left")
        return inline(
            figure, "capacity", say("不同走访容量下的查全率与走访户数", "recall and visits at three capacities")
        )


def draw_lead_times(by_lead: Mapping[str, Any], least: int, lang: str, say: Say) -> Markup:
    """Share of the falls found by months left until the fall; spans with fewer than ``least`` falls are left out."""
    shown = {span: part for span, part in by_lead.items() if part["n"] >= least}
    with drawing(8.2, 2.9) as (figure, [axes]):
        for i, name in enumerate(_BARS):
            place = np.arange(len(shown)) + (i - 0.5) * _WIDTH
            values = [part["recall_at_capacity"].get(name) for part in shown.values()]
            _bars(axes, place, values, [None] * len(shown), name, lang)
        label = say("{} 个月\n（{:,} 次返贫）", "{} months\n({:,} falls)")
        axes.set_xticks(range(len(shown)), [label.format(span, part["n"]) for span, part in shown.items()])
        axes.set_xlabel(say("距返贫还有", "time left until the fall"))
        axes.set_ylabel(say("找到的返贫户占比", "share of falls found"))
        axes.set_ylim(0, 1)
        as_percent(axes.yaxis)
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper right", ncols=2)
        return inline(figure, "lead", say("按提前期的查全率", "recall by lead time"))


def _bars(axes: Any, place: Any, values: list[Any], ends: list[Any], name: str, lang: str) -> None:
    heights = np.array([np.nan if value is None else value for value in values], np.float64)
    axes.bar(place, heights, _WIDTH, label=MODELS[name].get_name(lang), linewidth=0.8, **_BARS[name])
    known = [i for i, end in enumerate(ends) if end is not None and not np.isnan(heights[i])]
    if known:
        low = [max(0.0, heights[i] - min(ends[i])) for i in known]
        high = [max(0.0, max(ends[i]) - heights[i]) for i in known]
        style = {"fmt": "none", "ecolor": "#8a3b12", "capsize": 3, "elinewidth": 1.3}
        axes.errorbar(place[known], heights[known], [low, high], **style)


def _ends(found: Mapping[str, Any], measure: str, share: str) -> Any:
    return ((found.get("ci") or {}).get(measure) or {}).get(share)


def _inverse(precision: float | None) -> float | None:
    return 1 / precision if precision else None

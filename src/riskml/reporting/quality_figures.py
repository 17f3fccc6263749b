"""Figures of the data and of the model's honesty: coverage, calibration, groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from riskml.reporting.figures import INK, MODEL, RULE, as_percent, drawing, inline, wilson

__all__ = ["draw_calibration", "draw_groups", "draw_months"]

Say = Callable[[str, str], str]

_TICKS = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


def draw_months(first: str, share: Sequence[float], say: Say) -> Markup:
    """Share of the households that report any income, by month."""
    months = np.datetime64(first, "M") + np.arange(len(share))
    with drawing(8.2, 2.2) as (figure, [axes]):
        axes.bar(range(len(share)), share, 0.85, color=RULE, edgecolor=INK, linewidth=0.5)
        starts = [i for i, month in enumerate(months) if str(month).endswith("-01")] or [0]
        axes.set_xticks(starts, [str(months[i])[:4] for i in starts])
        axes.set_ylim(0, 1.02)
        as_percent(axes.yaxis)
        axes.set_ylabel(say("有收入记录的户", "with income"))
        axes.grid(visible=False, axis="x")
        return inline(figure, "months", say("各月有收入记录的农户占比", "share of households with income by month"))


def draw_calibration(bins: Sequence[Mapping[str, Any]], say: Say) -> Markup:
    """Share that fell against the probability said before; both axes by their square root, so that low risks show."""
    said = np.array([part["p"] for part in bins])
    fell = np.array([part["observed"] for part in bins])
    ends = np.array([wilson(part["observed"], part["n"]) for part in bins]).reshape(-1, 2)
    top = float(max(said.max(), ends[:, 1].max())) * 1.05
    with drawing(4.9, 4.3) as (figure, [axes]):
        axes.plot([0, top], [0, top], color="#6b7682", linewidth=1.2, linestyle=(0, (5, 3)))
        axes.errorbar(said, fell, [fell - ends[:, 0], ends[:, 1] - fell], fmt="o", color=MODEL, markersize=6, capsize=3)
        for scale, limit, axis in (
            (axes.set_xscale, axes.set_xlim, axes.xaxis),
            (axes.set_yscale, axes.set_ylim, axes.yaxis),
        ):
            scale("function", functions=(_root, np.square))
            limit(0, min(1.0, top))
            axis.set_ticks([tick for tick in _TICKS if tick <= top])
            as_percent(axis, 1)
        axes.set_xlabel(say("模型给出的概率", "probability said by the model"))
        axes.set_ylabel(say("实际返贫比例", "share that fell"))
        axes.annotate(
            say("完全校准", "perfect"), (top * 0.62, top * 0.66), color="#4a5561", rotation=45, ha="center", va="bottom"
        )
        return inline(figure, "calibration", say("校准图", "calibration plot"))


def draw_groups(groups: Sequence[Mapping[str, Any]], say: Say) -> Markup:
    """Share of the falls that the visit list misses, by group, with intervals; those that fail are ringed."""
    shown = [one for one in groups if one["missed"] is not None]
    height = 0.9 + 0.3 * len(shown)
    with drawing(8.2, height) as (figure, [axes]):
        for place, one in enumerate(reversed(shown)):
            low, high = wilson(one["missed"], one["positives"])
            axes.plot([low, high], [place, place], color=MODEL, linewidth=1.6)
            axes.plot(one["missed"], place, "o", color=MODEL, markersize=6)
            if one["fails"]:
                axes.plot(one["missed"], place, "o", markersize=13, markerfacecolor="none", markeredgecolor="#8a3b12")
        tick = say("{name}：{word}（{positives:,}）", "{name}: {word} ({positives:,})")
        axes.set_yticks(range(len(shown)), [tick.format(**one) for one in reversed(shown)])
        axes.set_ylim(-0.7, len(shown) - 0.3)
        axes.set_xlim(0, 1)
        as_percent(axes.xaxis)
        axes.set_xlabel(
            say("返贫户中未进入走访名单的比例（括号内为返贫户数）", "share of falls missed (number of falls)")
        )
        return inline(figure, "groups", say("各组漏判比例", "missed falls by group"))


def _root(values: Any) -> Any:
    return np.sqrt(np.maximum(values, 0.0))

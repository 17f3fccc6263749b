"""Draw coverage, calibration and results by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from riskml.reporting.figures import INK, MODEL, RULE, compute_interval, draw, embed, use_percent
from riskml.reporting.language import Language

_TICKS = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


def draw_months(first: str, share: Sequence[float], t: Language) -> Markup:
    """Draw the share of households that report any income, by month."""
    months = np.datetime64(first, "M") + np.arange(len(share))
    with draw(8.2, 2.2, grid="y") as (figure, [axes]):
        axes.bar(range(len(share)), share, 0.85, color=RULE, edgecolor=INK, linewidth=0.5)
        starts = [i for i, month in enumerate(months) if str(month).endswith("-01")] or [0]
        axes.set_xticks(starts, [str(months[i])[:4] for i in starts])
        axes.set(ylim=(0, 1.02), ylabel=t("有收入记录的户", "with income"))
        use_percent(axes.yaxis)
        return embed(figure, "months", t("各月有收入记录的农户占比", "share of households with income by month"))


def draw_calibration(bins: Sequence[Mapping[str, Any]], t: Language) -> Markup:
    """Plot the share that fell against the predicted probability, on square-root axes, which spread out low risks."""
    predicted = np.array([part["p"] for part in bins])
    fell = np.array([part["observed"] for part in bins])
    ends = np.array([compute_interval(part["observed"], part["n"]) for part in bins]).reshape(-1, 2)
    top = float(max(predicted.max(), ends[:, 1].max())) * 1.05
    with draw(4.9, 4.3) as (figure, [axes]):
        axes.plot([0, top], [0, top], color="#6b7682", linewidth=1.2, linestyle=(0, (5, 3)))
        axes.errorbar(
            predicted, fell, [fell - ends[:, 0], ends[:, 1] - fell], fmt="o", color=MODEL, markersize=6, capsize=3
        )
        axes.set_xscale("function", functions=(_take_root, np.square))
        axes.set_yscale("function", functions=(_take_root, np.square))
        axes.set(xlim=(0, min(1.0, top)), ylim=(0, min(1.0, top)))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks([tick for tick in _TICKS if tick <= top])
            use_percent(axis, 1)
        axes.set(xlabel=t("模型给出的概率", "predicted probability"), ylabel=t("实际返贫致贫比例", "share that fell"))
        axes.annotate(
            t("完全校准", "perfect"), (top * 0.62, top * 0.66), color="#4a5561", rotation=45, ha="center", va="bottom"
        )
        return embed(figure, "calibration", t("校准图", "calibration plot"))


def draw_groups(groups: Sequence[Mapping[str, Any]], t: Language) -> Markup:
    """Draw the share of falls that the visit list misses, by group, with intervals; failing values are circled."""
    shown = [row for row in reversed(groups) if row["missed"] is not None]
    height = 0.9 + 0.3 * len(shown)
    with draw(8.2, height) as (figure, [axes]):
        for y, row in enumerate(shown):
            axes.plot(compute_interval(row["missed"], row["positives"]), [y, y], color=MODEL, linewidth=1.6)
            axes.plot(row["missed"], y, "o", color=MODEL, markersize=6)
            if row["gap"]:
                axes.plot(row["missed"], y, "o", markersize=13, markerfacecolor="none", markeredgecolor="#8a3b12")
        tick = t("{name}：{word}（{positives:,}）", "{name}: {word} ({positives:,})")
        axes.set_yticks(range(len(shown)), [tick.format(**row) for row in shown])
        axes.set(xlim=(0, 1), ylim=(-0.7, len(shown) - 0.3))
        use_percent(axes.xaxis)
        axes.set_xlabel(
            t("返贫致贫户中未进入走访名单的比例（括号内为返贫致贫户数）", "share of falls missed (number of falls)")
        )
        return embed(figure, "groups", t("各组漏判比例", "missed falls by group"))


def _take_root(values: Any) -> Any:
    return np.sqrt(np.maximum(values, 0.0))

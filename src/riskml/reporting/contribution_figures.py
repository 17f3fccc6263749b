"""What the model looks at: shap's beeswarm over groups of rows, and the weight of each cause."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from riskml.explanation.contributions.shap_values import import_shap
from riskml.reporting.figures import INK, RULE, drawing, inline

__all__ = ["DOTS", "draw_beeswarm", "draw_causes", "explanation"]

Say = Callable[[str, str], str]

DOTS = 160
"""Dots of a feature, each an equal share of the rows that its groups hold."""


def explanation(features: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    """Lay the groups of rows out as shap expects them.

    Parameters
    ----------
    features : sequence of mapping
        ``contributions.features`` of the report data, each with at least one group.
    names : sequence of str
        What each is called.

    Returns
    -------
    shap.Explanation
        160 rows; a dot of a feature stands for an equal share of its rows, in groups of at least 20 households. Rows
        of different features do not belong together. Values are ranks of the groups' means; categories have none.
    """
    values = np.column_stack([_dots(one["groups"], [g["contribution"] for g in one["groups"]]) for one in features])
    data = {
        str(j): pd.Series(ranks) if coloured else pd.Series([""] * DOTS, dtype="category")
        for j, (ranks, coloured) in enumerate(map(_colours, features))
    }
    return import_shap().Explanation(values=values, data=pd.DataFrame(data), feature_names=list(names))


def draw_beeswarm(features: Sequence[Mapping[str, Any]], names: Sequence[str], say: Say) -> Markup:
    """Draw shap's beeswarm of the groups of rows."""
    from matplotlib.colors import LinearSegmentedColormap

    grey = LinearSegmentedColormap.from_list("riskml", ["#d9b44a", "#7f7f7f", "#14253d"])
    labels = [_broken(name) for name in names]
    state = np.random.get_state()  # noqa: NPY002 - shap shuffles its dots by the global generator
    try:
        np.random.seed(0)  # noqa: NPY002
        with drawing(8.2, 0.4 * len(features) + 0.9) as (figure, [axes]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the global generator, and colours of missing values
            import_shap().plots.beeswarm(
                explanation(features, labels),
                max_display=len(features),
                order=np.arange(len(features)),
                color=grey,
                show=False,
                ax=axes,
                plot_size=None,
                s=14,
                color_bar_label=say("特征取值", "value of the feature"),
            )
            axes.grid(visible=False, axis="y")
            axes.tick_params("y", labelsize=9, length=0)
            axes.tick_params("x", labelsize=9)
            axes.set_xlabel(
                say("贡献（对数几率）：右侧升高风险", "contribution (log odds): right raises the risk"), fontsize=10
            )
            bar = figure.axes[-1]
            bar.set_yticks([0, 1], [say("低", "low"), say("高", "high")], fontsize=9)
            bar.yaxis.label.set_size(9)
            return inline(figure, "beeswarm", say("特征贡献分布图", "distribution of contributions"))
    finally:
        np.random.set_state(state)  # noqa: NPY002


def draw_causes(causes: Sequence[tuple[str, float]], say: Say) -> Markup:
    """Mean absolute contribution of each cause, the largest on top."""
    with drawing(8.2, 0.6 + 0.27 * len(causes)) as (figure, [axes]):
        places = np.arange(len(causes))[::-1]
        axes.barh(places, [size for _, size in causes], 0.7, color=RULE, edgecolor=INK, linewidth=0.7)
        for place, (_, size) in zip(places, causes, strict=True):
            axes.text(size, place, f" {size:.3f}", va="center", fontsize=8.5)
        axes.set_yticks(places, [name for name, _ in causes])
        axes.grid(visible=False, axis="y")
        axes.margins(x=0.1)
        axes.set_xlabel(say("平均绝对贡献（对数几率）", "mean absolute contribution (log odds)"))
        return inline(figure, "causes", say("各类原因的平均贡献", "mean contribution by cause"))


def _broken(name: str) -> str:
    """Break a name into two lines at most, Chinese anywhere, English between words."""
    chinese = any(sign > "⺀" for sign in name)
    text = name.replace(" ", "\u00a0") if chinese else name
    return "\n".join(wrap(text, 19 if chinese else 36, max_lines=2, placeholder="…")).replace("\u00a0", " ")


def _dots(groups: Sequence[Mapping[str, Any]], values: Sequence[float]) -> NDArray[np.float64]:
    """One value a dot: that of the group in which the dot's share of the rows lies."""
    upto = np.cumsum([group["n"] for group in groups], dtype=np.float64)
    place = np.searchsorted(upto, (np.arange(DOTS) + 0.5) / DOTS * upto[-1])
    dots: NDArray[np.float64] = np.asarray(values, np.float64)[place]
    return dots


def _colours(feature: Mapping[str, Any]) -> tuple[NDArray[np.float64], bool]:
    """Rank of each dot's value from 0 to 1, NaN where missing; and whether values can be told apart at all."""
    said = [group["value"] for group in feature["groups"]]
    if any(isinstance(value, str) for value in said):
        return np.full(DOTS, np.nan), False
    known = np.array([np.nan if value is None else value for value in said], np.float64)
    levels = np.unique(known[~np.isnan(known)])
    ranks = np.where(np.isnan(known), np.nan, np.searchsorted(levels, known) / max(len(levels) - 1, 1))
    dots = _dots(feature["groups"], ranks.tolist())
    there = dots[~np.isnan(dots)]
    return dots, bool(len(there) and np.quantile(there, 0.01) < np.quantile(there, 0.99))

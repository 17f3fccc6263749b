"""Draw contributions: shap's beeswarm plot for groups of rows, and the mean contribution of each cause."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from riskml.explanation.contributions.shap_values import import_shap
from riskml.reporting.figures import INK, RULE, draw, embed
from riskml.reporting.language import Language

DOTS = 160
"""Number of dots per feature; each dot represents an equal share of the rows in the feature's groups."""


def make_shap_explanation(features: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    """Make a shap explanation of groups of rows.

    Parameters
    ----------
    features : sequence of mapping
        ``contributions.features`` of the report data, each with at least one group.
    names : sequence of str
        Labels of the features.

    Returns
    -------
    shap.Explanation
        It has 160 rows, one for each dot. A dot represents an equal share of the feature's rows and belongs to a group
        of at least 20 households; the n-th dots of different features are unrelated. ``data`` holds the ranks of the
        groups' mean values, or empty strings for a category and for a feature whose values do not differ.
    """
    values = np.column_stack(
        [_spread(feature["groups"], [group["contribution"] for group in feature["groups"]]) for feature in features]
    )
    data = {
        str(j): pd.Series(ranks) if coloured else pd.Series([""] * DOTS, dtype="category")
        for j, (ranks, coloured) in enumerate(map(_rank_values, features))
    }
    return import_shap().Explanation(values=values, data=pd.DataFrame(data), feature_names=list(names))


def draw_beeswarm(features: Sequence[Mapping[str, Any]], names: Sequence[str], t: Language) -> Markup:
    """Draw shap's beeswarm plot for groups of rows."""
    from matplotlib.colors import LinearSegmentedColormap

    grey = LinearSegmentedColormap.from_list("riskml", ["#d9b44a", "#7f7f7f", "#14253d"])
    labels = [_wrap(name) for name in names]
    state = np.random.get_state()  # noqa: NPY002 - shap shuffles its dots with NumPy's global generator
    try:
        np.random.seed(0)  # noqa: NPY002
        with draw(8.2, 0.4 * len(features) + 0.9) as (figure, [axes]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about the global generator and the colours of missing values
            import_shap().plots.beeswarm(
                make_shap_explanation(features, labels),
                max_display=len(features),
                order=np.arange(len(features)),
                color=grey,
                show=False,
                ax=axes,
                plot_size=None,
                s=14,
                color_bar_label=t("特征取值", "value of the feature"),
            )
            axes.grid(visible=False, axis="y")
            axes.tick_params("y", labelsize=9, length=0)
            axes.tick_params("x", labelsize=9)
            axes.set_xlabel(
                t("贡献（对数几率）：右侧升高风险", "contribution (log odds): right raises the risk"), fontsize=10
            )
            bar = figure.axes[-1]
            bar.set_yticks([0, 1], [t("低", "low"), t("高", "high")], fontsize=9)
            bar.yaxis.label.set_size(9)
            return embed(figure, "beeswarm", t("特征贡献分布图", "distribution of contributions"))
    finally:
        np.random.set_state(state)  # noqa: NPY002


def draw_causes(causes: Sequence[tuple[str, float]], t: Language) -> Markup:
    """Draw the mean absolute contribution of each cause, in the given order from top to bottom."""
    with draw(8.2, 0.6 + 0.27 * len(causes), grid="x") as (figure, [axes]):
        rows = np.arange(len(causes))[::-1]
        axes.barh(rows, [size for _, size in causes], 0.7, color=RULE, edgecolor=INK, linewidth=0.7)
        for row, (_, size) in zip(rows, causes, strict=True):
            axes.text(size, row, f" {size:.3f}", va="center", fontsize=8.5)
        axes.set_yticks(rows, [name for name, _ in causes])
        axes.margins(x=0.1)
        axes.set_xlabel(t("平均绝对贡献（对数几率）", "mean absolute contribution (log odds)"))
        return embed(figure, "causes", t("各类原因的平均贡献", "mean contribution by cause"))


def _wrap(name: str) -> str:
    """Wrap a name onto at most two lines; Chinese may break anywhere, English only between words."""
    chinese = any(sign > "⺀" for sign in name)
    text = name.replace(" ", "\u00a0") if chinese else name
    return "\n".join(wrap(text, 19 if chinese else 36, max_lines=2, placeholder="…")).replace("\u00a0", " ")


def _spread(groups: Sequence[Mapping[str, Any]], values: Sequence[float]) -> NDArray[np.float64]:
    """Spread the groups' values over the dots, in proportion to the rows in each group."""
    ends = np.cumsum([group["n"] for group in groups], dtype=np.float64)
    group = np.searchsorted(ends, (np.arange(DOTS) + 0.5) / DOTS * ends[-1])
    dots: NDArray[np.float64] = np.asarray(values, np.float64)[group]
    return dots


def _rank_values(feature: Mapping[str, Any]) -> tuple[NDArray[np.float64], bool]:
    """Return the rank of each dot's value, from 0 to 1 (NaN if missing), and whether the values can be coloured."""
    values = [group["value"] for group in feature["groups"]]
    if any(isinstance(value, str) for value in values):
        return np.full(DOTS, np.nan), False
    ranks = pd.Series(values, dtype="float64").rank(method="dense") - 1
    dots = _spread(feature["groups"], (ranks / max(ranks.max(), 1)).tolist())
    ranked = dots[~np.isnan(dots)]
    return dots, bool(len(ranked) and np.quantile(ranked, 0.01) < np.quantile(ranked, 0.99))

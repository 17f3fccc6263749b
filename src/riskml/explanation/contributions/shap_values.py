"""Return exact contributions as ``shap`` objects, for beeswarm and waterfall plots in notebooks and reports."""

from __future__ import annotations

import warnings
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from riskml.arrays import Floats
from riskml.errors import UsageError
from riskml.explanation.contributions.explainer import Explainer
from riskml.features import CATALOGUE, FeatureMatrix
from riskml.model import Bundle

if TYPE_CHECKING:
    import shap


def label_features(names: tuple[str, ...], lang: str | None) -> list[str]:
    """Return readable feature names; attributes specific to a data set keep their column names.

    Parameters
    ----------
    names : tuple of str
    lang : {"zh", "en"} or None
        None returns the column names.

    Raises
    ------
    UsageError
        If the language is unknown.

    Examples
    --------
    >>> label_features(("admissions_12m", "attribute_roof"), "zh")[1]
    'attribute_roof'
    """
    if lang not in ("zh", "en", None):
        raise UsageError(
            "There are no labels in {lang!r}.", "Choose 'zh', 'en', or None for the columns' names.", lang=lang
        )
    if lang is None:
        return list(names)
    return [getattr(CATALOGUE[name], lang) if name in CATALOGUE else name for name in names]


def import_shap() -> ModuleType:
    """Import shap only when needed, since this takes seconds and emits warnings about matplotlib and progress bars."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        warnings.filterwarnings("ignore", message="IProgress not found")
        return import_module("shap")


def to_shap(model: Bundle | Explainer, X: FeatureMatrix | Floats, *, lang: str | None = None) -> shap.Explanation:
    """Explain rows as a ``shap.Explanation``.

    Parameters
    ----------
    model : Bundle or Explainer
        Pass an explainer if you call this function repeatedly; its checks then run only once, when it is created.
    X : FeatureMatrix, or array of float64, shape (n, F) in the model's schema
    lang : {"zh", "en"}, optional
        Language of the labels; column names by default.

    Returns
    -------
    shap.Explanation
        Its ``values``, shape (n, F), are in log odds before calibration. It also has ``base_values``, ``data``,
        ``feature_names``, and ``display_data``, which holds the names of categories and a word for missing values.

    Raises
    ------
    ModelError
        If the base and the contributions do not add up to a row's margin.

    Notes
    -----
    The values come from :class:`Explainer`, not from a ``shap`` explainer, since the blend has a linear part too.
    They describe associations with the model's margin, not causes.
    """
    shap = import_shap()
    explainer = model if isinstance(model, Explainer) else Explainer(model.blend)
    values = explainer.blend.align(X)
    contributions = explainer.explain(values)
    contributions.require_margin(explainer.blend.predict_margin(values))
    names = tuple(column.name for column in explainer.blend.schema.columns)
    display = values.astype(object)
    display[np.isnan(values)] = "缺" if lang == "zh" else "missing"
    for name, texts in explainer.blend.schema.levels.items():
        j = names.index(name)
        for i in np.flatnonzero(values[:, j] >= 0):
            display[i, j] = texts[int(values[i, j])]
    return shap.Explanation(
        values=contributions.values,
        base_values=np.full(len(values), contributions.base),
        data=values,
        display_data=display,
        feature_names=label_features(names, lang),
    )

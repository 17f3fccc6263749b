"""Sentences about features: the catalogue's wording, filled with what the records say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.explanation.wording.facts import FACTS, compute_fact
from riskml.explanation.wording.phrases import PHRASES, Phrase, PhraseContext, describe_value
from riskml.explanation.wording.templates import Slot, parse
from riskml.features.catalogue import Feature
from riskml.records.panel.panel import Panel

__all__ = ["SentenceWriter", "read_medians"]

Floats = NDArray[np.float64]

_Gap = tuple[Phrase, tuple[list[float], ...]]
_Sentence = list[tuple[bool, list[str | _Gap]]]

_BRACKETS = re.compile(r"[(（][^)）]*[)）]$")


def read_medians(features: Sequence[Feature], reference: Mapping[str, Any] | None) -> list[float]:
    """Median of the training rows for each feature; NaN where the model's reference does not tell it."""
    known = (reference or {}).get("features", {})
    deciles = [known.get(feature.name, {}).get("deciles") or [] for feature in features]
    return [float(found[len(found) // 2]) if found else float("nan") for found in deciles]


class SentenceWriter:
    """Says what a feature of a household says.

    Parameters
    ----------
    panel : Panel
    features : sequence of Feature, length F
    values : array of float64, shape (n, F)
        In the model's schema.
    levels : mapping of str to tuple of str
        Levels of the categorical features.
    typical : sequence of float, length F
        See :func:`read_medians`.
    rows : array of int, shape (n,), optional
        Rows of the panel that ``values`` holds; all by default.
    """

    def __init__(
        self,
        panel: Panel,
        features: Sequence[Feature],
        values: Floats,
        levels: Mapping[str, tuple[str, ...]],
        typical: Sequence[float],
        rows: NDArray[np.intp] | None = None,
    ) -> None:
        self._rows = slice(None) if rows is None else rows
        self._panel, self._features, self._values = panel, features, values
        self._levels, self._typical = levels, typical
        self._facts: dict[tuple[Slot, int], tuple[list[float], ...]] = {}
        self._wordings: dict[tuple[int, str], tuple[_Sentence, _Sentence]] = {}

    def write(self, row: int, j: int, lang: str, *, risk: bool) -> str:
        """One sentence without a full stop.

        Parameters
        ----------
        row : int
            Row of ``values``.
        j : int
            Feature.
        lang : {"zh", "en"}
        risk : bool
            Whether it is said of a raised risk.
        """
        feature, value = self._features[j], float(self._values[row, j])
        levels = self._levels.get(feature.name, ())
        level = levels[int(value)] if feature.categorical and 0 <= value < len(levels) else ""
        said = PhraseContext(value, feature.unit, risk, self._typical[j], level)
        key = (j, lang)
        wording = self._wordings.get(key) or self._wordings.setdefault(key, self._compiled(feature, lang))
        usual, none = wording
        words = _filled(none if none and value == 0 else usual, row, lang, said)
        if words is None:
            words = f"{_label(feature, lang)}: {describe_value(value, feature.unit, lang, level)}"
        return words if lang == "zh" else words[:1].upper() + words[1:]

    def _compiled(self, feature: Feature, lang: str) -> tuple[_Sentence, _Sentence]:
        """Sentence for a value and for none, each gap with its phrase and the numbers of all rows."""
        text = (feature.reason_zh if lang == "zh" else feature.reason_en) or _plain(feature, lang)
        usual, _, none = text.partition("|")
        return self._sentence(usual, feature), self._sentence(none, feature)

    def _sentence(self, text: str, feature: Feature) -> _Sentence:
        return [
            (optional, [self._slot(piece, feature) if isinstance(piece, Slot) else piece for piece in pieces])
            for optional, pieces in parse(text).parts
        ]

    def _slot(self, slot: Slot, feature: Feature) -> _Gap:
        window = feature.window if slot.window is None else slot.window
        key = (slot, window)
        if key not in self._facts:
            arrays = compute_fact(self._panel, slot.name, slot.argument, window)
            self._facts[key] = tuple(array[self._rows].tolist() for array in arrays)
        return PHRASES[FACTS[slot.name].kind], self._facts[key]


def _filled(sentence: _Sentence, row: int, lang: str, said: PhraseContext) -> str | None:
    """Fill the gaps for one row; None where one that is not optional cannot be filled."""
    out = ""
    for optional, pieces in sentence:
        words = ""
        for piece in pieces:
            if isinstance(piece, str):
                words += piece
                continue
            numbers = [column[row] for column in piece[1]]
            word = None if True in map(isnan, numbers) else piece[0](lang, said, numbers)
            if word is None:
                if not optional:
                    return None
                words = ""
                break
            words += word
        out += words
    return out


def _label(feature: Feature, lang: str) -> str:
    """Name of the feature without what stands in brackets at its end.

    >>> from riskml.features import CATALOGUE
    >>> _label(CATALOGUE["self_paid_to_line_12m"], "zh")
    '近 12 个月自付医疗费'
    """
    return _BRACKETS.sub("", feature.zh if lang == "zh" else feature.en).strip()


def _plain(feature: Feature, lang: str) -> str:
    """Wording of a feature that has none of its own."""
    return f"{_label(feature, lang)}：{{value}}" if lang == "zh" else f"{_label(feature, lang)}: {{value}}"

"""Write sentences about features: the wording in the catalogue, filled with facts from the records."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np

from riskml.arrays import Floats, Positions
from riskml.explanation.wording.facts import FACTS, compute_fact
from riskml.explanation.wording.phrases import PHRASES, Phrase, PhraseContext, describe_value, name_month
from riskml.explanation.wording.templates import Slot, parse
from riskml.features.catalogue import Feature
from riskml.records.contract.calendar import to_date, to_month_end
from riskml.records.panel.panel import Panel

_FilledSlot = tuple[Phrase, tuple[list[float], ...]]
_Sentence = list[tuple[bool, list[str | _FilledSlot]]]

_FIRST_HAN = "\u4e00"

_COUNTED_BACK = re.compile(r"近 \d+ 个月|\blast (?:\d+ months|month\b)")
"""A period in a sentence about income; it ends with the household's income window, which may end before the date."""


def read_medians(features: Sequence[Feature], reference: Mapping[str, Any] | None) -> list[float]:
    """Read the median of each feature over the training rows; NaN if the model's reference lacks it."""
    known = (reference or {}).get("features", {})
    deciles = [known.get(feature.name, {}).get("deciles") or [] for feature in features]
    return [float(values[len(values) // 2]) if values else float("nan") for values in deciles]


class SentenceWriter:
    """Writes sentences about the features of households.

    Parameters
    ----------
    panel : Panel
    features : sequence of Feature, length F
    values : array of float64, shape (n, F)
        Feature values, in the order of the model's schema.
    medians : sequence of float, length F
        See :func:`read_medians`.
    rows : array of int, shape (n,), optional
        Rows of the panel that ``values`` covers; all by default.
    """

    def __init__(
        self,
        panel: Panel,
        features: Sequence[Feature],
        values: Floats,
        medians: Sequence[float],
        rows: Positions | None = None,
    ) -> None:
        self._rows = slice(None) if rows is None else rows
        self._panel, self._features, self._values = panel, features, values
        lag = panel.income_lag[self._rows]
        self._ends = np.where(lag > 0, to_month_end(panel.month - lag), 0).tolist()
        self._medians = medians
        self._facts: dict[tuple[Slot, int], tuple[list[float], ...]] = {}
        self._wordings: dict[tuple[int, str], tuple[_Sentence, _Sentence]] = {}

    def write(self, row: int, j: int, lang: str, *, risk: bool) -> str:
        """Write a sentence without a full stop.

        Parameters
        ----------
        row : int
            Row of ``values``.
        j : int
            Position of the feature.
        lang : {"zh", "en"}
        risk : bool
            Whether the sentence is a reason for a raised risk.
        """
        feature, value = self._features[j], float(self._values[row, j])
        context = PhraseContext(value, feature.unit, risk, self._medians[j])
        key = (j, lang)
        wording = self._wordings.get(key) or self._wordings.setdefault(key, self._compile(feature, lang))
        usual, none = wording
        words = _fill(none if none and value == 0 else usual, row, lang, context)
        if words is None:
            words = _name_value(feature, describe_value(value, feature.unit, lang), lang)
        if feature.topic == "income" and self._ends[row] and _COUNTED_BACK.search(words):
            month = name_month(to_date(self._ends[row]), lang)
            words = f"截至 {month}，{words}" if lang == "zh" else f"as of {month}, {words}"
        return words if lang == "zh" else words[:1].upper() + words[1:]

    def _compile(self, feature: Feature, lang: str) -> tuple[_Sentence, _Sentence]:
        """Compile the usual sentence and the one for zero, giving each slot its phrase and the numbers for all rows."""
        usual, _, none = (feature.reason_zh if lang == "zh" else feature.reason_en).partition("|")
        return self._compile_sentence(usual, feature), self._compile_sentence(none, feature)

    def _compile_sentence(self, text: str, feature: Feature) -> _Sentence:
        return [
            (optional, [self._fill_slot(piece, feature) if isinstance(piece, Slot) else piece for piece in pieces])
            for optional, pieces in parse(text).parts
        ]

    def _fill_slot(self, slot: Slot, feature: Feature) -> _FilledSlot:
        window = feature.window if slot.window is None else slot.window
        key = (slot, window)
        if key not in self._facts:
            arrays = compute_fact(self._panel, slot.name, slot.argument, window)
            self._facts[key] = tuple(array[self._rows].tolist() for array in arrays)
        return PHRASES[FACTS[slot.name].kind], self._facts[key]


def _fill(sentence: _Sentence, row: int, lang: str, context: PhraseContext) -> str | None:
    """Fill the slots for one row; return None if a required slot cannot be filled."""
    out = ""
    for optional, pieces in sentence:
        words = ""
        for piece in pieces:
            if isinstance(piece, str):
                words += piece
                continue
            numbers = [column[row] for column in piece[1]]
            word = None if True in map(isnan, numbers) else piece[0](lang, context, *numbers)
            if word is None:
                if not optional:
                    return None
                words = ""
                break
            words = _join(words, word)
        out = _join(out, words)
    return out


def _join(text: str, more: str) -> str:
    """Join two pieces of a sentence, without the blank that precedes a number if a Chinese word follows instead.

    >>> _join("报销比例 ", "35%"), _join("报销比例 ", "不到 1%")
    ('报销比例 35%', '报销比例不到 1%')
    """
    return (text.rstrip() if more[:1] >= _FIRST_HAN else text) + more


def _name_value(feature: Feature, value: str, lang: str) -> str:
    """Name the feature and its value, for a sentence that lacks a fact."""
    return f"{feature.get_short_name(lang)}{'：' if lang == 'zh' else ': '}{value}"

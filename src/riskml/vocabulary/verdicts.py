"""Verdicts on a household: its status, colour, tier and category, and whether the rule line and the model agree."""

from __future__ import annotations

from dataclasses import dataclass

from riskml.vocabulary.terms import Term, Vocabulary

__all__ = ["AGREEMENTS", "CATEGORIES", "COLOURS", "STATUSES", "TIERS", "Status"]

COLOURS = Vocabulary(
    Term("green", "绿", "green"),
    Term("yellow", "黄", "yellow"),
    Term("orange", "橙", "orange"),
    Term("red", "红", "red"),
)
"""Colours of the signal, from the safest to the gravest."""

TIERS = Vocabulary(
    Term("stable", "稳定", "stable"),
    Term("likely", "较易返贫", "likely"),
    Term("very_likely", "极易返贫", "very likely"),
)
"""Tiers of the probability, from the safest to the gravest; -1 means that there is no probability."""

AGREEMENTS = Vocabulary(
    Term("neither", "均未提示", "neither"),
    Term("rule_only", "仅规则提示", "rule line only"),
    Term("model_only", "仅模型提示", "model only"),
    Term("both", "规则与模型均提示", "both"),
)
"""Whether the rule line, the model, both or neither flag a household."""

CATEGORIES = Vocabulary(
    Term("unstable_exit", "脱贫不稳定户", "unstable after leaving poverty"),
    Term("borderline", "边缘易致贫户", "borderline household"),
    Term("sudden_hardship", "突发严重困难户", "household in sudden hardship"),
)
"""Categories of monitored households; -1 means none."""


@dataclass(frozen=True)
class Status(Term):
    """Status of a household on a date, and what it means for the model."""

    note_zh: str = ""
    note_en: str = ""

    def make_sentence(self, lang: str) -> str:
        """Join the name and the note into one sentence.

        >>> STATUSES["monitored"].make_sentence("zh"), STATUSES["at_risk"].make_sentence("en")
        ('已纳入监测，模型不再预测', "within the model's scope")
        """
        if lang == "zh":
            return "，".join(filter(None, (self.zh, self.note_zh)))
        return ": ".join(filter(None, (self.en, self.note_en)))


_NO_LONGER = ("模型不再预测", "the model does not predict")

STATUSES = Vocabulary(
    Status("at_risk", "在模型评估范围内", "within the model's scope"),
    Status("below_line", "收入已低于监测线", "already below the line", *_NO_LONGER),
    Status("monitored", "已纳入监测", "already in monitoring", *_NO_LONGER),
    Status("no_income", "收入记录不足", "too little income recorded", "模型不作预测", "the model does not predict"),
    Status("unknown", "该日尚无此户记录", "not yet on record at that date"),
)
"""Statuses of a household on a date; only ``unknown`` (not yet on record) gets no row in the table of scores."""

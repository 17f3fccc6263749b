"""Verdicts on a household: its status, colour, tier and category, and whether the rule line and the model agree."""

from __future__ import annotations

from dataclasses import dataclass

from riskml.vocabulary.terms import Term, Vocabulary

COLOURS = Vocabulary(
    Term("green", "绿", "green"),
    Term("yellow", "黄", "yellow"),
    Term("orange", "橙", "orange"),
    Term("red", "红", "red"),
)
"""Colours of the signal, from the safest to the most severe."""

UNKNOWN_COLOUR = Term("unknown", "灰", "unknown")
"""Stands in for a colour if the rule line cannot judge; it has no place in the order of colours."""

NO_COLOUR = -1
"""Position of ``UNKNOWN_COLOUR``."""

COLOUR_POSITIONS = {**{code: i for i, code in enumerate(COLOURS)}, UNKNOWN_COLOUR.code: NO_COLOUR}
"""Positions by name, with the unknown colour last; filters and counts list the colours in this order."""


def name_colour(position: int) -> str:
    """Return the name of the colour at a position.

    >>> name_colour(3), name_colour(NO_COLOUR)
    ('red', 'unknown')
    """
    return UNKNOWN_COLOUR.code if position == NO_COLOUR else COLOURS.codes[position]


TIERS = Vocabulary(
    Term("stable", "收入与支出预计稳定", "stable"),
    Term("likely", "较易返贫致贫", "likely"),
    Term("very_likely", "极易返贫致贫", "very likely"),
)
"""Tiers of the probability, from the safest to the most severe; -1 means that there is no probability."""

_UNWARNED = Term("unwarned", "模型未预警", "no warning by the model")
_STABLE_INCOME = Term("stable_income", "收入预计稳定（未计刚性支出）", "stable income, spending not counted")

TIER_WORDS = Vocabulary(*TIERS.values(), _UNWARNED, _STABLE_INCOME)
"""What pages and explanations say about a tier: its name, or one of two other names for the safest tier.

If the rule line flags a household, something has happened to it, so nobody should read that it is stable. If the
outcome ignores unavoidable spending, a low probability says nothing about spending that leaves too little to live on.
"""


def word_tier(tier: str, *, flagged: bool, hardship: str) -> str:
    """Return the code of the words for a tier.

    Parameters
    ----------
    tier : str
    flagged : bool
        Whether the rule line flags the household.
    hardship : {"count", "ignore"}
        Whether the outcome that the model predicts counts unavoidable spending.

    Examples
    --------
    >>> [word_tier("stable", flagged=flagged, hardship="count") for flagged in (True, False)]
    ['unwarned', 'stable']
    >>> [word_tier(tier, flagged=False, hardship="ignore") for tier in ("stable", "likely", "none")]
    ['stable_income', 'likely', 'none']
    """
    if tier != TIERS.codes[0]:
        return tier
    return _UNWARNED.code if flagged else tier if hardship == "count" else _STABLE_INCOME.code


@dataclass(frozen=True)
class Agreement(Term):
    """Whether the rule line and the model flag a household, as a short name and as a sentence in both languages.

    The rule line flags a household if one of its conditions is met. Its colour may be yellow without any: income that
    is merely close to the line meets none. So the sentences speak of conditions, not of the rule line as a whole.
    """

    sentence_zh: str
    sentence_en: str

    def get_sentence(self, lang: str) -> str:
        """Return the sentence in a language, ``zh`` or ``en``."""
        return self.sentence_zh if lang == "zh" else self.sentence_en


AGREEMENTS = Vocabulary(
    Agreement(
        "neither",
        "均未提示",
        "neither",
        "未触发监测线规则的预警条件，模型也未提示",
        "No condition of the rule line is met, and the model does not flag this household either",
    ),
    Agreement(
        "rule_only",
        "仅规则提示",
        "rule line only",
        "已触发监测线规则的预警条件，模型判断风险不高",
        "A condition of the rule line is met, but the model does not flag this household",
    ),
    Agreement(
        "model_only",
        "仅模型提示",
        "model only",
        "未触发监测线规则的预警条件，模型判断风险较高，建议核实",
        "The model flags this household, but no condition of the rule line is met: worth verifying",
    ),
    Agreement(
        "both",
        "规则与模型均提示",
        "both",
        "已触发监测线规则的预警条件，模型也提示风险",
        "A condition of the rule line is met, and the model flags this household too",
    ),
)
"""Whether the rule line, the model, both or neither flag a household."""

REFINED_AGREEMENTS = Vocabulary(
    *AGREEMENTS.values(),
    Agreement(
        "rule_only_outside",
        "规则与模型均提示；未进全县优先名单",
        "both; others come first in the county",
        "已触发监测线规则的预警条件；模型也提示风险，但未排入全县走访名额",
        "A condition of the rule line is met; the model flags this household too, but other households come first "
        "for a visit",
    ),
    Agreement(
        "neither_outside",
        "模型提示；未进全县优先名单",
        "model; others come first in the county",
        "未触发监测线规则的预警条件；模型提示风险，但未排入全县走访名额",
        "The model flags this household, but other households come first for a visit",
    ),
    Agreement(
        "neither_near",
        "仅规则提示（收入接近监测线）",
        "rule line only (income near the line)",
        "收入接近监测线，未触发其他预警条件；模型判断风险不高",
        "The income is near the line, but no other condition is met, and the model does not flag this household",
    ),
    Agreement(
        "neither_near_outside",
        "收入接近监测线，模型也提示；未进全县优先名单",
        "near the line, and model; others come first in the county",
        "收入接近监测线，未触发其他预警条件；模型也提示风险，但未排入全县走访名额",
        "The income is near the line; the model flags this household too, but other households come first for a visit",
    ),
    Agreement(
        "model_only_near",
        "收入接近监测线，模型也提示",
        "both (income near the line)",
        "收入接近监测线，未触发其他预警条件；模型判断风险较高，建议核实",
        "The income is near the line, and the model flags this household too: worth verifying",
    ),
)
"""``AGREEMENTS`` and more: for households that the model flags but for which there is no visit capacity, and for those
whose income near the line is all that the rule line has against them."""

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
        return "; ".join(filter(None, (self.en, self.note_en)))


_PREDICTION_ENDED = ("模型不再预测", "the model makes no prediction")

STATUSES = Vocabulary(
    Status("at_risk", "在模型评估范围内", "within the model's scope"),
    Status("below_line", "收入已低于监测线", "already below the line", *_PREDICTION_ENDED),
    Status("monitored", "已纳入监测", "already in monitoring", *_PREDICTION_ENDED),
    Status(
        "in_hardship",
        "符合“突发严重困难户”预警条件，待认定",
        "meets the conditions for a household in sudden hardship, to be confirmed",
        *_PREDICTION_ENDED,
    ),
    Status("no_income", "收入记录不足", "too little income recorded", "模型不作预测", "the model makes no prediction"),
    Status("unknown", "该日尚无此户记录", "not yet on record on that date"),
)
"""Statuses of a household on a date; households with the status ``unknown`` are left out of the table of scores."""

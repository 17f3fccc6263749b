"""Short words for the pages, by kind and code, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from riskml.explanation import NOTICE, Reason
from riskml.vocabulary.causes import CAUSES, HEALTH_CAUSES
from riskml.vocabulary.terms import Term, Vocabulary, read_vocabularies
from riskml.vocabulary.verdicts import CATEGORIES, COLOURS, REFINED_AGREEMENTS, STATUSES, TIER_WORDS
from riskml_serving.casework.clues.kinds import CHANNELS, HIDDEN, KINDS
from riskml_serving.casework.clues.states import CLUE_STATES
from riskml_serving.casework.deadlines import DEADLINES
from riskml_serving.casework.worklist.states import BRINGERS, LISTED, STATES
from riskml_serving.judging.model import RULE_LINE_ONLY
from riskml_serving.people.auth import Caller
from riskml_serving.store.facts.kinds import FACTS
from riskml_serving.store.facts.outcomes import CHECKS, OUTCOMES, REASONS, REASSESSMENTS

SHAPES = {"red": "■", "orange": "◆", "yellow": "▲", "green": "●", "unknown": "○"}
"""A shape for each colour, for printing in grey and for readers who cannot tell the colours apart."""

SIGNALS = tuple(SHAPES)
"""Signals in the order in which pages count them: the most severe first, and unknown last."""

_OWN = read_vocabularies("riskml_serving.web.shell", "words.yaml")
ORDERS, SUBJECTS = _OWN["orders"], _OWN["subjects"]
_NOTES = {code: term.names for code, term in _OWN["notes"].items()}
HUNDRED, HEALTH_WARNING, ANALYSTS_ONLY = _NOTES["hundred"], _NOTES["health"], _NOTES["analysts"]

_NO_PREDICTION = Term("none", "模型不作预测", "no prediction")

WORDS: dict[str, Mapping[str, Term]] = {
    "reason": REASONS,
    "reassessment": REASSESSMENTS,
    "check": CHECKS,
    "fact": FACTS,
    "signal": Vocabulary(*COLOURS.values(), Term("unknown", "灰（收入不明）", "grey (income unknown)")),
    "section": Vocabulary(*LISTED.values(), *_OWN["sums"].values()),
    "agreement": Vocabulary(*REFINED_AGREEMENTS.values(), _NO_PREDICTION),
    "status": Vocabulary(*(Term(s.code, s.make_sentence("zh"), s.make_sentence("en")) for s in STATUSES.values())),
    "tier": Vocabulary(*TIER_WORDS.values(), _NO_PREDICTION),
    "category": Vocabulary(*CATEGORIES.values(), Term("none", "未纳入监测", "not in monitoring")),
    "cause": CAUSES,
    "outcome": OUTCOMES,
    "state": STATES,
    "what": Vocabulary(*KINDS.values(), HIDDEN),
    "channel": CHANNELS,
    "clue_state": CLUE_STATES,
    "bringer": BRINGERS,
    "deadline": DEADLINES,
}


def get_word(kind: str, code: str | None, lang: str) -> str:
    """Return the short word for a code; an empty string if there is no code.

    >>> get_word("signal", "red", "zh"), get_word("category", None, "zh")
    ('红', '')
    """
    return WORDS[kind][code].get_name(lang) if code else ""


def list_causes(caller: Caller) -> list[str]:
    """List the causes that a caller may see: being listed under a health cause is itself health information."""
    return [code for code in CAUSES if not (caller.redact and code in HEALTH_CAUSES)]


def tag_reason(reason: Reason, lang: str, *, risk: bool) -> str:
    """Tag a reason with its official cause if it raises the risk, otherwise with its topic.

    In Chinese, most causes are named "because of" something, which would be wrong for something that lowers the risk.
    The cause "other" says nothing, and naming a redacted cause could reveal illness or disability.

    >>> reason = Reason("illness", "illness", "admissions_12m", -0.1, "", "")
    >>> tag_reason(reason, "zh", risk=True), tag_reason(reason, "zh", risk=False)
    ('因病', '健康医疗')
    """
    if risk and reason.cause != "other" and reason.feature is not None:
        return get_word("cause", reason.cause, lang)
    return SUBJECTS[reason.topic].get_name(lang) if reason.cause == "other" else CAUSES[reason.cause].get_subject(lang)


def describe_cut(shown: int, total: int, lang: str) -> str:
    """Say how many households in a list are shown; return an empty string if all are.

    >>> describe_cut(5000, 6123, "zh"), describe_cut(7, 7, "zh")
    ('前 5,000 户，共 6,123 户', '')
    """
    return _NOTES["cut"][lang].format(shown=shown, total=total) if shown < total else ""


def explain_star(least: int, lang: str) -> str:
    """Explain the star that replaces small counts in exports."""
    return _NOTES["star"][lang].format(least=least)


def count_per_hundred(probability: float | None) -> float | None:
    """Convert a probability to households per hundred, for use in a table.

    >>> count_per_hundred(0.34551796793689), count_per_hundred(None)
    (34.6, None)
    """
    return None if probability is None else round(100 * probability, 1)


def label_flag(text: str, cause: str | None, lang: str) -> str:
    """Label a flag as health information if its cause is one, so that people see it on paper.

    >>> label_flag("单次住院自付费用较大", "illness", "zh"), label_flag("住房不安全", "housing", "zh")
    ('单次住院自付费用较大（健康信息）', '住房不安全')
    """
    return text + {"zh": "（健康信息）", "en": " (health information)"}[lang] if cause in HEALTH_CAUSES else text


def choose_notices(
    lang: str, *, simulated: bool, silent: bool, revealed: bool, named: bool = False, locked: bool = False
) -> list[str]:
    """Choose the notices for a page or an export: the one that all carry, then those for this service and reader.

    ``named`` says whether the reader may see names, and ``locked`` whether their key is missing.

    >>> choose_notices("zh", simulated=True, silent=False, revealed=False)
    ['仅供研判参考，不作为认定依据', '模拟数据，非真实农户']
    """
    own = (
        (True, NOTICE),
        (simulated, _NOTES["simulated"]),
        (simulated and named, _NOTES["invented"]),
        (silent, RULE_LINE_ONLY),
        (revealed, ANALYSTS_ONLY),
        (locked, _NOTES["locked"]),
    )
    return [notice[lang] for applies, notice in own if applies]

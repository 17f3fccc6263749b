"""Words used in the timeline, in Chinese and in English."""

from __future__ import annotations

from riskml.records.contract.schema import TABLES
from riskml.text import read_data
from riskml.vocabulary.terms import read_vocabularies

_LANES = read_vocabularies("riskml.explanation.timeline", "lanes.yaml")
LANES, _LETTERS = _LANES["lanes"], _LANES["letters"]
"""Lanes below the plot, from top to bottom.

The first four and ``help`` are always shown, unless the reader may not see them.
"""

_TEXTS = read_data("riskml.explanation.timeline", "words.yaml")
WORDS: dict[str, dict[str, str]] = {lang: {key: texts[lang] for key, texts in _TEXTS.items()} for lang in ("zh", "en")}
"""Words used in the picture, by language."""

_NAMES = {
    code: zh
    for table in ("illness", "disaster", "events", "monitoring")
    for column in TABLES[table].columns
    if column.name in ("kind", "category")
    for code, zh in (column.allowed or {}).items()
}
_NAMES |= {"other_illness": "就医", "other_disaster": "其他灾害"}


def name_kind(kind: str, lang: str) -> str:
    """Return the name of a code used in the records.

    >>> name_kind("job_loss", "zh"), name_kind("job_loss", "en")
    ('失业', 'job loss')
    """
    return _NAMES[kind] if lang == "zh" else kind.replace("_", " ")


def choose_letter(lane: str, kind: str, lang: str) -> str:
    """Choose the character inside a mark, which tells kinds of events apart without relying on colour.

    >>> choose_letter("illness", "inpatient", "zh"), choose_letter("illness", "disability", "zh")
    ('病', '残')
    """
    return (_LETTERS.get(kind) or LANES[lane]).get_name(lang)[0]

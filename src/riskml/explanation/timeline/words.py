"""Words used in the timeline, in Chinese and in English."""

from __future__ import annotations

from importlib.resources import files

import yaml

from riskml.records.contract.schema import TABLES
from riskml.vocabulary.terms import Term, Vocabulary

__all__ = ["LANES", "WORDS", "choose_letter", "name_kind"]

LANES = Vocabulary(
    Term("illness", "病", "Illness"),
    Term("disaster", "灾", "Disaster"),
    Term("schooling", "学", "School"),
    Term("work", "工", "Work"),
    Term("other", "其他", "Other"),
    Term("monitoring", "监测", "Monitor"),
    Term("help", "帮扶", "Help"),
    Term("scores", "每百户约", "Per 100"),
)
"""Lanes below the plot, from top to bottom.

The first four and ``help`` are always shown, unless the reader may not see them.
"""

_LETTERS = Vocabulary(
    Term("disability", "残", "I"),
    Term("venture_failure", "业", "W"),
    Term("death", "亡", "†"),
    Term("accident", "故", "A"),
    Term("housing_unsafe", "房", "H"),
    Term("water_unsafe", "水", "R"),
)

_TEXTS = yaml.load(files(__package__).joinpath("words.yaml").read_text("utf-8"), yaml.CSafeLoader)
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

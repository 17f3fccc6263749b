"""Chinese and English names for the codes that an evaluation uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from riskml.vocabulary.terms import Vocabulary, read_vocabularies
from riskml.vocabulary.verdicts import CATEGORIES, STATUSES

_WORDS = read_vocabularies("riskml.evaluation", "words.yaml")
MODELS, GROUPS, CHECK_STATUSES = _WORDS["models"], _WORDS["groups"], _WORDS["check_statuses"]
GROUP_VALUES = Vocabulary(*_WORDS["group_values"].values(), *CATEGORIES.values())
MISSING = Vocabulary(*_WORDS["missing"].values(), *(status for code, status in STATUSES.items() if code != "at_risk"))


def name_groups(rows: Iterable[Mapping[str, Any]], lang: str) -> list[dict[str, Any]]:
    """Add the ``name`` of the group and the ``word`` for its value to the entries of the audit by group.

    >>> [(row["name"], row["word"]) for row in name_groups([{"group": "exited", "value": "yes"}], "en")]
    [('registered as formerly poor', 'yes')]
    """
    return [
        {**row, "name": GROUPS.get_name(row["group"], lang), "word": GROUP_VALUES.get_name(row["value"], lang)}
        for row in rows
    ]


def sort_models(models: Iterable[str]) -> list[str]:
    """Sort names: riskml and unlisted models first, then the baselines in the order in which ``MODELS`` lists them.

    >>> sort_models(["logistic", "riskml", "rule_line"])
    ['riskml', 'rule_line', 'logistic']
    """
    known = MODELS.codes
    return sorted(models, key=lambda name: (known.index(name) if name in known else 0, name))

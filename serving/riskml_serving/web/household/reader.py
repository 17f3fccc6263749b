"""Who reads a household's page, on which day and in which language, and how the page shows a score."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from riskml.explanation import Explanation
from riskml.explanation.household.rendering import describe_category, describe_flag, describe_probability
from riskml.vocabulary.verdicts import word_tier
from riskml_serving.base.settings import Settings
from riskml_serving.judging.model import Model
from riskml_serving.judging.wording import list_facts, show
from riskml_serving.people.auth import Caller
from riskml_serving.web.shell.words import SHAPES, label_flag


@dataclass(frozen=True)
class Reader:
    """Reads what a page shows a reader on a given day.

    Parameters
    ----------
    connection : Connection
    model : Model
    caller : Caller
    settings : Settings
    today : date
    lang : {"zh", "en"}
    reveals : bool
        Whether the reader sees the model's verdict even if it is withheld from others.
    """

    connection: Connection
    model: Model
    caller: Caller
    settings: Settings
    today: dt.date
    lang: str
    reveals: bool

    def describe_verdicts(self, explanation: Explanation) -> dict[str, Any]:
        """Describe both verdicts in riskml's own words."""
        lang, opinion = self.lang, explanation.model
        return {
            "explanation": explanation,
            "category": describe_category(explanation, lang),
            "flags": [label_flag(describe_flag(flag, lang), flag.cause, lang) for flag in explanation.rule.flags],
            "hundred": opinion and describe_probability(opinion.probability, opinion.horizon, lang, explanation.kind),
        }

    def describe_score(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Describe a score without what the reader may not see."""
        out = show(row, self.model.policy, self.caller.redact)
        out["facts"] = list_facts(out, self.lang)
        hardship = self.model.narrator.settings.hardship
        tier = word_tier(out["tier"] or "none", flagged=row["rule_flags"] != "", hardship=hardship)
        return {**out, "as_of": row["as_of"], "tier": tier, "shape": SHAPES[out["signal"]], "same": False}

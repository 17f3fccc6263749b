"""Asks riskml for scores and reasons; nothing is computed here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from riskml.explanation import Explanation
from riskml.explanation.reasons.redaction import redact_flags
from riskml.outcomes import AT_RISK
from riskml.policy import Policy, name_agreement
from riskml.records.contract.calendar import to_day
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records
from riskml.scoring import Opinion, judge
from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, STATUSES, TIERS
from riskml_serving.judging.model import Model

__all__ = ["Judged", "columns_of", "judge_tables", "shown"]

Columns = dict[str, list[Any]]


def columns_of(rows: list[dict[str, Any]]) -> Columns:
    """Turn rows into columns, every name that any row has.

    >>> columns_of([{"a": 1}, {"a": 2, "b": 3}])
    {'a': [1, 2], 'b': [None, 3]}
    """
    names = tuple(rows[0]) if rows else ()
    if len(names) > 1 and set(map(len, rows)) == {len(names)}:  # most often all rows have the same names
        with suppress(KeyError):
            return dict(zip(names, map(list, zip(*map(itemgetter(*names), rows), strict=True)), strict=True))
    every: dict[str, None] = {}
    for row in rows:
        every.update(dict.fromkeys(row))
    return {name: [row.get(name) for row in rows] for name in every}


@dataclass(frozen=True)
class Judged:
    """Both verdicts on some households, and the panel they were read from.

    Parameters
    ----------
    model : Model
    as_of : date
    panel : Panel
    opinion : Opinion
    agreement : array of str, shape (n,)
        By tier: a tier above the safest is the model's yes.
    """

    model: Model
    as_of: dt.date
    panel: Panel
    opinion: Opinion
    agreement: Any

    def row(self, i: int) -> dict[str, Any]:
        """Score of one household in plain values; tier and colours as positions in riskml's lists."""
        opinion, at_risk = self.opinion, self.opinion.status[i] == AT_RISK
        return {
            "household_id": str(self.panel.household_id[i]),
            "status": STATUSES.codes[opinion.status[i]],
            "probability": float(opinion.probability[i]) if at_risk else None,
            "margin": float(opinion.margin[i]) if at_risk else None,
            "tier": int(opinion.tier[i]),
            "rule_signal": int(opinion.rule_colour[i]),
            "signal": int(opinion.signal[i]),
            "rule_flags": opinion.flags[i],
            "agreement": str(self.agreement[i]),
            "agreement_by": "tier",
        }

    def explained(self, i: int = 0, agreement: str | None = None, redact: tuple[str, ...] = ()) -> Explanation:
        """Explain the score of one household; the agreement is that by capacity, if its score has one."""
        return self.model.narrator.explain(
            self.panel, i, verdicts=self.opinion.verdicts, agreement=agreement, redact=redact
        )


def judge_tables(model: Model, tables: Mapping[str, Columns], as_of: dt.date) -> Judged:
    """Ask riskml about the households of some tables.

    Raises
    ------
    RecordsError
        If riskml cannot take the tables as they are.
    """
    records = Records.from_tables(tables, model.policy.lines)
    panel = records.panel(to_day(as_of))
    opinion = judge(model.bundle, panel, model.policy, model.watch.show)
    flagged = np.array([bool(flags) for flags in opinion.flags], bool)
    agreement = name_agreement(opinion.tier > 0, flagged)
    model.watch.count(opinion.tier.tolist(), agreement.tolist())
    return Judged(model, as_of, panel, opinion, agreement)


def shown(row: Mapping[str, Any], policy: Policy, redact: tuple[str, ...] = ()) -> dict[str, Any]:
    """Words of a score for an answer: codes instead of positions; flags that tell of health only counted if redacted.

    >>> from riskml.policy import load_policy
    >>> row = {"tier": -1, "rule_signal": 0, "signal": 3, "rule_flags": "accident;dropout", "status": "monitored"}
    >>> shown(row, load_policy())["tier"], shown(row, load_policy())["signal"]
    (None, 'red')
    """
    out = dict(row)
    out["tier"] = None if row["tier"] < 0 else TIERS.codes[row["tier"]]
    out["rule_signal"], out["signal"] = COLOURS.codes[row["rule_signal"]], COLOURS.codes[row["signal"]]
    codes = row["rule_flags"].split(";") if row["rule_flags"] else []
    out["rule_flags"], out["hidden_flags"] = redact_flags(codes, policy, redact)
    return out


assert AGREEMENTS.codes[0] == "neither", "the service stores the words of the policy room"

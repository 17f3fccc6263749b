"""Calls riskml: the only path from tables to scores and reasons, for one household or a whole county."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.explanation import Explanation
from riskml.explanation.household.county import ExplainedPanel
from riskml.outcomes import UNKNOWN
from riskml.policy import name_agreement
from riskml.policy.signal import is_above_safest
from riskml.records.contract.calendar import to_day
from riskml.records.panel.panel import Panel
from riskml.scoring import judge
from riskml.verdict import Opinion, read_fields
from riskml_serving.judging.grouping import Tables, group_by_known_tables, pack
from riskml_serving.judging.model import Model
from riskml_serving.judging.verdict import FIELDS

__all__ = ["Judged", "judge_groups", "judge_tables"]


@dataclass(frozen=True)
class Judged:
    """The rule line's and the model's verdicts on some households, and the panel that they are based on.

    Parameters
    ----------
    model : Model
    panel : Panel
    opinion : Opinion
    """

    model: Model
    panel: Panel
    opinion: Opinion

    @cached_property
    def known(self) -> NDArray[np.intp]:
        """Panel rows of the households that are known on the panel's date."""
        return np.flatnonzero(self.opinion.status != UNKNOWN)

    @cached_property
    def codes(self) -> list[str]:
        """Codes of the households that are known on the panel's date."""
        return list(self.panel.household_id[self.known].tolist())

    @cached_property
    def agreement(self) -> list[str]:
        """Agreement by tier for the households that are known."""
        positive = is_above_safest(self.opinion.tier[self.known])
        return list(name_agreement(positive, self.opinion.verdicts.any_flag[self.known]).tolist())

    def to_columns(self) -> dict[str, list[Any]]:
        """Return the codes and fields of the households that are known, as columns of Python values."""
        fields = read_fields(self.opinion)
        return {
            "household_id": self.codes,
            **{name: FIELDS[name].to_plain(values[self.known]) for name, values in fields.items()},
            "agreement": self.agreement,
            "agreement_by": ["tier"] * len(self.codes),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the same values as rows, one per household."""
        columns = self.to_columns()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    @cached_property
    def explained(self) -> ExplainedPanel:
        """Causes and reasons for every household."""
        return ExplainedPanel.build(self.model.narrator, self.panel, self.opinion.verdicts)

    def explain(self, i: int = 0, agreement: str | None = None, redact: tuple[str, ...] = ()) -> Explanation:
        """Explain the score of one panel row; ``agreement`` is its agreement by visit capacity, if any."""
        return self.model.narrator.explain(
            self.panel, i, verdicts=self.opinion.verdicts, agreement=agreement, redact=redact
        )


def judge_tables(model: Model, tables: Tables, as_of: dt.date) -> Judged:
    """Judge households for which exactly these tables are known.

    Raises
    ------
    RecordsError
        If riskml cannot use the tables as they are.
    """
    panel = pack(tables, model).panel(to_day(as_of))
    judged = Judged(model, panel, judge(model.bundle, panel, model.policy, model.monitor.observe))
    model.monitor.count(judged.opinion.tier[judged.known].tolist(), judged.agreement)
    return judged


def judge_groups(model: Model, tables: Tables, known_tables: Mapping[str, str], as_of: dt.date) -> list[Judged]:
    """Judge households in groups for which the same tables are known; see :func:`group_by_known_tables`."""
    return [judge_tables(model, group, as_of) for group in group_by_known_tables(tables, known_tables)]

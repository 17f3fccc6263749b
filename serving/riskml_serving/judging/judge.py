"""Calls riskml to turn tables of records into scores and reasons. All scores of the service are made here."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.explanation import Explanation
from riskml.explanation.household.county import ExplainedPanel
from riskml.outcomes import UNKNOWN
from riskml.policy import name_agreement
from riskml.policy.signal import is_above_safest
from riskml.records.contract.as_of import AsOf
from riskml.records.contract.calendar import to_date, to_day
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records
from riskml.scoring import judge
from riskml.verdict import Opinion, read_fields
from riskml_serving.judging.grouping import Tables, group_by_known_tables, pack
from riskml_serving.judging.model import Model
from riskml_serving.judging.verdict import FIELDS, WITHHELD


def silence(opinion: Opinion) -> Opinion:
    """Return an opinion that holds only the rule line's part, as if the model had given no verdict.

    This is what a silent model shows: one that was trained on a simulated county but judges real households.
    """
    nothing = np.full(len(opinion.status), np.nan)
    tier = np.full(len(opinion.status), -1, np.int8)
    return replace(opinion, margin=nothing, probability=nothing, tier=tier, signal=opinion.rule_colour)


def reveal(row: Mapping[str, Any]) -> dict[str, Any]:
    """Add what a silent model withheld to a stored score, for analysts; the signal remains the rule line's.

    >>> reveal({"signal": 0, "probability": None, "withheld": '{"probability": 0.5}'})["probability"]
    0.5
    """
    return {**row, **json.loads(row["withheld"] or "{}")}


@dataclass(frozen=True)
class Judged:
    """The rule line's and the model's verdicts on some households, and the panel that they are based on.

    Parameters
    ----------
    model : Model
    panel : Panel
    opinion : Opinion
        Verdicts of the model and the rule line. Most readers may see only :attr:`shown`: the model may be silent.
    """

    model: Model
    panel: Panel
    opinion: Opinion

    @cached_property
    def shown(self) -> Opinion:
        """The opinion, without the model's part if the model is silent."""
        return silence(self.opinion) if self.model.silent else self.opinion

    @cached_property
    def known(self) -> NDArray[np.intp]:
        """Panel rows of the households that are known on the panel's date."""
        return np.flatnonzero(self.opinion.status != UNKNOWN)

    @property
    def as_of(self) -> AsOf:
        """The panel's date, and the last day of the records of the households in it."""
        return self.date_records(slice(None))

    def date_records(self, households: slice) -> AsOf:
        """Return the panel's date, and the last day of the records of some households of the panel."""
        last = self.panel.last_days[households].max(initial=NO_DAY)
        return AsOf(to_date(self.panel.as_of), None if last == NO_DAY else to_date(int(last)))

    @cached_property
    def codes(self) -> list[str]:
        """Codes of the households that are known on the panel's date."""
        return list(self.panel.household_id[self.known].tolist())

    @cached_property
    def agreement(self) -> list[str]:
        """Codes that say, for each known household, whether its tier, the rule line, both or neither flag it."""
        positive = is_above_safest(self.opinion.tier[self.known])
        return list(name_agreement(positive, self.opinion.verdicts.any_flag[self.known]).tolist())

    def to_columns(self) -> dict[str, list[Any]]:
        """Return codes, fields and shortfalls of the known households, as columns of Python values.

        If the model is silent, ``withheld`` holds its verdict as JSON, which is stored; only :func:`reveal` reads it.
        """
        compared: dict[str, list[Any]] = {"agreement": self.agreement, "agreement_by": ["tier"] * len(self.codes)}
        withheld: list[str | None] = [None] * len(self.codes)
        if self.model.silent:
            own = self._read(self.opinion)
            kept = {**{name: own[name] for name in WITHHELD}, **compared}
            withheld = [json.dumps(dict(zip(kept, row, strict=True))) for row in zip(*kept.values(), strict=True)]
            compared = dict.fromkeys(compared, [None] * len(self.codes))
        shortfall = [None if x != x else x for x in self.opinion.verdicts.shortfall[self.known].tolist()]
        return {
            "household_id": self.codes,
            **self._read(self.shown),
            **compared,
            "records_end": self._list_records_ends(),
            "shortfall": shortfall,
            "withheld": withheld,
        }

    def _list_records_ends(self) -> list[dt.date | None]:
        last = self.panel.last_days[self.known]
        return FIELDS["records_end"].to_plain(np.where(last < self.panel.as_of, last, NO_DAY))

    def _read(self, opinion: Opinion) -> dict[str, list[Any]]:
        return {name: FIELDS[name].to_plain(values[self.known]) for name, values in read_fields(opinion).items()}

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the values of :meth:`to_columns` as rows, one per household."""
        columns = self.to_columns()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    @cached_property
    def rows(self) -> dict[int, dict[str, Any]]:
        """The rows of :meth:`to_rows`, by the household's row in the panel."""
        return dict(zip(self.known.tolist(), self.to_rows(), strict=True))

    @cached_property
    def explained(self) -> ExplainedPanel:
        """Causes and reasons for every household."""
        known, silent = self.opinion, self.model.silent
        return ExplainedPanel.build(
            self.model.narrator, self.panel, known.verdicts, status=known.status, margin=known.margin, silent=silent
        )

    def explain(
        self, i: int = 0, agreement: str | None = None, redact: tuple[str, ...] = (), *, reveals: bool = False
    ) -> Explanation:
        """Explain the score in one row of the panel; ``agreement`` is based on visit capacity, if known.

        If ``reveals`` is true, the explanation includes the model's part even if the model is silent.
        """
        return self.model.narrator.explain(
            self.panel,
            i,
            verdicts=self.opinion.verdicts,
            agreement=agreement,
            redact=redact,
            silent=self.model.silent and not reveals,
            explained=None if self.panel.n == 1 else self.explained.find_row(i),
        )


def judge_tables(model: Model, tables: Tables, as_of: dt.date, *, counted: bool = True) -> Judged:
    """Judge households for which exactly these tables are known; see :func:`judge_records`.

    Raises
    ------
    RecordsError
        If riskml cannot use the tables as they are.
    """
    return judge_records(model, pack(tables, model), as_of, counted=counted)


def judge_records(model: Model, records: Records, as_of: dt.date, *, counted: bool = True) -> Judged:
    """Judge the households of packed records; unless ``counted``, metrics and drift leave the verdicts out."""
    panel = records.panel(to_day(as_of), basis=model.bundle.settings.basis)
    judged = Judged(model, panel, judge(model.bundle, panel, model.policy, model.monitor.observe if counted else None))
    if not counted:
        return judged
    unsaid = [None] * len(judged.codes)
    model.monitor.count(judged.shown.tier[judged.known].tolist(), unsaid if model.silent else judged.agreement)
    return judged


def judge_groups(
    model: Model, tables: Tables, known_tables: Mapping[str, str], as_of: dt.date, *, counted: bool = True
) -> list[Judged]:
    """Judge households in groups for which the same tables are known; see :func:`group_by_known_tables`."""
    groups = group_by_known_tables(tables, known_tables)
    return [judge_tables(model, group, as_of, counted=counted) for group in groups]

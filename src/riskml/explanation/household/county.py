"""Everyone is explained: causes, reasons and sentences for all households of a county."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.explanation.household.explanation import FlagView
from riskml.explanation.household.narrator import ExplainedRows, Narrator
from riskml.explanation.household.rendering import describe_flag
from riskml.explanation.household.views import make_rule_view
from riskml.explanation.reasons.ranking import Ranking
from riskml.explanation.reasons.redaction import HEALTH_ZH, check_redaction, concerns_health
from riskml.features import build
from riskml.outcomes import AT_RISK, UNKNOWN, cohort_status
from riskml.policy import Verdicts, rule_line
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records
from riskml.vocabulary.causes import HEALTH_CAUSES

__all__ = ["COLUMNS", "ExplainedPanel", "explain_all", "explain_panel", "tabulate_reasons"]

BATCH = 16
"""Panels of 4,096 households explained before any of them is put into words."""

Codes = NDArray[np.str_]
Rows = NDArray[np.intp]

COLUMNS = ("household_id", "causes", "reasons", "protections", "reasons_zh", "protections_zh")
"""Columns of a table of explanations."""


@dataclass(frozen=True)
class ExplainedPanel:
    """A panel ready to be put into words: those at risk by the model's reasons, the others by their flags.

    Parameters
    ----------
    panel : Panel
    at_risk, others : array of int
        Rows of the panel on which the model has a verdict, and of the others that are known.
    rows : ExplainedRows or None
        None where nobody is at risk.
    verdicts : Verdicts or None
        The rule line's on the panel; None where nobody else is known.
    window : int
        Months of the rule line's income.
    """

    panel: Panel
    at_risk: Rows
    others: Rows
    rows: ExplainedRows | None
    verdicts: Verdicts | None
    window: int

    @classmethod
    def build(cls, narrator: Narrator, panel: Panel, verdicts: Verdicts | None = None) -> ExplainedPanel:
        """Explain a panel; ``verdicts`` are the rule line's on it, if they are known already."""
        status, window = cohort_status(panel, narrator.settings), narrator.settings.window
        at_risk, others = np.flatnonzero(status == AT_RISK), np.flatnonzero((status != AT_RISK) & (status != UNKNOWN))
        rows = narrator.explain_rows(panel, build(panel).take(at_risk), at_risk) if len(at_risk) else None
        if not len(others):
            verdicts = None
        elif verdicts is None:
            verdicts = rule_line(panel, narrator.policy, window)
        return cls(panel, at_risk, others, rows, verdicts, window)

    def list_causes(self) -> dict[str, str]:
        """Causes alone by household code, without words and unredacted, as :func:`explain_all` gives them."""
        codes, out = self.panel.household_id.tolist(), {}
        if self.rows is not None:
            features = self.rows.grouping.features
            for i, found in zip(self.at_risk.tolist(), self.rows.ranked.reasons.feature.tolist(), strict=True):
                out[codes[i]] = ";".join(dict.fromkeys(features[j].cause for j in found if j >= 0))
        for i, (flags, hidden) in zip(self.others.tolist(), self._flags(frozenset()), strict=True):
            out[codes[i]] = _causes(flags, hidden)
        return out

    def tabulate(self, hidden: frozenset[str]) -> pd.DataFrame:
        """Put everybody known into words, in the order of the codes, with ``COLUMNS``."""
        codes = self.panel.household_id
        frames = [] if self.rows is None else [tabulate_reasons(self.rows, codes[self.at_risk], health=not hidden)]
        if len(self.others):
            frames.append(self._flagged(hidden))
        if not frames:
            return pd.DataFrame(columns=list(COLUMNS), dtype=object)
        order = np.argsort(np.concatenate([self.at_risk, self.others]))
        return pd.concat(frames, ignore_index=True).iloc[order].reset_index(drop=True)

    def _flagged(self, hidden: frozenset[str]) -> pd.DataFrame:
        """Causes and sentences of the flags of those that the model says nothing of."""
        found = list(self._flags(hidden))
        sentences = [
            "\n".join([describe_flag(flag, "zh") for flag in flags] + [HEALTH_ZH] * min(left_out, 1))
            for flags, left_out in found
        ]
        nothing = [""] * len(found)
        causes = [_causes(*each) for each in found]
        columns = (self.panel.household_id[self.others], causes, nothing, nothing, sentences, nothing)
        return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))

    def _flags(self, hidden: frozenset[str]) -> Iterator[tuple[tuple[FlagView, ...], int]]:
        """Flags that may be shown of each of the others, and how many are left out."""
        for i in self.others.tolist():
            assert self.verdicts is not None, "they are there where others are"
            view = make_rule_view(self.verdicts, i, self.window, hidden) if self.verdicts.any_flag[i] else None
            yield ((), 0) if view is None else (view.flags, view.hidden_flags)


def _causes(flags: tuple[FlagView, ...], hidden: int) -> str:
    own = [flag.cause for flag in flags if flag.cause] + [HEALTH_CAUSES[0]] * min(hidden, 1)
    return ";".join(dict.fromkeys(own))


def explain_panel(narrator: Narrator, panel: Panel, redact: tuple[str, ...] = ()) -> pd.DataFrame:
    """Explain every household of a panel; see :func:`explain_all`."""
    return ExplainedPanel.build(narrator, panel).tabulate(check_redaction(redact))


def tabulate_reasons(rows: ExplainedRows, household_id: Codes, *, health: bool) -> pd.DataFrame:
    """Put rows that were explained into words.

    Parameters
    ----------
    rows : ExplainedRows
    household_id : array of str, shape (n,)
    health : bool
        Whether what tells of health may be shown.
    """
    causes, reasons, reasons_zh = _texts(rows, rows.ranked.reasons, health, risk=True)
    _, protections, protections_zh = _texts(rows, rows.ranked.protections, health, risk=False)
    columns = (household_id, causes, reasons, protections, reasons_zh, protections_zh)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def explain_all(
    narrator: Narrator,
    records: Records,
    as_of: int,
    *,
    redact: tuple[str, ...] = (),
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Explain every household that is known at a date.

    Parameters
    ----------
    narrator : Narrator
    records : Records
    as_of : int
        Day.
    redact : tuple of str
        See :meth:`Narrator.explain`.
    threads : int, default 2
    progress : callable, optional
        Called with the number of households done.

    Returns
    -------
    DataFrame
        One row a household in the order of the codes: ``causes``, cause codes of the reasons joined by ``;``, the
        first reason's first; ``reasons`` and ``protections``, feature names joined by ``;`` (``health`` where
        redacted); ``reasons_zh`` and ``protections_zh``, the sentences, one a line. Of those that are not at risk
        (below the line, in monitoring, without income) the model says nothing: causes and sentences are those of the
        rule line's flags.
    """
    hidden = check_redaction(redact)
    panels = list(records.panels(as_of))
    for panel in panels[:1]:
        panel.line  # noqa: B018 - fills the shared grid of lines before threads ask for it
    frames = []
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(panels), BATCH):
            batch = panels[start : start + BATCH]
            # Words are pure Python: said beside the arrays, they would make every short array operation wait its turn.
            frames += [
                part.tabulate(hidden)
                for part in list(pool.map(lambda panel: ExplainedPanel.build(narrator, panel), batch))
            ]
            for panel in batch:
                panel.memo.clear()
                if progress is not None:
                    progress(panel.n)
    found = [frame for frame in frames if len(frame)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS), dtype=object)


def _texts(
    rows: ExplainedRows, ranking: Ranking, health: bool, *, risk: bool
) -> tuple[list[str], list[str], list[str]]:
    """Cause codes, feature names and sentences of every row."""
    features, speak = rows.grouping.features, rows.writer.write
    secret = [not health and concerns_health(feature) for feature in features]
    causes: list[str] = []
    names: list[str] = []
    texts: list[str] = []
    for row, found in enumerate(ranking.feature.tolist()):
        said = [j for j in found if j >= 0]
        if any(secret[j] for j in said):
            first = next(j for j in said if secret[j])
            said = [j for j in said if not secret[j] or (risk and j == first)]
        causes.append(";".join(dict.fromkeys("illness" if secret[j] else features[j].cause for j in said)))
        names.append(";".join("health" if secret[j] else features[j].name for j in said))
        texts.append("\n".join(HEALTH_ZH if secret[j] else speak(row, j, "zh", risk=risk) for j in said))
    return causes, names, texts

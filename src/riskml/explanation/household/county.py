"""Find the causes and write the reasons for all households in a county."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.explanation.household.explanation import RuleView
from riskml.explanation.household.narrator import ExplainedRows, Narrator
from riskml.explanation.household.rule_reasons import Facts
from riskml.explanation.household.views import make_rule_view
from riskml.explanation.reasons.ranking import Ranking
from riskml.explanation.reasons.redaction import HEALTH_ZH, check_redaction, redact_features
from riskml.features import build
from riskml.outcomes import AT_RISK, UNKNOWN, classify_cohort
from riskml.policy import Verdicts, apply_rule_line
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records
from riskml.vocabulary.causes import HEALTH_CAUSES

BATCH = 16
"""Number of panels (of 4,096 households each) that are explained before their sentences are written."""

Codes = NDArray[np.str_]
Rows = NDArray[np.intp]

COLUMNS = ("household_id", "causes", "reasons", "protections", "reasons_zh", "protections_zh")
"""Columns of the table of explanations."""

HEADERS_ZH = {"causes": "风险原因", "reasons_zh": "风险情况", "protections_zh": "有利情况"}
"""Headers in a workbook; the workbook does not contain the columns with the names of features."""

_EMPTY = pd.DataFrame(columns=list(COLUMNS), dtype="str")


@dataclass(frozen=True)
class ExplainedPanel:
    """An explained panel: households at risk are explained by the model, the others by their flags and facts.

    Parameters
    ----------
    panel : Panel
    at_risk, others : array of int
        Rows of the households on which the model gives a verdict, and of the other known households.
    rows : ExplainedRows or None
        The explained rows at risk; None if no household is at risk.
    verdicts : Verdicts or None
        The rule line's verdicts on the panel; may be None if ``others`` is empty.
    window : int
        Number of months over which the rule line averages income.
    """

    panel: Panel
    at_risk: Rows
    others: Rows
    rows: ExplainedRows | None
    verdicts: Verdicts | None
    window: int

    @classmethod
    def build(
        cls,
        narrator: Narrator,
        panel: Panel,
        verdicts: Verdicts | None = None,
        *,
        status: NDArray[np.int8] | None = None,
        margin: NDArray[np.float64] | None = None,
        silent: bool = False,
    ) -> ExplainedPanel:
        """Explain a panel; pass the rule line's ``verdicts`` and each household's status and margin if they are known.

        If ``silent`` is true, every household is explained by its flags, as if the model had given no verdict.
        """
        if status is None:
            status = classify_cohort(panel, narrator.settings, narrator.policy)
        window = narrator.settings.window
        spoken = (status == AT_RISK) & (not silent)
        at_risk, others = np.flatnonzero(spoken), np.flatnonzero(~spoken & (status != UNKNOWN))
        known = None if margin is None else margin[at_risk]
        rows = narrator.explain_rows(panel, build(panel).take(at_risk), at_risk, known) if len(at_risk) else None
        if verdicts is None and len(others):
            verdicts = apply_rule_line(panel, narrator.policy)
        return cls(panel, at_risk, others, rows, verdicts, window)

    def find_row(self, i: int) -> tuple[ExplainedRows, int] | None:
        """Find the explained row of a household in a panel's row; None if the model gives no verdict on it."""
        position = np.flatnonzero(self.at_risk == i)
        return None if self.rows is None or not len(position) else (self.rows, int(position[0]))

    @cached_property
    def _facts(self) -> Facts:
        """Facts about the panel, whether the reader may see health details or not."""
        return Facts(self.panel)

    def list_causes(self) -> dict[str, str]:
        """Return each household's causes, by household code, unredacted and in the format of :func:`explain_all`."""
        codes, out = self.panel.household_id.tolist(), {}
        if self.rows is not None:
            features = self.rows.grouping.features
            for i, order in zip(self.at_risk.tolist(), self.rows.rankings.reasons.feature.tolist(), strict=True):
                out[codes[i]] = _join_once(features[j].cause for j in order if j >= 0)
        facts, rules = self._facts, self._view_rules(frozenset())
        out |= dict.fromkeys(self.panel.household_id[self.others].tolist(), "")
        return out | {codes[i]: ";".join(facts.list_causes(i, rule, frozenset())) for i, rule in rules.items()}

    def tabulate(self, hidden: frozenset[str], *, sentences: bool = True) -> pd.DataFrame:
        """Tabulate the explanations of all known households, with the columns ``COLUMNS``, in the panel's order."""
        codes = self.panel.household_id
        frames = [_EMPTY]
        if self.rows is not None:
            frames.append(tabulate_reasons(self.rows, codes[self.at_risk], health=not hidden, sentences=sentences))
        if len(self.others):
            frames.append(self._tabulate_flags(hidden, sentences=sentences))
        order = np.argsort(np.concatenate([self.at_risk, self.others]))
        return pd.concat(frames, ignore_index=True).iloc[order].reset_index(drop=True)

    def _tabulate_flags(self, hidden: frozenset[str], *, sentences: bool) -> pd.DataFrame:
        """Tabulate the reasons of the households on which the model gives no verdict."""
        facts, rules = self._facts, self._view_rules(hidden)
        rows, empty = self.others.tolist(), [""] * len(self.others)
        causes = [";".join(facts.list_causes(i, rules[i], hidden)) if i in rules else "" for i in rows]
        reasons = (facts.write_reasons(i, rules[i], hidden) if sentences and i in rules else () for i in rows)
        written = ["\n".join(reason.zh for reason in own) for own in reasons]
        columns = (self.panel.household_id[self.others], causes, empty, empty, written, empty)
        return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))

    def _view_rules(self, hidden: frozenset[str]) -> dict[int, RuleView]:
        """Return the rule line's verdict, by row, on each household in ``others`` that is flagged or monitored."""
        if self.verdicts is None:
            return {}
        rows = self.others[(self.verdicts.any_flag | self.verdicts.monitored)[self.others]].tolist()
        return {i: make_rule_view(self.verdicts, i, self.window, hidden) for i in rows}


def _join_once(codes: Iterable[str]) -> str:
    return ";".join(dict.fromkeys(codes))


def tabulate_reasons(rows: ExplainedRows, household_id: Codes, *, health: bool, sentences: bool = True) -> pd.DataFrame:
    """Tabulate the reasons and protective factors of explained rows.

    Parameters
    ----------
    rows : ExplainedRows
    household_id : array of str, shape (n,)
    health : bool
        Whether health data may be shown.
    sentences : bool, default True
        Whether to write sentences, which takes most of the time.
    """
    write = partial(_write_rows, rows, health=health, sentences=sentences)
    causes, reasons, reasons_zh = write(rows.rankings.reasons, risk=True)
    _, protections, protections_zh = write(rows.rankings.protections, risk=False)
    columns = (household_id, causes, reasons, protections, reasons_zh, protections_zh)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def explain_all(
    narrator: Narrator,
    records: Records,
    as_of: int,
    *,
    redact: tuple[str, ...] = (),
    sentences: bool = True,
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Explain every household that is known on a date.

    Parameters
    ----------
    narrator : Narrator
    records : Records
    as_of : int
        The date, as a day number.
    redact : tuple of str
        See :meth:`Narrator.explain`.
    sentences : bool, default True
        Whether to write sentences, which takes most of the time.
    threads : int, default 2
    progress : callable, optional
        Called after each panel with its number of households.

    Returns
    -------
    DataFrame
        One row per household, in the order of the codes. ``causes`` holds the cause codes of the reasons, joined by
        ``;``, the strongest reason first; ``reasons`` and ``protections`` hold feature names joined by ``;``
        (``health`` if redacted); ``reasons_zh`` and ``protections_zh`` hold one sentence per line. Households that are
        not at risk (below the line, in hardship, in monitoring, or without known income) get no verdict from the
        model; their causes and sentences come from the rule line's flags and from what the records say about them (see
        :mod:`riskml.explanation.household.rule_reasons`).
    """
    hidden = check_redaction(redact)
    basis = narrator.settings.basis
    records.fill_line_grids(as_of, basis)
    panels = list(records.panels(as_of, basis))
    frames = [_EMPTY]
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(panels), BATCH):
            batch = panels[start : start + BATCH]
            # Sentences are written in pure Python. If the threads did this, every short array operation would have to
            # wait for the GIL.
            frames += [
                part.tabulate(hidden, sentences=sentences)
                for part in list(pool.map(lambda panel: ExplainedPanel.build(narrator, panel), batch))
            ]
            for panel in batch:
                panel.memo.clear()
                if progress is not None:
                    progress(panel.n)
    return pd.concat(frames, ignore_index=True)


def _write_rows(
    rows: ExplainedRows, ranking: Ranking, *, health: bool, sentences: bool, risk: bool
) -> tuple[list[str], list[str], list[str]]:
    """Return the cause codes, feature names and sentences for every row."""
    features, write = rows.grouping.features, rows.writer.write
    secret = rows.list_secret(health=health)
    causes: list[str] = []
    names: list[str] = []
    texts: list[str] = []
    for row, ranked in enumerate(ranking.feature.tolist()):
        order = redact_features([j for j in ranked if j >= 0], secret, risk=risk)
        causes.append(_join_once(HEALTH_CAUSES[0] if secret[j] else features[j].cause for j in order))
        names.append(";".join("health" if secret[j] else features[j].name for j in order))
        shown = order if sentences else ()
        texts.append("\n".join(HEALTH_ZH if secret[j] else write(row, j, "zh", risk=risk) for j in shown))
    return causes, names, texts

"""Everyone is explained: causes, reasons and sentences for all households of a county."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.explanation.narrator import Narrator, Told
from riskml.explanation.ranking import Ranking
from riskml.explanation.redaction import HEALTH_ZH, check_redaction, tells_health
from riskml.features import build
from riskml.outcomes import AT_RISK, cohort_status
from riskml.records.panel import Panel
from riskml.records.store import Records

__all__ = ["COLUMNS", "explain_all", "explain_panel", "told_frame"]

BATCH = 16
"""Panels of 4,096 households told before they are put into words."""

Codes = NDArray[np.str_]

COLUMNS = ("household_id", "causes", "reasons", "protections", "reasons_zh", "protections_zh")
"""Columns of a table of explanations."""


def explain_panel(narrator: Narrator, panel: Panel, redact: tuple[str, ...] = ()) -> pd.DataFrame:
    """Explain every household at risk of a panel; see :func:`explain_all`."""
    return _framed([_at_risk(narrator, panel)], check_redaction(redact))


def _at_risk(narrator: Narrator, panel: Panel) -> tuple[Codes, Told] | None:
    rows = np.flatnonzero(cohort_status(panel, narrator.settings) == AT_RISK)
    if not len(rows):
        return None
    return panel.household_id[rows], narrator.tell(panel, build(panel).take(rows), rows)


def _framed(parts: Iterable[tuple[Codes, Told] | None], hidden: frozenset[str]) -> pd.DataFrame:
    frames = [told_frame(told, codes, health=not hidden) for codes, told in filter(None, parts)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS), dtype=object)


def told_frame(told: Told, household_id: Codes, *, health: bool) -> pd.DataFrame:
    """Put rows that were explained into words.

    Parameters
    ----------
    told : Told
    household_id : array of str, shape (n,)
    health : bool
        Whether what tells of health may be shown.
    """
    causes, reasons, reasons_zh = _texts(told, told.ranked.reasons, health, risk=True)
    _, protections, protections_zh = _texts(told, told.ranked.protections, health, risk=False)
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
    """Explain every household that is at risk at a date.

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
        redacted); ``reasons_zh`` and ``protections_zh``, the sentences, one a line.
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
            frames.append(_framed(list(pool.map(lambda panel: _at_risk(narrator, panel), batch)), hidden))
            for panel in batch:
                panel.memo.clear()
                if progress is not None:
                    progress(panel.n)
    found = [frame for frame in frames if len(frame)]
    return pd.concat(found, ignore_index=True) if found else _framed([], hidden)


def _texts(told: Told, ranking: Ranking, health: bool, *, risk: bool) -> tuple[list[str], list[str], list[str]]:
    """Cause codes, feature names and sentences of every row."""
    features, speak = told.grouping.features, told.speaker.sentence
    secret = [not health and tells_health(feature) for feature in features]
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

"""Everyone is explained: causes, reasons and sentences for all households of a county."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.explanation.explanation import FlagView
from riskml.explanation.narrator import Narrator, Told
from riskml.explanation.ranking import Ranking
from riskml.explanation.redaction import HEALTH_CAUSES, HEALTH_ZH, check_redaction, tells_health
from riskml.explanation.rendering import flag_sentence
from riskml.explanation.views import rule_view
from riskml.features import build
from riskml.outcomes import AT_RISK, STATUSES, cohort_status
from riskml.policy import Verdicts, rule_line
from riskml.records.panel import Panel
from riskml.records.store import Records

__all__ = ["COLUMNS", "causes_of", "explain_all", "explain_panel", "told_frame"]

BATCH = 16
"""Panels of 4,096 households told before they are put into words."""

UNKNOWN = STATUSES.index("unknown")

Codes = NDArray[np.str_]
Rows = NDArray[np.intp]

COLUMNS = ("household_id", "causes", "reasons", "protections", "reasons_zh", "protections_zh")
"""Columns of a table of explanations."""


@dataclass(frozen=True)
class _Part:
    """A panel ready to be put into words: those at risk by the model's reasons, the others by their flags."""

    panel: Panel
    at_risk: Rows
    told: Told | None
    others: Rows
    verdicts: Verdicts | None
    window: int


def explain_panel(narrator: Narrator, panel: Panel, redact: tuple[str, ...] = ()) -> pd.DataFrame:
    """Explain every household of a panel; see :func:`explain_all`."""
    return _framed([_part(narrator, panel)], check_redaction(redact))


def causes_of(narrator: Narrator, panel: Panel, verdicts: Verdicts | None = None) -> dict[str, str]:
    """Causes alone, without words, as :func:`explain_all` gives them unredacted.

    Parameters
    ----------
    narrator : Narrator
    panel : Panel
    verdicts : Verdicts, optional
        The rule line's verdict on the panel, if it is known already.

    Returns
    -------
    dict of str to str
        By household code, of those known at the date.
    """
    part, codes = _part(narrator, panel, verdicts), panel.household_id.tolist()
    out = {}
    if part.told is not None:
        features = part.told.grouping.features
        for i, found in zip(part.at_risk.tolist(), part.told.ranked.reasons.feature.tolist(), strict=True):
            out[codes[i]] = ";".join(dict.fromkeys(features[j].cause for j in found if j >= 0))
    if part.verdicts is not None and len(part.others):
        flagged = _flagged(part, part.verdicts, frozenset())
        out |= dict(zip(flagged["household_id"], flagged["causes"], strict=True))
    return out


def _part(narrator: Narrator, panel: Panel, verdicts: Verdicts | None = None) -> _Part:
    status = cohort_status(panel, narrator.settings)
    at_risk, others = np.flatnonzero(status == AT_RISK), np.flatnonzero((status != AT_RISK) & (status != UNKNOWN))
    told = narrator.tell(panel, build(panel).take(at_risk), at_risk) if len(at_risk) else None
    window = narrator.settings.window
    if verdicts is None and len(others):
        verdicts = rule_line(panel, narrator.policy, window)
    return _Part(panel, at_risk, told, others, verdicts, window)


def _framed(parts: Iterable[_Part], hidden: frozenset[str]) -> pd.DataFrame:
    frames = []
    for part in parts:
        codes = part.panel.household_id
        told = [] if part.told is None else [told_frame(part.told, codes[part.at_risk], health=not hidden)]
        rows = [part.at_risk] if told else []
        if part.verdicts is not None and len(part.others):
            told.append(_flagged(part, part.verdicts, hidden))
            rows.append(part.others)
        if told:
            frames.append(pd.concat(told, ignore_index=True).iloc[np.argsort(np.concatenate(rows))])
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS), dtype=object)


def _flagged(part: _Part, verdicts: Verdicts, hidden: frozenset[str]) -> pd.DataFrame:
    """Causes and sentences of the flags of households that the model says nothing of."""
    causes, sentences = [], []
    for i in part.others.tolist():
        flags: tuple[FlagView, ...] = ()
        hide = 0
        if verdicts.any_flag[i]:
            view = rule_view(verdicts, i, part.window, hidden)
            flags, hide = view.flags, view.hidden_flags
        own = [flag.cause for flag in flags if flag.cause] + [HEALTH_CAUSES[0]] * min(hide, 1)
        causes.append(";".join(dict.fromkeys(own)))
        sentences.append("\n".join([flag_sentence(flag, "zh") for flag in flags] + [HEALTH_ZH] * min(hide, 1)))
    nothing = [""] * len(causes)
    columns = (part.panel.household_id[part.others], causes, nothing, nothing, sentences, nothing)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


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
            frames.append(_framed(list(pool.map(lambda panel: _part(narrator, panel), batch)), hidden))
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

"""Measure the quality of the reasons: whether they name a fall's true cause, and stay the same if nothing happens."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from riskml.explanation.household.county import explain_all
from riskml.explanation.household.narrator import Narrator
from riskml.outcomes import AT_RISK, classify_cohort
from riskml.records.contract.calendar import to_month, to_month_end
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.events import Events
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records

RECENT_DAYS = 720
TABLES = ("illness", "disaster", "exposure", "events", "help", "monitoring", "members")


def measure_named_causes(
    causes: Iterable[str], truth: Iterable[str], among: ArrayLike | None = None
) -> dict[str, float]:
    """Measure how often the reasons name the true cause of a fall.

    Parameters
    ----------
    causes : iterable of str, length n
        Cause codes of each fall's reasons joined by ``;``, strongest first, as returned by ``explain_all``.
    truth : iterable of str, length n
        The true cause of each fall, known in a simulated county.
    among : array of bool, shape (n,), optional
        Falls to include, for example those within visit capacity.

    Returns
    -------
    dict
        ``falls``, the number of falls; ``first`` and ``first_three``, the shares of falls whose true cause is named
        first or among the first three (NaN if there are no falls).

    Notes
    -----
    Reasons cannot name a shock that comes after the as_of date, so a perfect score is out of reach.

    Examples
    --------
    >>> measure_named_causes(["illness;work", "work", "other;labour;work;illness"], ["illness", "illness", "illness"])
    {'falls': 3, 'first': 0.3333333333333333, 'first_three': 0.3333333333333333}
    """
    pairs = list(zip(causes, truth, strict=True))
    if among is not None:
        pairs = [pair for pair, use in zip(pairs, np.asarray(among, bool), strict=True) if use]
    first = [codes.split(";")[0] == cause for codes, cause in pairs]
    three = [cause in codes.split(";")[:3] for codes, cause in pairs]
    mean = np.mean if pairs else lambda _: float("nan")
    return {"falls": len(pairs), "first": float(mean(first)), "first_three": float(mean(three))}


def find_quiet_households(before: Panel, after: Panel) -> NDArray[np.bool_]:
    """Find the households for which nothing but income was recorded between two dates.

    Parameters
    ----------
    before, after : Panel
        The same households at two dates.

    Returns
    -------
    array of bool, shape (n,)
        True if no event in any other table happened or became known in between, and nobody joined or left.
    """
    quiet: NDArray[np.bool_] = before.size_now == after.size_now
    for table in TABLES:
        earlier, later = getattr(before, table), getattr(after, table)
        if earlier is None or later is None:
            continue
        new = later["day"] > before.as_of
        unchanged = later.count(_select_recent(later, after) & ~new) == earlier.count(_select_recent(earlier, after))
        quiet &= unchanged & ~later.any(new)
    return quiet


def _select_recent(events: Events, after: Panel) -> NDArray[np.bool_]:
    """Select rows without a day (those of members), and rows whose day is in the look-back period at both dates."""
    return np.asarray((events["day"] > after.as_of - RECENT_DAYS) | (events["day"] == NO_DAY))


def measure_steadiness(narrator: Narrator, records: Records, as_of: int, explained: pd.DataFrame) -> dict[str, float]:
    """Measure how often the cause of the first reason stays the same over a quiet month.

    Parameters
    ----------
    narrator : Narrator
    records : Records
    as_of : int
        The last day of a month; the month after it is the quiet one.
    explained : DataFrame
        The explanations of that day; see :func:`explain_all`.

    Returns
    -------
    dict
        ``households``, the number of households that were quiet, and at risk at both dates; ``same_cause``, the share
        of them whose first reason keeps its cause, or NaN if there are none.
    """
    later = to_month_end(to_month(as_of) + 1)
    first, second = (
        frame.set_index("household_id")["causes"].str.split(";").str[0]
        for frame in (explained, explain_all(narrator, records, later, sentences=False))
    )
    before, after = (records.panel(day, basis=narrator.settings.basis) for day in (as_of, later))
    quiet = find_quiet_households(before, after)
    for panel in (before, after):
        quiet &= classify_cohort(panel, narrator.settings, narrator.policy) == AT_RISK
    both = records.household_id[quiet].tolist()
    same = (first[both] == second[both]).to_numpy()
    return {"households": len(both), "same_cause": float(same.mean()) if len(both) else float("nan")}

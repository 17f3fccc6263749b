"""Label the households at risk on each as_of date by what happened to them in the months after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskml.errors import UsageError
from riskml.outcomes.cohort import AT_RISK, classify_cohort
from riskml.outcomes.labels import FALL_KINDS, MISSING, REASONS, Labels, set_aside_if_not_followed, stack
from riskml.outcomes.spans import YEAR, After, build_pair_keys, find_first_day
from riskml.policy import Policy
from riskml.records.contract.calendar import is_month_end, to_date, to_month
from riskml.records.contract.versions import EVERYTHING, FOREVER, NO_DAY
from riskml.records.panel.income import CHUNK
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records
from riskml.splits import Settings, find_span_end
from riskml.text import shorten_list
from riskml.vocabulary.verdicts import STATUSES

NEVER = int(FOREVER)
"""Used instead of the number of months until an event, if the event never happens."""


def label(
    records: Records,
    as_ofs: Sequence[int],
    settings: Settings,
    policy: Policy,
    known_at: int | None = None,
    chunk: int = CHUNK,
) -> Labels:
    """Label the households at risk on each as_of date.

    The cohort is determined by what was known on the as_of: a household belongs to it if its income per head is known
    and not below the line, before or after unavoidable spending, and it is not in monitoring. The outcome is 1 if
    income per head, before or after unavoidable spending, is below the line at the end of any month of the span (with
    the outcome ``end``, at the end of its last month) or if the household enters monitoring during the span. It is 0 if
    neither happens. If hardship is ignored, only income before spending counts.

    Parameters
    ----------
    records : Records
    as_ofs : sequence of int
        Last days of months, as day numbers.
    settings : Settings
    policy : Policy
        Determines which spending counts as unavoidable.
    known_at : int, optional
        Outcomes use only records that were recorded by this day; by default they use every record.
    chunk : int
        Number of households processed at a time; the result does not depend on it.

    Returns
    -------
    Labels

    Raises
    ------
    UsageError
        If ``as_ofs`` is empty, or if an as_of is not the last day of a month.

    Notes
    -----
    The label is that of the first condition that holds:

    1. The household entered monitoring on or before the as_of, but the entry was recorded later: missing,
       ``entered_recorded_late``, because the household was not safe on the as_of.
    2. It enters monitoring in the span: 1; no follow-up is needed.
    3. It is not followed up, or its last member leaves in the span: missing, ``no_follow_up``. This also holds for
       households that were seen below the line, which would otherwise be labelled more often than households that were
       seen above it.
    4. Its income is below the line, before or after unavoidable spending: 1.
    5. It receives emergency help in the span: missing, ``emergency_help``, because a household that was helped cannot
       count as safe.
    6. None of these: 0.

    If fewer than a tenth of the cohort on an as_of is followed up, the labels of all its rows are missing,
    ``not_followed``. Without this rule, only entries into monitoring would be known, so every known outcome would be a
    fall.
    """
    days = sorted(set(as_ofs))
    odd = [str(to_date(day)) for day in days if not is_month_end(day)]
    if odd or not days:
        raise UsageError(
            "{count} as_of(s) are not the last day of a month: {odd}." if odd else "No as_of is given.",
            "Outcomes are counted from month ends; choose as_ofs from the grid.",
            count=len(odd),
            odd=shorten_list(odd),
        )
    first_month, last_day = to_month(days[0]) + 1, find_span_end(days[-1], settings.horizon)
    months = to_month(last_day) - first_month + max(settings.window, YEAR)
    knowledge = EVERYTHING if known_at is None else known_at
    parts: list[list[Labels]] = [[] for _ in days]
    for start in range(0, max(len(records), 1), chunk):
        stop = min(start + chunk, len(records))
        after = After(records.panel(last_day, start, stop, months, knowledge), first_month, settings, policy)
        for part, day in zip(parts, days, strict=True):
            panel = records.panel(day, start, stop, max(settings.window, YEAR), basis=settings.basis)
            part.append(_label_range(panel, after, start))
    by_date = [set_aside_if_not_followed(stack(part, same_as_ofs=True)) for part in parts]
    return stack(by_date, same_as_ofs=False)


def _label_range(panel: Panel, after: After, start: int) -> Labels:
    """Label, for one as_of, the households of a panel that begins at position ``start`` of the records."""
    settings, as_of, month = after.settings, panel.as_of, panel.month
    until = find_span_end(as_of, settings.horizon)
    status = classify_cohort(panel, settings, after.policy)
    entries, helped = after.panel.monitoring, after.panel.help
    none = np.full(panel.n, NO_DAY)
    entry = none if entries is None else find_first_day(entries, as_of, until)
    helped_on = none if helped is None else find_first_day(helped, as_of, until, helped["emergency"])
    seen = after.mark_followed_up(month) & (after.panel.deserted_on > until)
    late = _mark_entered_recorded_late(panel, after)
    entered = ~late & (entry != NO_DAY)
    leads = {by: np.where(seen & (fall > 0), fall, NEVER) for by, fall in after.find_falls(month).items()}
    leads["monitoring"] = np.where(entered, to_month(entry) - month, NEVER)
    lead = np.minimum.reduce(list(leads.values()))
    by = np.select([leads[name] == lead for name in FALL_KINDS], list(FALL_KINDS.values()))
    fell = seen & (np.minimum(leads["income"], leads["spending"]) < NEVER)

    reason = np.select(
        [late, entered, ~seen, fell, helped_on != NO_DAY],
        [REASONS["entered_recorded_late"], 0, REASONS["no_follow_up"], 0, REASONS["emergency_help"]],
    ).astype(np.int8)
    y = np.where(reason > 0, MISSING, entered | fell).astype(np.int8)
    cohort = np.flatnonzero(status == AT_RISK)
    return Labels(
        household=(cohort + start).astype(np.int32),
        as_of=np.full(len(cohort), as_of, np.int32),
        y=y[cohort],
        reason=reason[cohort],
        by=np.where(y == 1, by, 0).astype(np.int8)[cohort],
        lead=np.where(y == 1, lead, 0).astype(np.int32)[cohort],
        followed=seen[cohort],
        income_per_head=panel.income[cohort],
        line=panel.at_income_end.line[0][cohort],
        status=np.bincount(status, minlength=len(STATUSES))[None, :],
    )


def _mark_entered_recorded_late(panel: Panel, after: After) -> NDArray[np.bool_]:
    """Mark households with an entry on or before the as_of that was not recorded by then, shape (n,).

    A later version of an entry that was already recorded is not a late entry.
    """
    then, now = panel.monitoring, after.panel.monitoring
    if then is None or now is None:
        return np.zeros(panel.n, bool)
    return now.any((now["day"] <= panel.as_of) & ~np.isin(build_pair_keys(now), build_pair_keys(then)))

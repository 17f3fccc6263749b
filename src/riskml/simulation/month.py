"""The compiled simulation of one month in the life of a household, for both histories and possible futures.

In all functions, ``s`` is the hidden state (`state.STATE`), ``o`` receives what happens in the month
(`state.MONTH_OUT`), ``p`` holds the parameters (`parameters.Process`), and ``r`` is the random stream.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riskml.records.panel.lines import BELOW
from riskml.simulation.blows import alarm, apply_disaster, count_workers, draw_rare_shock, hurt, leave, lose_work, treat
from riskml.simulation.draws import compiled, draw_bell, draw_normal, draw_uniform
from riskml.simulation.parameters import Process
from riskml.simulation.state import CAUSE, DRAGS, EMPTY, GONE, OUT, SPENDING, WORKING, YEAR, list_paid

ILLNESS, SCHOOLING, DISABILITY, DISASTER, ACCIDENT, VENTURE, WORK, LABOUR, HOUSING, _, OTHER = (
    CAUSE[name]
    for name in (
        "illness", "schooling", "disability", "disaster", "accident", "venture", "work", "labour", "housing", "water",
        "other",
    )
)  # fmt: skip
ITEMS = len(SPENDING)
_list_paid = compiled(list_paid)
SPENT_ON = tuple(CAUSE[cause] for cause in SPENDING.values())
MIGRANT = 2


@compiled
def step(
    p: Process, s: Any, o: Any, number: int, of_year: int, line: float, level: float, severity: float, r: Any
) -> None:
    """Simulate one month of one household.

    Parameters
    ----------
    number : int
        Number of the month; modulo twelve, it is the position of the month's report in the household's state.
    of_year : int
        Month of the year, 0 for January.
    line : float
        Monitoring line in force at the month's end, in yuan per person and year.
    level : float
        Incomes and prices relative to the first recorded month.
    severity : float
        Share of a year's harvest that a disaster threatens in the village; 0 if there is no disaster.
    """
    _reset(o)
    s.clock = number
    _grow_older(p, s, o, of_year, level, r)
    treat(p, s, o, level, r)
    draw_rare_shock(p, s, o, level, r)
    apply_disaster(p, s, o, severity, level, r)
    _earn(p, s, o, of_year, line, level, r)
    _report(p, s, o, line, r)
    _spend(p, s, o, line)
    _monitor(p, s, o, r)


@compiled
def _reset(o: Any) -> None:
    for c in range(OTHER + 1):
        o.effect[c] = 0.0
    o.cost = o.self_paid = o.treatment_cost = o.treatment_paid = o.visit_cost = o.visit_paid = 0.0
    o.loss = o.fee = o.repair = o.spoiled = 0.0
    o.shock = o.dropout = o.entered = o.cleared = o.emergency = o.severe = o.category = 0
    o.person = o.patient = o.returned = o.retired = o.joined = o.left = o.alert_cause = -1


@compiled
def _grow_older(p: Process, s: Any, o: Any, of_year: int, level: float, r: Any) -> None:
    s.unstable = max(s.unstable - 1.0, 0.0)
    if of_year == 0:
        count_workers(p, s)
    if s.away > 0:
        _return_to_work(p, s, o, r)
    if s.clock >= s.retire_from:
        for k in range(3):
            old = s.clock - s.born[k] >= p.retire_age * 12.0
            if s.job[k] == WORKING and old and draw_uniform(r) < p.retire:
                lose_work(p, s, o, k, GONE, LABOUR)
                s.transfer += p.pension
                o.retired = s.person[k]
    strained = s.drag[ILLNESS] + s.drag[DISASTER] > 0.15 or s.after < 1.3
    for k in range(2):
        if s.kid[k] == 1 and (of_year == 8 or strained):
            _go_to_school(p, s, o, k, strained, of_year, level, r)
        o.stage[k] = s.stage[k]


@compiled
def _return_to_work(p: Process, s: Any, o: Any, r: Any) -> None:
    for k in range(3):
        if s.job[k] == OUT and draw_uniform(r) < (p.rehire if s.why[k] == WORK else p.recover):
            s.job[k] = WORKING
            o.returned = s.person[k]
            if s.why[k] == WORK:
                s.rate[k] *= p.rehire_wage
                s.unstable = p.unstable_months
            count_workers(p, s)


@compiled
def _go_to_school(p: Process, s: Any, o: Any, k: int, strained: bool, of_year: int, level: float, r: Any) -> None:
    years = (s.clock - s.kid_born[k]) / 12.0
    if strained and (s.stage[k] == 1 or s.stage[k] == 2) and years > 13.0 and draw_uniform(r) < p.dropout:
        s.stage[k] = 0
        o.dropout = 1
        alarm(s, o, SCHOOLING, p.alert_event, 0)
        return
    if of_year != 8:  # the school year starts in September
        return
    if years >= 22.0 or (s.stage[k] == 0 and years >= 16.0):
        s.stage[k] = 0
        _start_work(p, s, o, k)
        return
    before = s.stage[k]
    if years >= 18.0 and s.stage[k] == 2:
        s.stage[k] = 3 if draw_uniform(r) < p.college_share else 0
    elif years >= 15.0 and s.stage[k] == 1:
        s.stage[k] = 2 if draw_uniform(r) < p.senior_share else 0
    elif 6.0 <= years < 15.0:
        s.stage[k] = 1
    if s.stage[k] >= 2:
        if s.stage[k] != before:
            s.costly[k] = np.exp(p.fee_spread * draw_normal(r))
        fee = (p.college_fee if s.stage[k] == 3 else p.senior_fee) * (1.0 - p.school_aid * s.exited)
        fee = np.rint(fee * level * s.costly[k])
        o.fee += fee
        hurt(p, s, SCHOOLING, p.school_drag * min(fee / s.usual, 1.0))
        if fee > p.school_trigger * level:
            alarm(s, o, SCHOOLING, p.alert_severe, 0)


@compiled
def _start_work(p: Process, s: Any, o: Any, k: int) -> None:
    """Add a grown child to the household's workers; if all three slots are taken, the child leaves home."""
    person = 4 + k
    s.kid[k] = 0
    for slot in range(3):
        if s.job[slot] == EMPTY or s.job[slot] == GONE:
            s.job[slot] = WORKING
            s.kind[slot] = MIGRANT
            s.weak[slot] = 0
            s.rate[slot] = s.pay
            s.born[slot] = s.kid_born[k]
            s.person[slot] = person
            o.joined = person
            count_workers(p, s)
            return
    leave(p, s, person)
    o.left = person


@compiled
def _earn(p: Process, s: Any, o: Any, of_year: int, line: float, level: float, r: Any) -> None:
    """Compute the income earned from each source, and the income lost to each cause."""
    if s.dragging == 1:
        _update_drags(p, s, r)
    season = p.wage_season[of_year] * level
    farm = s.business * level * (p.stock_season[of_year] if s.stock == 1 else p.crop_season[of_year])
    wage = s.waged * season
    working, slots = s.working, s.slots
    for k in range(3):
        o.rates[k] = s.rate[k] if s.job[k] == WORKING else 0.0
        o.earner[k] = s.person[k] if o.rates[k] > 0.0 else -1
    if working < slots:
        for k in range(3):
            if s.job[k] > WORKING:
                left = p.odd_jobs if s.job[k] == OUT else 0.0
                o.rates[k] = left * s.rate[k]
                wage += left * s.rate[k] * season
                o.effect[s.why[k]] += (1.0 - left) * s.rate[k] * season + farm * p.farm_labour / slots
        farm *= 1.0 - p.farm_labour * (1.0 - working / slots)
    if working == 0:
        o.effect[LABOUR] += s.pay * season * (0.5 if slots > 0 else 1.0)
    if working * 3 <= s.size:
        s.trend *= 1.0 - p.labour_poor_drift / 12.0
    wage *= s.trend
    farm *= s.trend
    personal = 0.0
    blow = 0.0
    if s.dragging == 1:
        for c in (ILLNESS, SCHOOLING, DISABILITY, ACCIDENT, HOUSING):
            personal += s.drag[c]
            o.effect[c] += (wage + farm) * s.drag[c]
        blow = personal + s.drag[DISASTER] + s.drag[VENTURE]
        o.effect[DISASTER] += farm * s.drag[DISASTER]
        o.effect[VENTURE] += farm * s.drag[VENTURE]
    if wage > 0.0:
        s.wage_shock = p.wage_memory * s.wage_shock + p.wage_persistent * s.volatility * draw_bell(r)
        if draw_uniform(r) < p.wage_turn[0]:
            s.wage_shock += p.wage_turn[1] * draw_normal(r)
        o.effect[WORK] += wage * max(-s.wage_shock, 0.0)
        wage *= np.exp(s.wage_shock - personal + p.wage_passing * draw_bell(r))
    if farm > 0.0:
        s.business_shock = p.business_memory * s.business_shock + p.business_persistent * draw_bell(r)
        if draw_uniform(r) < p.business_turn[0]:
            s.business_shock += p.business_turn[1] * draw_normal(r)
        o.effect[VENTURE] += farm * max(-s.business_shock, 0.0)
        farm *= np.exp(s.business_shock - blow + p.business_passing * draw_bell(r))
    o.amounts[0] = np.rint(wage)
    o.amounts[1] = np.rint(farm - o.spoiled)
    o.amounts[2] = np.rint(s.property * level)
    o.amounts[3] = np.rint(s.transfer * level + s.help * line * s.size / 12.0)


@compiled
def _update_drags(p: Process, s: Any, r: Any) -> None:
    """Start queued income reductions, each after a random delay and by a random amount, and end others.

    Recovery is not gradual: it comes in a single, randomly drawn month, and leaves a small part of the reduction.
    """
    s.dragging = 0
    for c in range(DRAGS):
        if s.drag[c] > 0.0 and draw_uniform(r) < p.drag_recovery[c]:
            s.drag[c] *= p.drag_left
        if s.pending[c] > 0.0 and draw_uniform(r) < p.drag_onset[c]:
            s.drag[c] = min(s.drag[c] + s.pending[c] * (0.5 + draw_uniform(r)), p.drag_most)
            s.pending[c] = 0.0
        if s.pending[c] + s.drag[c] < 0.005:
            s.pending[c] = s.drag[c] = 0.0
        else:
            s.dragging = 1


@compiled
def _report(p: Process, s: Any, o: Any, line: float, r: Any) -> None:
    """Record the month's report, and compare the last twelve months with the line exactly as the outcome does."""
    silent = draw_uniform(r) < (p.missing_again if s.missed == 1 else s.missing)
    s.missed = 1 if silent else 0
    total = o.amounts[0] + o.amounts[1] + o.amounts[2] + o.amounts[3]
    slot = s.clock % YEAR
    # Amounts are whole yuan, so the running sum is exact.
    s.income -= s.totals[slot]
    s.reports -= s.reported[slot]
    s.totals[slot] = 0.0 if silent else total
    s.reported[slot] = 0 if silent else 1
    s.income += s.totals[slot]
    s.reports += s.reported[slot]
    income = s.income
    reports = s.reports
    o.reported = s.reported[slot]
    o.size = s.size
    o.below = -1
    s.ratio = np.nan
    if reports > 0:
        s.usual = max(income / reports * 12.0, 1.0)
    if 2 * reports >= YEAR:
        s.ratio = income / reports * 12.0 / (s.size * line)
        o.below = 1 if s.ratio < BELOW else 0
    o.ratio = s.ratio
    s.low = s.low + 1 if (not silent and 12.0 * total < line * s.size) else 0


@compiled
def _spend(p: Process, s: Any, o: Any, line: float) -> None:
    """Subtract the unavoidable spending of the last twelve months from income, exactly as the rule line does."""
    slot = s.clock % YEAR
    paid = _list_paid(o)
    spending = 0.0
    for i in range(ITEMS):
        # The amounts are whole yuan, so the running sum is exact.
        s.spending[i] += paid[i] - s.spent[i * YEAR + slot]
        s.spent[i * YEAR + slot] = paid[i]
        spending += p.counted[i] * s.spending[i]
    s.after = s.ratio - spending / (s.size * line)
    o.hardship = 1 if o.below == 0 and s.after < BELOW else 0


@compiled
def _monitor(p: Process, s: Any, o: Any, r: Any) -> None:
    """Apply the rule line: it may raise an alert, start or end monitoring of the household, or help the household."""
    known = s.ratio == s.ratio
    ratio = s.ratio if known else 2.0
    after = s.after if known else 2.0
    if s.low >= 3:
        alarm(s, o, _find_main_cause(o), p.alert_low_months, 0)
    if s.monitored == 0:
        hazard = 0.0
        if ratio < 1.0:
            hazard = p.entry_below
        elif s.alert > 0.01:
            hazard = p.entry * s.alert * min(max((p.need_top - after) / (p.need_top - 1.0), p.need_least), 1.0)
        if o.hardship == 1:
            hazard = max(hazard, p.entry_hardship)
        if hazard > 0.0 and draw_uniform(r) < hazard:
            s.monitored = 1
            s.stable = 0
            o.entered = 1
            o.category = 3 if ratio >= 1.0 else (1 if s.exited == 1 else 2)
            o.alert_cause = s.alert_cause if ratio >= 1.0 else _find_main_cause(o)
            if o.hardship == 1:
                o.alert_cause = SPENT_ON[_find_main_spending(p, s)]
        if o.severe == 1 and draw_uniform(r) < p.emergency:
            o.emergency = 1
        s.help *= p.help_fade
    else:
        _help_or_clear(p, s, o, after, r)
    s.alert *= p.alert_keep
    o.monitored = s.monitored


@compiled
def _help_or_clear(p: Process, s: Any, o: Any, after: float, r: Any) -> None:
    s.help = min(s.help + p.help_gain, p.help_most)
    s.stable = s.stable + 1 if after >= p.clear_margin and s.low == 0 else 0
    if s.stable >= p.clear_months and s.working > 0 and draw_uniform(r) < p.clear:
        s.monitored = 0
        s.alert = 0.0
        o.cleared = 1


@compiled
def _find_main_spending(p: Process, s: Any) -> int:
    best = 0
    for i in range(1, ITEMS):
        if p.counted[i] * s.spending[i] > p.counted[best] * s.spending[best]:
            best = i
    return best


@compiled
def _find_main_cause(o: Any) -> int:
    best = OTHER
    most = 1.0
    for c in range(OTHER):
        if o.effect[c] > most:
            most = o.effect[c]
            best = c
    return best

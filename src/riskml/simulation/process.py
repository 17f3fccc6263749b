"""The one process of the county: what a month does to a household, for its history and for its possible futures.

Everything here is compiled. ``s`` is the hidden state (`state.STATE`), ``o`` what the month brings
(`state.MONTH_OUT`), ``p`` the parameters (`parameters.Process`), ``m`` the month and ``r`` the stream of randomness.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from riskml.simulation.draws import compiled, normal, stream, uniform
from riskml.simulation.parameters import Process
from riskml.simulation.state import CAUSE, DRAGS, MONTH_OUT, YEAR

__all__ = ["Month", "futures", "history", "village_disasters"]

ILLNESS, SCHOOLING, DISABILITY = CAUSE["illness"], CAUSE["schooling"], CAUSE["disability"]
DISASTER, ACCIDENT, VENTURE = CAUSE["disaster"], CAUSE["accident"], CAUSE["venture"]
WORK, LABOUR, HOUSING, WATER, OTHER = (
    CAUSE["work"],
    CAUSE["labour"],
    CAUSE["housing"],
    CAUSE["water"],
    CAUSE["other"],
)
EMPTY, WORKING, OUT, GONE = 0, 1, 2, 3
FARM, LOCAL, MIGRANT = 0, 1, 2
BELOW = 1.0 - 1e-4
LIFE, VILLAGE, FUTURE = 1, 2, 3  # purposes of streams


class Month(NamedTuple):
    """The months of a span: arrays of one entry each."""

    of_year: Any  # 0 is January
    line: Any  # yuan/person/year in force at the month's end
    level: Any  # incomes and prices against the first month


@compiled
def _clear(o: Any) -> None:
    for k in range(4):
        o.amounts[k] = 0.0
    for k in range(OTHER + 1):
        o.effect[k] = 0.0
    o.cost = o.self_paid = o.treatment_cost = o.treatment_paid = o.loss = o.fee = 0.0
    o.shock = o.dropout = o.entered = o.cleared = o.emergency = o.severe = o.category = 0
    o.person = o.returned = o.retired = o.joined = o.left = o.alert_cause = -1


@compiled
def _hurt(p: Process, s: Any, cause: int, amount: float) -> None:
    s.pending[cause] = min(s.pending[cause] + amount, p.drag_most)


@compiled
def _alert(s: Any, o: Any, cause: int, strength: float, severe: int) -> None:
    if strength > s.alert:
        s.alert = strength
        s.alert_cause = cause
    o.alert_cause = cause
    o.severe = max(o.severe, severe)


@compiled
def _lose(s: Any, k: int, state: int, cause: int) -> None:
    s.job[k] = state
    s.why[k] = cause


@compiled
def _pick(s: Any, r: Any, wage_only: bool) -> int:
    """Pick one of the working, or -1."""
    count = 0
    chosen = -1
    for k in range(3):
        if s.job[k] == WORKING and (s.kind[k] != FARM or not wage_only):
            count += 1
            if uniform(r) * count < 1.0:
                chosen = k
    return chosen


@compiled
def _self_paid(p: Process, s: Any, cost: float, level: float) -> float:
    """Part of a bill left after basic insurance, serious-illness insurance and medical aid, in yuan."""
    rest = cost - max(cost - p.basic_deductible * level, 0.0) * p.basic_share
    rest -= max(rest - p.insurance_threshold * level, 0.0) * p.insurance_share
    if s.exited == 1 or s.monitored == 1:
        rest -= max(rest - p.aid_threshold * level, 0.0) * p.aid_share
    return rest


@compiled
def _pay_for_care(p: Process, s: Any, o: Any, paid: float) -> None:
    burden = min(paid / max(s.usual, 1.0), p.burden_most)
    _hurt(p, s, ILLNESS, p.illness_drag * burden)
    trigger = p.inpatient_exited if s.exited == 1 else p.inpatient_ordinary
    if paid > trigger:
        _alert(s, o, ILLNESS, p.alert_severe, 1)


@compiled
def _fall_ill(p: Process, s: Any, o: Any, level: float, serious: bool, r: Any) -> None:
    spread = p.serious_cost if serious else p.admission_cost
    o.cost = np.rint(np.exp(spread[0] + spread[1] * normal(r)) * level)
    o.self_paid = np.rint(_self_paid(p, s, o.cost, level))
    _pay_for_care(p, s, o, o.self_paid)
    if serious:
        s.treated = 1
        if uniform(r) < p.sick_worker:
            k = _pick(s, r, False)
            if k >= 0:
                _lose(s, k, OUT, ILLNESS)
                o.person = s.person[k]


@compiled
def _rare_shock(p: Process, s: Any, o: Any, level: float, r: Any) -> None:
    """At most one rare thing a month: one number decides whether and which, so that quiet months cost little."""
    workers = 0
    young = 0
    jobs = 0.0
    for k in range(3):
        if s.job[k] == WORKING:
            workers += 1
            if s.age[k] < 480.0:
                young = 1
            if s.kind[k] != FARM:
                risk = p.migrant_risk if s.kind[k] == MIGRANT else 1.0
                jobs += risk * (p.weak_risk if s.weak[k] == 1 else 1.0)
    if s.unstable > 0.0:
        jobs *= p.unstable_risk
    u = uniform(r)
    u -= p.admission * s.hazard
    if u < 0.0:
        o.shock = 1
        _fall_ill(p, s, o, level, False, r)
        return
    u -= p.serious * s.hazard
    if u < 0.0:
        o.shock = 2
        _fall_ill(p, s, o, level, True, r)
        return
    u -= p.job_loss * jobs
    if u < 0.0:
        o.shock = 3
        k = _pick(s, r, True)
        _lose(s, k, OUT, WORK)
        o.person = s.person[k]
        _alert(s, o, WORK, p.alert_event, 0)
        return
    u -= p.accident * workers
    if u < 0.0:
        o.shock = 4
        k = _pick(s, r, False)
        _lose(s, k, OUT, ACCIDENT)
        o.person = s.person[k]
        _hurt(p, s, ACCIDENT, p.accident_drag * (0.5 + uniform(r)))
        _alert(s, o, ACCIDENT, p.alert_severe, 1)
        return
    u -= p.disability * workers
    if u < 0.0:
        o.shock = 5
        k = _pick(s, r, False)
        _lose(s, k, GONE, DISABILITY)
        o.person = s.person[k]
        _hurt(p, s, DISABILITY, p.disability_drag * (0.5 + uniform(r)))
        _alert(s, o, DISABILITY, p.alert_severe, 1)
        return
    if s.size > 1:
        u -= p.elder_death * s.elders
        if u < 0.0:
            o.shock = 6
            s.elders -= 1
            s.size -= 1
            return
        u -= p.worker_death * workers
        if u < 0.0:
            o.shock = 7
            k = _pick(s, r, False)
            _lose(s, k, GONE, LABOUR)
            o.person = s.person[k]
            s.size -= 1
            _alert(s, o, LABOUR, p.alert_severe, 1)
            return
    _rarer_shock(p, s, o, u, young, r)


@compiled
def _rarer_shock(p: Process, s: Any, o: Any, u: float, young: int, r: Any) -> None:
    if s.venture == 1:
        u -= p.venture_failure
        if u < 0.0:
            o.shock = 8
            s.venture = 0
            _hurt(p, s, VENTURE, p.venture_drag * (0.5 + uniform(r)))
            _alert(s, o, VENTURE, p.alert_event, 0)
            return
    elif s.business > 0.0:
        u -= p.venture_start
        if u < 0.0:
            o.shock = 12
            s.venture = 1
            return
    u -= p.housing
    if u < 0.0:
        o.shock = 9
        _alert(s, o, HOUSING, p.alert_severe, 0)
        return
    u -= p.water
    if u < 0.0:
        o.shock = 10
        _alert(s, o, WATER, p.alert_event, 0)
        return
    if young == 1 and s.size < 9:
        u -= p.birth
        if u < 0.0:
            o.shock = 11
            s.size += 1


@compiled
def _grow_older(p: Process, s: Any, o: Any, of_year: int, level: float, r: Any) -> None:
    s.unstable = max(s.unstable - 1.0, 0.0)
    for k in range(3):
        if s.job[k] == EMPTY or s.job[k] == GONE:
            continue
        s.age[k] += 1.0
        if s.job[k] == OUT:
            if uniform(r) < (p.rehire if s.why[k] == WORK else p.recover):
                s.job[k] = WORKING
                o.returned = s.person[k]
                if s.why[k] == WORK:
                    s.rate[k] *= p.rehire_wage
                    s.unstable = p.unstable_months
        elif s.age[k] > p.retire_age * 12.0 and uniform(r) < p.retire:
            _lose(s, k, GONE, LABOUR)
            o.retired = s.person[k]
    for k in range(2):
        if s.kid_age[k] >= 0.0:
            s.kid_age[k] += 1.0
            _learn(p, s, o, k, of_year, level, r)
        o.stage[k] = s.stage[k]


@compiled
def _learn(p: Process, s: Any, o: Any, k: int, of_year: int, level: float, r: Any) -> None:
    strained = s.drag[ILLNESS] + s.drag[DISASTER] > 0.15 or s.ratio < 1.3
    if strained and (s.stage[k] == 1 or s.stage[k] == 2) and s.kid_age[k] > 156.0 and uniform(r) < p.dropout:
        s.stage[k] = 0
        o.dropout = 1
        _alert(s, o, SCHOOLING, p.alert_event, 0)
        return
    if of_year != 8:  # the school year starts in September
        return
    years = s.kid_age[k] / 12.0
    if years >= 22.0 or (s.stage[k] == 0 and years >= 16.0):
        s.stage[k] = 0
        _start_work(s, o, k)
        return
    if years >= 18.0 and s.stage[k] == 2:
        s.stage[k] = 3 if uniform(r) < p.college_share else 0
    elif years >= 15.0 and s.stage[k] == 1:
        s.stage[k] = 2 if uniform(r) < p.senior_share else 0
    elif 6.0 <= years < 15.0:
        s.stage[k] = 1
    if s.stage[k] >= 2:
        fee = p.college_fee if s.stage[k] == 3 else p.senior_fee
        fee = np.rint(fee * level * np.exp(p.fee_spread * normal(r)))
        o.fee += fee
        _hurt(p, s, SCHOOLING, p.school_drag * min(fee / max(s.usual, 1.0), 1.0))
        if fee > p.school_trigger * level:
            _alert(s, o, SCHOOLING, p.alert_severe, 0)


@compiled
def _start_work(s: Any, o: Any, k: int) -> None:
    person = 4 + k
    age = s.kid_age[k]
    s.kid_age[k] = -1.0
    for slot in range(3):
        if s.job[slot] == EMPTY or s.job[slot] == GONE:
            s.job[slot] = WORKING
            s.kind[slot] = MIGRANT
            s.weak[slot] = 0
            s.rate[slot] = s.pay
            s.age[slot] = age
            s.person[slot] = person
            o.joined = person
            return
    s.size -= 1
    o.left = person


@compiled
def _strike(p: Process, s: Any, o: Any, severity: float, level: float, r: Any) -> None:
    if severity <= 0.0 or uniform(r) > p.disaster_hit:
        return
    share = min(severity * (0.5 + uniform(r)), 1.0)
    o.loss = np.rint(share * 12.0 * s.business * level)
    _hurt(p, s, DISASTER, p.disaster_drag * share)
    if o.loss > p.loss_trigger * s.usual:
        _alert(s, o, DISASTER, p.alert_severe, 1)


@compiled
def _treat(p: Process, s: Any, o: Any, level: float, r: Any) -> None:
    if s.treated == 0:
        return
    if uniform(r) < p.treatment_end:
        s.treated = 0
        return
    o.treatment_cost = np.rint(np.exp(p.treatment_cost[0] + p.treatment_cost[1] * normal(r)) * level)
    o.treatment_paid = np.rint(_self_paid(p, s, o.treatment_cost, level))
    _pay_for_care(p, s, o, o.treatment_paid)


@compiled
def _earn(p: Process, s: Any, o: Any, of_year: int, line: float, level: float, r: Any) -> None:
    s.wage_shock = p.wage_memory * s.wage_shock + p.wage_persistent * normal(r)
    s.business_shock = p.business_memory * s.business_shock + p.business_persistent * normal(r)
    for c in range(DRAGS):
        if s.pending[c] + s.drag[c] > 1e-4:
            moved = s.pending[c] / p.drag_lag[c]
            s.pending[c] -= moved
            s.drag[c] = s.drag[c] * (1.0 - 1.0 / p.drag_recovery[c]) + moved
    personal = s.drag[ILLNESS] + s.drag[SCHOOLING] + s.drag[DISABILITY] + s.drag[ACCIDENT]
    wage = 0.0
    working = 0
    slots = 0
    season = p.wage_season[of_year] * level
    farm = s.business * level * (p.stock_season[of_year] if s.stock == 1 else p.crop_season[of_year])
    for k in range(3):
        if s.job[k] != EMPTY:
            slots += 1
            if s.job[k] == WORKING:
                working += 1
                wage += s.rate[k] * season
            else:
                o.effect[s.why[k]] += s.rate[k] * season
    for k in range(3):
        if s.job[k] > WORKING:
            o.effect[s.why[k]] += farm * p.farm_labour / slots
    if working == 0:
        o.effect[LABOUR] += s.pay * season * (0.5 if slots > 0 else 1.0)
    s.drift -= p.labour_poor_drift / 12.0 if working * 3 <= s.size else 0.0
    trend = np.exp(s.drift)
    wage *= trend
    farm *= trend
    o.effect[WORK] += wage * max(-s.wage_shock, 0.0)
    o.effect[VENTURE] += farm * (max(-s.business_shock, 0.0) + s.drag[VENTURE])
    o.effect[DISASTER] += farm * s.drag[DISASTER]
    o.effect[ILLNESS] += (wage + farm) * s.drag[ILLNESS]
    o.effect[SCHOOLING] += (wage + farm) * s.drag[SCHOOLING]
    o.effect[DISABILITY] += (wage + farm) * s.drag[DISABILITY]
    o.effect[ACCIDENT] += (wage + farm) * s.drag[ACCIDENT]
    if slots > 0:
        farm *= 1.0 - p.farm_labour * (1.0 - working / slots)
    wage *= np.exp(s.wage_shock - personal + p.wage_passing * normal(r))
    farm *= np.exp(s.business_shock - personal - s.drag[DISASTER] - s.drag[VENTURE] + p.business_passing * normal(r))
    o.amounts[0] = np.rint(wage)
    o.amounts[1] = np.rint(farm)
    o.amounts[2] = np.rint(s.property * level)
    o.amounts[3] = np.rint(s.transfer * level + s.help * line * s.size / 12.0)


@compiled
def _report(p: Process, s: Any, o: Any, number: int, line: float, r: Any) -> None:
    """Remember the report and compare twelve months with the line, exactly as the outcome does."""
    silent = uniform(r) < (p.missing_again if s.missed == 1 else s.missing)
    s.missed = 1 if silent else 0
    total = o.amounts[0] + o.amounts[1] + o.amounts[2] + o.amounts[3]
    place = number % YEAR
    s.totals[place] = 0.0 if silent else total
    s.told[place] = 0 if silent else 1
    income = 0.0
    told = 0
    for k in range(YEAR):
        income += s.totals[k]
        told += s.told[k]
    o.told = s.told[place]
    o.size = s.size
    o.below = -1
    s.ratio = np.nan
    if told > 0:
        s.usual = max(income / told * 12.0, 1.0)
    if 2 * told >= YEAR:
        s.ratio = income / told * 12.0 / s.size / line
        o.below = 1 if s.ratio < BELOW else 0
    o.ratio = s.ratio
    s.low = s.low + 1 if (not silent and total / s.size < line / 12.0) else 0


@compiled
def _watch(p: Process, s: Any, o: Any, r: Any) -> None:
    """The rule line at work: alerts, entry with an imperfect yield, help, clearing after stable months."""
    ratio = s.ratio if s.ratio == s.ratio else 2.0
    if s.low >= 3:
        _alert(s, o, _dominant(o), p.alert_low_months, 0)
    if s.monitored == 0:
        hazard = 0.0
        if ratio < 1.0:
            hazard = p.entry_below
        elif s.alert > 0.01:
            need = (p.need_top - ratio) / (p.need_top - 1.0)
            hazard = p.entry * s.alert * max(need, p.need_least)
        if hazard > 0.0 and uniform(r) < hazard:
            s.monitored = 1
            s.stable = 0
            o.entered = 1
            o.category = 3 if ratio >= 1.0 else (1 if s.exited == 1 else 2)
            o.alert_cause = s.alert_cause if ratio >= 1.0 else _dominant(o)
        if o.severe == 1 and uniform(r) < p.emergency:
            o.emergency = 1
        s.help *= p.help_fade
    else:
        s.help = min(s.help + p.help_gain, p.help_most)
        s.stable = s.stable + 1 if ratio >= p.clear_margin and s.low == 0 else 0
        labour = 0
        for k in range(3):
            labour += 1 if s.job[k] == WORKING else 0
        if s.stable >= p.clear_months and labour > 0 and uniform(r) < p.clear:
            s.monitored = 0
            s.alert = 0.0
            o.cleared = 1
    s.alert *= p.alert_keep
    o.monitored = s.monitored
    o.venture = s.venture


@compiled
def _dominant(o: Any) -> int:
    best = OTHER
    most = 1.0
    for c in range(OTHER):
        if o.effect[c] > most:
            most = o.effect[c]
            best = c
    return best


@compiled
def step(
    p: Process, s: Any, o: Any, number: int, of_year: int, line: float, level: float, severity: float, r: Any
) -> None:
    """Take one household through one month."""
    _clear(o)
    _grow_older(p, s, o, of_year, level, r)
    _treat(p, s, o, level, r)
    _rare_shock(p, s, o, level, r)
    _strike(p, s, o, severity, level, r)
    _earn(p, s, o, of_year, line, level, r)
    _report(p, s, o, number, line, r)
    _watch(p, s, o, r)


@compiled
def _severity(p: Process, of_year: int, exposure: float, r: Any) -> float:
    if uniform(r) > p.disaster * p.disaster_season[of_year] * exposure:
        return 0.0
    low, high = p.disaster_severity[0], p.disaster_severity[1]
    return low + (high - low) * uniform(r)


@compiled
def village_disasters(p: Process, months: Month, exposure: Any, seed: int, severity: Any) -> None:
    """Fill ``severity`` (villages, months): the share of a year's harvest at stake, 0 for none."""
    r = np.zeros(1, np.uint64)
    for v in range(severity.shape[0]):
        stream(r, seed, VILLAGE, v, 0)
        for t in range(severity.shape[1]):
            severity[v, t] = _severity(p, months.of_year[t], exposure[v], r)


@compiled
def history(
    p: Process, months: Month, burn_in: int, states: Any, first: int, village: Any, severity: Any, seed: int,
    keep: Any, out: Any, kept: Any,
) -> None:  # fmt: skip
    """Live through all months, households ``first`` and following; keep the states at the months of ``keep``."""
    r = np.zeros(1, np.uint64)
    for i in range(states.shape[0]):
        stream(r, seed, LIFE, first + i, 0)
        s = states[i]
        turn = 0
        for t in range(months.line.shape[0]):
            o = out[i, max(t - burn_in, 0)]
            step(p, s, o, t, months.of_year[t], months.line[t], months.level[t], severity[village[i], t], r)
            if turn < keep.shape[0] and t == keep[turn]:
                kept[turn, i] = s
                turn += 1


@compiled
def futures(
    p: Process, months: Month, start: int, states: Any, exposure: Any, first: int, seed: int, draws: int,
    falls: Any, labelled: Any,
) -> None:  # fmt: skip
    """Count, over possible futures of each state, those that fall and those that have a label.

    ``start`` is the position in ``months`` of the first month of the future, ``months.line`` must span 12 of them.
    A future without a fall in which emergency help starts has no label.
    """
    r = np.zeros(1, np.uint64)
    state = np.zeros(1, states.dtype)
    out = np.zeros(1, MONTH_OUT)
    s = state[0]
    o = out[0]
    for i in range(states.shape[0]):
        for draw in range(draws):
            stream(r, seed, FUTURE, (first + i) * 4096 + start, draw)
            state[0] = states[i]
            helped = False
            fell = False
            for t in range(start, start + YEAR):
                of_year = months.of_year[t]
                severity = _severity(p, of_year, exposure[i], r)
                step(p, s, o, t, of_year, months.line[t], months.level[t], severity, r)
                helped = helped or o.emergency == 1
                if o.below == 1 or o.entered == 1:
                    fell = True
                    break
            falls[i] += fell
            labelled[i] += fell or not helped

"""Compiled functions for events that can hit a household: illness, job loss, accidents, deaths, disasters, etc.

In all of them, ``s`` is the hidden state (`state.STATE`), ``o`` receives what happens in the month
(`state.MONTH_OUT`), ``p`` holds the parameters (`parameters.Process`), and ``r`` is the random stream.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riskml.simulation.draws import compiled, draw_normal, draw_uniform
from riskml.simulation.parameters import Process
from riskml.simulation.state import CAUSE, EMPTY, GONE, OUT, SHOCKS, WORKING

ILLNESS, DISABILITY, DISASTER, ACCIDENT, VENTURE, WORK, LABOUR, HOUSING, WATER = (
    CAUSE[name]
    for name in ("illness", "disability", "disaster", "accident", "venture", "work", "labour", "housing", "water")
)
(
    ADMISSION, SERIOUS, JOB_LOSS, INJURY, DISABLED, ELDER_DEATH, WORKER_DEATH, VENTURE_FAILURE, VENTURE_START,
    UNSAFE_HOUSING, UNSAFE_WATER, FIRE, _BIRTH,
) = range(1, len(SHOCKS))  # fmt: skip
FARM, MIGRANT = 0, 2


@compiled
def hurt(p: Process, s: Any, cause: int, amount: float) -> None:
    """Queue a reduction of log income, which may begin in this or any later month."""
    s.pending[cause] = min(s.pending[cause] + amount, p.drag_most)
    s.dragging = 1


@compiled
def alarm(s: Any, o: Any, cause: int, strength: float, severe: int) -> None:
    """Raise an alert for the rule line, which considers only the strongest recent alert."""
    if strength > s.alert:
        s.alert = strength
        s.alert_cause = cause
    o.alert_cause = cause
    o.severe = max(o.severe, severe)


@compiled
def count_workers(p: Process, s: Any) -> None:
    """Recompute the totals over all workers; this must be called whenever the workers change, and every January."""
    s.slots = s.working = s.away = s.young = 0
    s.retire_from = 1 << 30
    s.risk = s.waged = 0.0
    for k in range(3):
        if s.job[k] == EMPTY:
            continue
        s.slots += 1
        if s.job[k] == OUT:
            s.away += 1
        elif s.job[k] == WORKING:
            s.working += 1
            s.waged += s.rate[k]
            s.retire_from = min(s.retire_from, s.born[k] + int(p.retire_age * 12.0))
            s.young = max(s.young, 1 if s.clock - s.born[k] < 480 else 0)
            if s.kind[k] != FARM:
                risk = p.migrant_risk if s.kind[k] == MIGRANT else 1.0
                s.risk += risk * (p.weak_risk if s.weak[k] == 1 else 1.0)


@compiled
def lose_work(p: Process, s: Any, o: Any, k: int, state: int, cause: int) -> None:
    """Put the worker in slot ``k`` out of work, temporarily or permanently."""
    s.job[k] = state
    s.why[k] = cause
    o.person = s.person[k]
    count_workers(p, s)


@compiled
def leave(p: Process, s: Any, person: int) -> None:
    """Remove a member, and deduct the member's contribution to the household's risk of illness."""
    s.present[person] = 0
    s.size -= 1
    if s.chronic[person] == 1:
        s.chronic[person] = 0
        s.patients -= 1
        s.hazard *= np.exp(-p.chronic_risk)
    if person in (6, 7):
        s.elders -= 1
        s.hazard *= np.exp(-p.elder_risk)


@compiled
def _draw_amount(spread: Any, level: float, r: Any) -> float:
    """Draw a log-normal amount in yuan, times ``level``; ``spread`` holds the mean and deviation of its logarithm."""
    return float(np.rint(np.exp(spread[0] + spread[1] * draw_normal(r)) * level))


@compiled
def _pick_worker(s: Any, r: Any, wage_only: bool) -> int:
    count = 0
    chosen = -1
    for k in range(3):
        if s.job[k] == WORKING and (s.kind[k] != FARM or not wage_only):
            count += 1
            if draw_uniform(r) * count < 1.0:
                chosen = k
    return chosen


@compiled
def _apply_insurance(p: Process, s: Any, cost: float, level: float) -> float:
    """Compute how much of a bill, in yuan, the household must pay out of pocket after insurance and medical aid."""
    rest = cost - max(cost - p.basic_deductible * level, 0.0) * p.basic_share
    rest -= max(rest - p.insurance_threshold * level, 0.0) * p.insurance_share
    if s.exited == 1 or s.monitored == 1:
        rest -= max(rest - p.aid_threshold * level, 0.0) * p.aid_share
    return float(np.rint(rest))


@compiled
def _pay_for_care(p: Process, s: Any, o: Any, paid: float) -> None:
    hurt(p, s, ILLNESS, p.illness_drag * min(paid / s.usual, p.burden_most))
    if paid > (p.inpatient_exited if s.exited == 1 else p.inpatient_ordinary):
        alarm(s, o, ILLNESS, p.alert_severe, 1)


@compiled
def _fall_ill(p: Process, s: Any, o: Any, level: float, serious: bool, r: Any) -> None:
    o.cost = _draw_amount(p.serious_cost if serious else p.admission_cost, level, r)
    o.self_paid = _apply_insurance(p, s, o.cost, level)
    if serious and draw_uniform(r) < p.elsewhere[0]:
        o.self_paid = np.rint(p.elsewhere[1] * o.cost)
    _pay_for_care(p, s, o, o.self_paid)
    s.ailing = min(s.ailing + 1.0, p.ailing_most)
    if serious:
        if draw_uniform(r) < p.treatment_after:
            s.treated = 1
        k = _pick_worker(s, r, False)
        if k >= 0 and draw_uniform(r) < p.sick_worker:
            lose_work(p, s, o, k, OUT, ILLNESS)


@compiled
def treat(p: Process, s: Any, o: Any, level: float, r: Any) -> None:
    """Draw visits by chronic patients, and decide whether a monthly treatment starts, goes on or ends."""
    s.ailing *= p.ailing_kept
    if s.patients > 0:
        u = draw_uniform(r) / s.patients
        if u < p.chronic_visit:
            o.visit_cost = _draw_amount(p.chronic_cost, level, r)
            o.visit_paid = np.rint(p.chronic_paid * o.visit_cost)
            o.patient = np.argmax(s.chronic)
        elif u > 1.0 / s.patients - p.treatment_start:
            s.treated = 1
    if s.treated == 0:
        return
    if draw_uniform(r) < p.treatment_end:
        s.treated = 0
        return
    o.treatment_cost = _draw_amount(p.treatment_cost, level, r)
    o.treatment_paid = _apply_insurance(p, s, o.treatment_cost, level)
    _pay_for_care(p, s, o, o.treatment_paid)


@compiled
def draw_rare_shock(p: Process, s: Any, o: Any, level: float, r: Any) -> None:
    """Draw at most one rare event.

    One random number decides whether there is an event, and which one, so that quiet months take little time.
    """
    hazards = _compute_hazards(p, s)
    u = draw_uniform(r)
    for number in range(len(hazards)):
        u -= hazards[number]
        if u < 0.0:
            o.shock = number + 1
            _apply_shock(p, s, o, level, r)
            return


@compiled
def _compute_hazards(p: Process, s: Any) -> tuple[float, ...]:
    """Compute the monthly hazards of the rare events, in the order of ``SHOCKS``."""
    serious = 1.0 + p.ailing_serious * s.ailing + (p.treated_serious if s.treated == 1 else 0.0)
    jobs = s.risk * s.instability * p.unstable_risk if s.unstable > 0.0 else s.risk * s.instability
    mortal = 0.0 if s.size == 1 else 1.0  # the last member never dies, since no household would be left to simulate
    return (
        p.admission * s.hazard * (1.0 + p.ailing_admission * s.ailing),
        p.serious * s.hazard * serious,
        p.job_loss * jobs,
        p.accident * s.working,
        p.disability * s.working,
        mortal * p.elder_death * s.elders,
        mortal * p.worker_death * s.working,
        p.venture_failure if s.venture == 1 else 0.0,
        p.venture_start if s.venture == 0 and s.business > 0.0 else 0.0,
        p.housing,
        p.water,
        p.fire,
        p.birth if s.young == 1 and s.present[8] == 0 else 0.0,
    )


@compiled
def _apply_shock(p: Process, s: Any, o: Any, level: float, r: Any) -> None:
    shock = o.shock
    if shock in (ADMISSION, SERIOUS):
        _fall_ill(p, s, o, level, shock == SERIOUS, r)
    elif shock == JOB_LOSS:
        lose_work(p, s, o, _pick_worker(s, r, True), OUT, WORK)
        alarm(s, o, WORK, p.alert_event, 0)
    elif shock == INJURY:
        lose_work(p, s, o, _pick_worker(s, r, False), OUT, ACCIDENT)
        hurt(p, s, ACCIDENT, p.accident_drag * (0.5 + draw_uniform(r)))
        o.cost = _draw_amount(p.accident_cost, level, r)
        o.self_paid = _apply_insurance(p, s, o.cost, level)
        alarm(s, o, ACCIDENT, p.alert_severe, 1)
    elif shock == DISABLED:
        lose_work(p, s, o, _pick_worker(s, r, False), GONE, DISABILITY)
        hurt(p, s, DISABILITY, p.disability_drag * (0.5 + draw_uniform(r)))
        alarm(s, o, DISABILITY, p.alert_severe, 1)
    elif shock in (ELDER_DEATH, WORKER_DEATH):
        if shock == ELDER_DEATH:
            o.person = 7 if s.present[7] == 1 else 6
        else:
            lose_work(p, s, o, _pick_worker(s, r, False), GONE, LABOUR)
            alarm(s, o, LABOUR, p.alert_severe, 1)
        leave(p, s, o.person)
    elif shock == VENTURE_FAILURE:
        s.venture = 0
        hurt(p, s, VENTURE, p.venture_drag * (0.5 + draw_uniform(r)))
        o.spoiled += np.rint(p.venture_cost * 12.0 * s.business * level * 2.0 * draw_uniform(r))
        o.effect[VENTURE] += o.spoiled
        alarm(s, o, VENTURE, p.alert_event, 0)
    elif shock == VENTURE_START:
        s.venture = 1
    elif shock == UNSAFE_HOUSING:
        _repair_house(p, s, o, level, r)
    elif shock == UNSAFE_WATER:
        alarm(s, o, WATER, p.alert_event, 0)
    elif shock == FIRE:
        low, high = p.fire_loss
        _lose_goods(p, s, o, low + (high - low) * draw_uniform(r), level)
        _repair_house(p, s, o, level, r)
    else:
        o.person = 8
        s.present[8] = 1
        s.size += 1


@compiled
def apply_disaster(p: Process, s: Any, o: Any, severity: float, level: float, r: Any) -> None:
    """Draw whether the village's disaster hits this household, and apply the losses if it does."""
    if severity <= 0.0 or draw_uniform(r) > p.disaster_hit:
        return
    _lose_goods(p, s, o, min(severity * (0.5 + draw_uniform(r)), 1.0), level)
    if draw_uniform(r) < p.disaster_housing:
        _repair_house(p, s, o, level, r)


@compiled
def _repair_house(p: Process, s: Any, o: Any, level: float, r: Any) -> None:
    o.repair = _draw_amount(p.housing_cost, level, r)
    hurt(p, s, HOUSING, p.housing_drag * min(o.repair / s.usual, 1.0))
    alarm(s, o, HOUSING, p.alert_severe, 0)


@compiled
def _lose_goods(p: Process, s: Any, o: Any, share: float, level: float) -> None:
    """Lose a share of a year's business income to a disaster or a fire."""
    o.loss = np.rint(share * 12.0 * s.business * level)
    o.spoiled += np.rint(p.disaster_cost * o.loss)
    o.effect[DISASTER] += np.rint(p.disaster_cost * o.loss)
    hurt(p, s, DISASTER, p.disaster_drag * share)
    if o.loss > p.loss_trigger * s.usual:
        alarm(s, o, DISASTER, p.alert_severe, 1)


@compiled
def draw_severity(p: Process, of_year: int, exposure: float, r: Any) -> float:
    """Draw the share of a year's harvest that a disaster threatens in a village this month; usually 0."""
    if draw_uniform(r) > p.disaster * p.disaster_season[of_year] * exposure:
        return 0.0
    low, high = p.disaster_severity
    return float(low + (high - low) * draw_uniform(r))

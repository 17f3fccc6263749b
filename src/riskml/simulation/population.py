"""Draw the county's households as they are at the start of the simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Floats, Ints, Mask
from riskml.simulation.parameters import Parameters
from riskml.simulation.state import MEMBERS, STATE, YEAR

Bools = Mask


@dataclass(frozen=True)
class People:
    """Household members at the start, as arrays of shape (households, members).

    Parameters
    ----------
    present : bool array
    age : float array
        Age in years at the start of the burn-in.
    female, skilled, weak, chronic, disabled : bool array
    """

    present: Bools
    age: Floats
    female: Bools
    skilled: Bools
    weak: Bools
    chronic: Bools
    disabled: Bools


def settle(p: Parameters, n: int, rng: np.random.Generator) -> tuple[NDArray[np.void], People]:
    """Draw ``n`` households.

    Returns
    -------
    states : structured array (n,) of `state.STATE`
    people : People
    """
    c = p.county
    states = np.zeros(n, STATE)
    people = _draw_people(p, n, rng)
    present = people.present
    workers = present[:, :3].sum(1)
    size = present.sum(1)
    states["size"] = size
    states["present"] = present
    states["exited"] = rng.random(n) < c.exited_share
    states["elders"] = present[:, 6:8].sum(1)
    working = present[:, :3]
    states["job"] = working
    states["weak"] = people.weak[:, :3]
    states["person"] = np.arange(3)
    states["born"] = np.floor(-12.0 * people.age[:, :3])
    states["kind"] = (
        np.where(rng.random((n, 3)) < c.farm_worker_share, 0, 1 + (rng.random((n, 3)) < c.migrant_share)) * working
    )
    kids = present[:, 4:6]
    states["kid"] = kids
    states["kid_born"] = np.floor(-12.0 * people.age[:, 4:6])
    states["stage"] = kids * _draw_schooling(p, people.age[:, 4:6], rng)
    states["costly"] = np.exp(p.process.fee_spread * rng.standard_normal((n, 2)))
    states["chronic"] = people.chronic & present
    states["patients"] = states["chronic"].sum(1)
    states["hazard"] = np.exp(
        p.process.chronic_risk * states["patients"]
        + p.process.elder_risk * states["elders"]
        + c.frailty_spread * rng.standard_normal(n)
    )
    trade = rng.choice(len(c.trade_risk), n, p=c.trade_shares)
    states["instability"] = np.array(c.trade_risk)[trade]
    states["volatility"] = np.array(c.trade_volatility)[trade]
    states["missing"] = rng.beta(c.missing_rate[0], c.missing_rate[1], n)
    states["stock"] = rng.random(n) < 0.4
    states["venture"] = rng.random(n) < c.venture_share
    _assign_income(p, states, workers, size, rng)
    return states, people


def _draw_people(p: Parameters, n: int, rng: np.random.Generator) -> People:
    c = p.county
    workers = rng.choice(4, n, p=c.workers_shares)
    elders = rng.choice(3, n, p=c.elders_shares)
    kids = rng.choice(3, n, p=c.kids_shares) * (workers > 0)
    elders = np.where(workers == 0, np.maximum(elders, 1), elders)
    present = np.zeros((n, MEMBERS), np.bool_)
    present[:, :3] = np.arange(3) < workers[:, None]
    present[:, 3] = rng.random(n) < c.dependant_share
    present[:, 4:6] = np.arange(2) < kids[:, None]
    present[:, 6:8] = np.arange(2) < elders[:, None]
    age = np.empty((n, MEMBERS))
    head = rng.uniform(28.0, 62.0, n)
    age[:, :3] = np.clip(head[:, None] + rng.normal(0.0, 4.0, (n, 3)), 20.0, 66.0)
    age[:, 3] = rng.uniform(25.0, 65.0, n)
    age[:, 4:6] = np.clip(head[:, None] - 26.0 + rng.normal(0.0, 5.0, (n, 2)), 0.0, 20.0)
    age[:, 6:8] = rng.uniform(63.0, 84.0, (n, 2))
    age[:, 8] = 0.0
    adult = present & (age >= 18.0)
    chance = np.clip((age - 20.0) / 35.0, 0.2, 1.8)
    return People(
        present=present,
        age=age,
        female=rng.random((n, MEMBERS)) < 0.48,
        skilled=rng.random((n, MEMBERS)) < c.skilled_share,
        weak=rng.random((n, MEMBERS)) < c.weak_share,
        chronic=adult & (rng.random((n, MEMBERS)) < c.chronic_share * chance),
        disabled=adult & (rng.random((n, MEMBERS)) < c.disabled_share),
    )


def _draw_schooling(p: Parameters, age: Floats, rng: np.random.Generator) -> Ints:
    chance = rng.random(age.shape)
    senior = p.process.senior_share
    stage = np.where((age >= 6.0) & (age < 15.0), 1, 0)
    stage = np.where((age >= 15.0) & (age < 18.0) & (chance < senior), 2, stage)
    return np.where((age >= 18.0) & (chance < senior * p.process.college_share), 3, stage)


def _assign_income(
    p: Parameters, states: NDArray[np.void], workers: Ints, size: Ints, rng: np.random.Generator
) -> None:
    """Scale the income sources so that income divided by the line has the distribution set by the parameters."""
    c = p.county
    n = len(states)
    distance = (
        c.distance_median
        + c.distance_spread * rng.standard_normal(n)
        + c.labour_slope * (workers / size - 0.5)
        - 0.1 * states["exited"]
    )
    least = c.distance_least + 0.12 * rng.exponential(1.0, n)
    distance = np.maximum(distance, least)
    # Households near the line live on pensions and allowances rather than on income that can be lost.
    low, high = c.transfer_share
    transfer = low + (high - low) * np.exp(-distance / c.transfer_reach)
    transfer = np.clip(transfer + 0.2 * (workers == 0) + rng.normal(0.0, 0.08, n), 0.01, 0.95)
    year = np.exp(distance) * c.line_first * size
    wealth = (rng.random(n) < c.property_share) * rng.uniform(0.01, 0.06, n)
    states["transfer"] = year * transfer / 12.0
    states["property"] = year * wealth / 12.0
    earned = year * np.maximum(1.0 - transfer - wealth, 0.0) / 12.0
    at_wage = (states["kind"] > 0) & (states["job"] == 1)
    farming = np.where(at_wage.any(1), rng.beta(c.business_share[0], c.business_share[1], n), 1.0)
    farming = np.where(farming < 0.08, 0.0, farming)
    weight = at_wage * np.exp(rng.normal(0.0, 0.25, (n, 3))) * (1.0 + 0.4 * (states["kind"] == 2))
    total = np.maximum(weight.sum(1), 1e-9)
    states["business"] = earned * farming
    states["rate"] = (earned * (1.0 - farming))[:, None] * weight / total[:, None]
    mean = states["rate"].sum(1) / np.maximum(at_wage.sum(1), 1)
    states["pay"] = np.where(at_wage.any(1), 0.8 * mean, 0.5 * earned / np.maximum(workers, 1))
    states["usual"] = year
    states["ratio"] = states["after"] = year / size / c.line_first
    states["totals"] = np.rint(year / 12.0)[:, None]
    states["reported"] = 1
    states["income"] = states["totals"].sum(1)
    states["reports"] = YEAR
    states["trend"] = 1.0
    states["venture"] &= states["business"] > 0.0

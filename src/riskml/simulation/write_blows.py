"""Write the tables of illness, disasters and events as departments, hotlines and visits would record them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Floats, Ints, Mask
from riskml.records.contract.calendar import to_month_end
from riskml.simulation.chunk import Chunk, draw_days, draw_recording_days
from riskml.simulation.county import CountyMap
from riskml.simulation.state import SHOCK
from riskml.simulation.writing import Tables

_KINDS = {"job_loss": "job_loss", "accident": "accident", "disability": "disability", "elder_death": "death",
          "worker_death": "death", "venture_failure": "venture_failure", "water": "water_unsafe"}  # fmt: skip
DISASTERS = np.array([("flood", "hail", "landslide", "pest"), ("drought", "animal_disease", "price_fall", "other")])
"""Kinds of disaster, first for the summer months, then for the other months."""


def write_illness(chunk: Chunk, tables: Tables) -> None:
    """Append rows to ``illness``: hospital admissions, months of treatment and visits by chronic patients."""
    rng, lived = chunk.rng, chunk.lived
    household, at = np.nonzero(lived["cost"] > 0.0)
    patient = _choose_patients(chunk, household, at)
    kind = np.full(len(household), "inpatient", dtype="U10")
    admissions = (household, at, patient, kind, lived["cost"][household, at], lived["self_paid"][household, at])
    household, at = np.nonzero(lived["treatment_cost"] > 0.0)
    kind = np.where(rng.random(len(household)) < 0.5, "inpatient", "outpatient")
    cost, paid = lived["treatment_cost"][household, at], lived["treatment_paid"][household, at]
    treatments = (household, at, np.full(len(household), -1), kind, cost, paid)
    household, at = np.nonzero(lived["visit_cost"] > 0.0)
    kind = np.where(rng.random(len(household)) < 0.6, "chronic", "outpatient")
    cost, paid = lived["visit_cost"][household, at], lived["visit_paid"][household, at]
    visits = (household, at, lived["patient"][household, at].astype(np.int64), kind, cost, paid)
    house, when, member, kind, cost, paid = map(np.concatenate, zip(admissions, treatments, visits, strict=True))
    day = draw_days(chunk, when)
    recorded = to_month_end(chunk.months[when]).astype(np.int64) + rng.integers(1, 6, len(when))
    slow = rng.random(len(when)) < chunk.p.recording.medical_late
    recorded = np.where(slow, recorded + rng.integers(60, 150, len(when)), recorded)
    names = chunk.make_member_codes(house, np.maximum(member, 0)).astype(object)
    names[member < 0] = None
    columns = {
        "household_id": chunk.make_codes(house),
        "member_id": names,
        "occurred_on": day,
        "kind": kind,
        "visits": np.where(kind == "inpatient", 1, rng.integers(1, 4, len(day))),
        "cost": cost,
        "self_paid": paid,
        "recorded_on": recorded,
    }
    _add_sorted(tables, "illness", columns)


def _choose_patients(chunk: Chunk, household: Ints, at: Ints) -> Ints:
    """Choose the member whom the shock names; if it names none, draw one, favouring elders and chronic patients."""
    named = chunk.lived["person"][household, at].astype(np.int64)
    weight = chunk.find_present(household, at) * (1.0 + 2.0 * chunk.people.chronic[household])
    weight[:, 6:8] *= 2.0
    reach = weight.cumsum(1)
    drawn = (chunk.rng.random(len(household)) * reach[:, -1])[:, None] < reach
    return np.where(named >= 0, named, drawn.argmax(1))


def write_events(chunk: Chunk, tables: Tables) -> None:
    """Append rows to ``events``: shocks that become known, school fees, reports and visits."""
    rng, lived, recording = chunk.rng, chunk.lived, chunk.p.recording
    parts: list[tuple[NDArray[Any], ...]] = []

    def add(mask: Mask, kind: str, channel: str, money: Floats | None = None) -> None:
        rows, at = np.nonzero(mask)
        n = len(rows)
        amount = np.full(n, np.nan) if money is None else money[rows, at]
        parts.append((rows, at, np.full(n, kind), amount, np.full(n, channel, dtype=object)))

    known = rng.random(lived.shape) < recording.event_known
    for shock, name in _KINDS.items():
        add((lived["shock"] == SHOCK[shock]) & known, name, "department")
    add((lived["repair"] > 0.0) & known, "housing_unsafe", "department", lived["repair"])
    add(lived["fee"] > 0.0, "school_fee", "department", lived["fee"])
    add((lived["dropout"] == 1) & known, "dropout", "department")
    without, with_blow = recording.leads
    troubled = lived["alert_cause"] >= 0
    reported = rng.random(lived.shape) < np.where(troubled, with_blow, without)
    by_phone = rng.random(lived.shape) < 0.4
    add(reported & by_phone, "report", "hotline")
    add(reported & ~by_phone, "report", "self_report")
    add(rng.random(lived.shape) < recording.visits, "visit", "visit")
    house, when, kind, amount, channel = map(np.concatenate, zip(*parts, strict=True))
    day = draw_days(chunk, when)
    columns = {
        "household_id": chunk.make_codes(house),
        "occurred_on": day,
        "kind": kind,
        "amount": amount,
        "channel": channel,
        "recorded_on": draw_recording_days(chunk, day),
    }
    _add_sorted(tables, "events", columns)


def write_household_disasters(chunk: Chunk, tables: Tables) -> None:
    """Append households' losses to ``disaster``, dated to the day of the village's disaster or the household's fire."""
    lived, county = chunk.lived, chunk.county
    household, at = np.nonzero((lived["loss"] > 0.0) & (chunk.rng.random(lived.shape) < chunk.p.recording.event_known))
    day, kind = _find_disasters(county, chunk.village[household], at)
    burnt = lived["shock"][household, at] == SHOCK["fire"]
    day, kind = np.where(burnt, draw_days(chunk, at), day), np.where(burnt, "fire", kind)
    _add_sorted(
        tables,
        "disaster",
        {
            "household_id": chunk.make_codes(household),
            "region_code": np.full(len(household), None, dtype=object),
            "occurred_on": day,
            "kind": kind,
            "loss": lived["loss"][household, at],
            "recorded_on": draw_recording_days(chunk, day),
        },
    )


def write_regional_disasters(county: CountyMap, rng: np.random.Generator, tables: Tables) -> None:
    """Append villages' disasters to ``disaster``."""
    village, at = np.nonzero(county.severity[:, county.burn_in :] > 0.0)
    day, kind = _find_disasters(county, village, at)
    tables.add(
        "disaster",
        {
            "household_id": np.full(len(at), None, dtype=object),
            "region_code": county.regions[village],
            "occurred_on": day,
            "kind": kind,
            "loss": np.full(len(at), np.nan),
            "recorded_on": day + rng.integers(1, 11, len(at)),
        },
    )


def _find_disasters(county: CountyMap, village: Ints, at: Ints) -> tuple[Ints, NDArray[np.str_]]:
    """Find the day and the kind of a village's disaster in a month."""
    month = county.first + at
    day = (
        to_month_end((month - 1).astype(np.int32)).astype(np.int64) + 1 + county.struck_on[village, county.burn_in + at]
    )
    winter = (month % 12 < 4) | (month % 12 > 8)
    return day, DISASTERS[winter.astype(int), county.kind[village, county.burn_in + at]]


def _add_sorted(tables: Tables, table: str, columns: dict[str, NDArray[np.generic]]) -> None:
    order = np.lexsort((columns["kind"], columns["occurred_on"], columns["household_id"]))
    tables.add(table, columns, order)

"""Illness, disasters and events as the departments, hotlines and visits write them down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import month_end
from riskml.simulation.chunk import Chunk, draw_days, draw_recording_days
from riskml.simulation.county import CountyMap
from riskml.simulation.state import SHOCKS
from riskml.simulation.writing import Tables

__all__ = ["DISASTERS", "write_events", "write_household_disasters", "write_illness", "write_regional_disasters"]

Ints = NDArray[np.int64]
_SHOCK = {name: number for number, name in enumerate(SHOCKS)}
_KINDS = {"job_loss": "job_loss", "accident": "accident", "disability": "disability", "elder_death": "death",
          "worker_death": "death", "venture_failure": "venture_failure", "housing": "housing_unsafe",
          "water": "water_unsafe"}  # fmt: skip
DISASTERS = np.array([("flood", "hail", "landslide", "pest"), ("drought", "animal_disease", "price_fall", "other")])
"""Kinds of disaster of the summer months, and of the others."""


def _member(chunk: Chunk, rows: Ints, member: Ints) -> NDArray[np.str_]:
    return np.char.add(chunk.names(rows), np.char.add("-", (member + 1).astype(str)))


def write_illness(chunk: Chunk, tables: Tables) -> None:
    """Append ``illness``: admissions, months of treatment and the visits of chronic patients."""
    rng, lived = chunk.rng, chunk.lived
    parts: list[tuple[Ints, Ints, Ints, NDArray[np.str_], NDArray[np.float64], NDArray[np.float64]]] = []
    who, at = np.nonzero(lived["cost"] > 0.0)
    patient = _patient(chunk, who, at)
    kind = np.full(len(who), "inpatient", dtype="U10")
    parts.append((who, at, patient, kind, lived["cost"][who, at], lived["self_paid"][who, at]))
    treated, month = np.nonzero(lived["treatment_cost"] > 0.0)
    kind = np.where(rng.random(len(treated)) < 0.5, "inpatient", "outpatient")
    cost, paid = lived["treatment_cost"][treated, month], lived["treatment_paid"][treated, month]
    parts.append((treated, month, np.full(len(treated), -1), kind, cost, paid))
    chronic = chunk.people.chronic & (chunk.start["present"] == 1)
    visit = rng.random((chunk.n, len(chunk.months))) < chunk.p.recording.outpatient * chronic.sum(1)[:, None]
    routine, then = np.nonzero(visit)
    alive = chunk.find_present(routine, then)[np.arange(len(routine)), chronic.argmax(1)[routine]]
    routine, then = routine[alive], then[alive]
    cost = np.rint(rng.lognormal(5.2, 0.6, len(routine)))
    kind = np.where(rng.random(len(routine)) < 0.6, "chronic", "outpatient")
    parts.append((routine, then, chronic.argmax(1)[routine], kind, cost, np.rint(cost * rng.beta(4, 5, len(routine)))))
    house, when, member = (np.concatenate([part[k] for part in parts]) for k in (0, 1, 2))
    day = draw_days(chunk, when)
    recorded = month_end(chunk.months[when]).astype(np.int64) + rng.integers(1, 6, len(when))
    slow = rng.random(len(when)) < chunk.p.recording.medical_late
    recorded = np.where(slow, recorded + rng.integers(60, 150, len(when)), recorded)
    names = _member(chunk, house, np.maximum(member, 0)).astype(object)
    names[member < 0] = None
    columns = {
        "household_id": chunk.names(house),
        "member_id": names,
        "occurred_on": day,
        "kind": np.concatenate([part[3] for part in parts]),
        "visits": np.where(np.concatenate([part[3] for part in parts]) == "inpatient", 1, rng.integers(1, 4, len(day))),
        "cost": np.concatenate([part[4] for part in parts]),
        "self_paid": np.concatenate([part[5] for part in parts]),
        "recorded_on": recorded,
    }
    _add_sorted(tables, "illness", columns)


def _patient(chunk: Chunk, who: Ints, at: Ints) -> Ints:
    """The patient the shock names, else an elder or a chronic patient rather than the others."""
    named = chunk.lived["person"][who, at].astype(np.int64)
    weight = chunk.find_present(who, at) * (1.0 + 2.0 * chunk.people.chronic[who])
    weight[:, 6:8] *= 2.0
    reach = weight.cumsum(1)
    drawn = (chunk.rng.random(len(who)) * reach[:, -1])[:, None] < reach
    return np.where(named >= 0, named, drawn.argmax(1))


def write_events(chunk: Chunk, tables: Tables) -> None:
    """Append ``events``: blows that came to be known, school fees, leads and visits."""
    rng, lived, recording = chunk.rng, chunk.lived, chunk.p.recording
    who: list[Ints] = []
    at: list[Ints] = []
    kind: list[NDArray[np.str_]] = []
    amount: list[NDArray[np.float64]] = []
    channel: list[NDArray[np.object_]] = []

    def add(mask: NDArray[np.bool_], name: str, by: str | None, money: NDArray[np.float64] | None = None) -> None:
        rows, months = np.nonzero(mask)
        who.append(rows)
        at.append(months)
        kind.append(np.full(len(rows), name))
        amount.append(np.full(len(rows), np.nan) if money is None else money[rows, months])
        channel.append(np.full(len(rows), by, dtype=object))

    known = rng.random(lived.shape) < recording.event_known
    for shock, name in _KINDS.items():
        add((lived["shock"] == _SHOCK[shock]) & known, name, "department")
    add(lived["fee"] > 0.0, "school_fee", "department", lived["fee"])
    add((lived["dropout"] == 1) & known, "dropout", "department")
    without, with_blow = recording.leads
    troubled = lived["alert_cause"] >= 0
    reported = rng.random(lived.shape) < np.where(troubled, with_blow, without)
    by_phone = rng.random(lived.shape) < 0.4
    add(reported & by_phone, "report", "hotline")
    add(reported & ~by_phone, "report", "self_report")
    add(rng.random(lived.shape) < recording.visits, "visit", "visit")
    house, when = np.concatenate(who), np.concatenate(at)
    day = draw_days(chunk, when)
    columns = {
        "household_id": chunk.names(house),
        "occurred_on": day,
        "kind": np.concatenate(kind),
        "amount": np.concatenate(amount),
        "channel": np.concatenate(channel),
        "recorded_on": draw_recording_days(chunk, day),
    }
    _add_sorted(tables, "events", columns)


def write_household_disasters(chunk: Chunk, tables: Tables) -> None:
    """Append the losses of households to ``disaster``, on the day that struck their village."""
    lived, where = chunk.lived, chunk.where
    who, at = np.nonzero((lived["loss"] > 0.0) & (chunk.rng.random(lived.shape) < chunk.p.recording.event_known))
    day, kind = _struck(where, chunk.village[who], at)
    _add_sorted(
        tables,
        "disaster",
        {
            "household_id": chunk.names(who),
            "region_code": np.full(len(who), None, dtype=object),
            "occurred_on": day,
            "kind": kind,
            "loss": lived["loss"][who, at],
            "recorded_on": draw_recording_days(chunk, day),
        },
    )


def write_regional_disasters(where: CountyMap, rng: np.random.Generator, tables: Tables) -> None:
    """Append the villages struck to ``disaster``."""
    village, at = np.nonzero(where.severity[:, where.burn_in :] > 0.0)
    day, kind = _struck(where, village, at)
    tables.add(
        "disaster",
        {
            "household_id": np.full(len(at), None, dtype=object),
            "region_code": where.regions[village],
            "occurred_on": day,
            "kind": kind,
            "loss": np.full(len(at), np.nan),
            "recorded_on": day + rng.integers(1, 11, len(at)),
        },
    )


def _struck(where: CountyMap, village: Ints, at: Ints) -> tuple[Ints, NDArray[np.str_]]:
    month = where.first + at
    day = month_end((month - 1).astype(np.int32)).astype(np.int64) + 1 + where.struck_on[village, where.burn_in + at]
    winter = (month % 12 < 4) | (month % 12 > 8)
    return day, DISASTERS[winter.astype(int), where.kind[village, where.burn_in + at]]


def _add_sorted(tables: Tables, table: str, columns: dict[str, NDArray[np.generic]]) -> None:
    order = np.lexsort((columns["kind"], columns["occurred_on"], columns["household_id"]))
    tables.add(table, {name: values[order] for name, values in columns.items()})

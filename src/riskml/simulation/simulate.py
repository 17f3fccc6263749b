"""Simulate a county: live through its months and write them down as a records folder."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from riskml.errors import SimulationError
from riskml.simulation.chunk import Chunk
from riskml.simulation.county import Place, lines, place
from riskml.simulation.parameters import Parameters, load_parameters
from riskml.simulation.population import settle
from riskml.simulation.lives import history
from riskml.simulation.state import MONTH_OUT
from riskml.simulation.write_blows import (
    write_events,
    write_household_disasters,
    write_illness,
    write_regional_disasters,
)
from riskml.simulation.write_care import write_help, write_monitoring
from riskml.simulation.write_income import write_income
from riskml.simulation.write_people import TEXT, write_households, write_members
from riskml.simulation.writing import Tables

__all__ = ["simulate"]

CHUNK = 4096
"""Households simulated and written at a time; part of what a seed means."""


def simulate(
    out: Path,
    households: int,
    months: int,
    seed: int,
    params: Path | dict[str, Any] | None = None,
    truth: str = "last",
    progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Write the records folder of a simulated county."""
    p = load_parameters(params)
    where = place(p, households, months, seed)
    out.mkdir(parents=True, exist_ok=True)
    with Tables(out, TEXT) as tables:
        tables.add("lines", lines(p, months))
        write_regional_disasters(where, np.random.default_rng([seed, 2]), tables)
        for first in range(0, households, CHUNK):
            count = min(CHUNK, households - first)
            chunk = _live(p, where, first, count, households, seed)
            write_households(chunk, tables)
            write_members(chunk, tables)
            write_income(chunk, tables)
            write_illness(chunk, tables)
            write_household_disasters(chunk, tables)
            write_events(chunk, tables)
            write_help(chunk, write_monitoring(chunk, tables), tables)
            if progress is not None:
                progress(count)
    return tables.rows


def _live(p: Parameters, where: Place, first: int, count: int, households: int, seed: int) -> Chunk:
    states, people = settle(p, count, np.random.default_rng([seed, 3, first]))
    village = where.village(first, count, households)
    recorded = len(where.months.line) - where.burn_in
    lived = np.zeros((count, recorded), MONTH_OUT)
    keep = np.array([where.burn_in - 1])
    kept = np.zeros((len(keep), count), states.dtype)
    half = (count + 1) // 2

    def live(low: int, high: int) -> None:
        history(
            p.process, where.months, where.burn_in, states[low:high], first + low, village[low:high], where.severity,
            seed, keep, lived[low:high], kept[:, low:high],
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(live, (0, half), (half, count)))
    return Chunk(
        first=first, start=kept[0], people=people, lived=lived,
        months=(where.first + np.arange(recorded)).astype(np.int32), region=where.regions[village],
        far=where.far[village], burn_in=where.burn_in, p=p, rng=np.random.default_rng([seed, 4, first]),
    )  # fmt: skip

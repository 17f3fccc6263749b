"""Simulate a county month by month and write its records folder."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Ints
from riskml.errors import SimulationError
from riskml.records.contract.calendar import to_month_end
from riskml.simulation.chunk import Chunk
from riskml.simulation.county import CountyMap, build_lines, lay_out_county
from riskml.simulation.lives import simulate_history
from riskml.simulation.parameters import Parameters, load_parameters
from riskml.simulation.population import settle
from riskml.simulation.state import MONTH_OUT, YEAR
from riskml.simulation.truth import (
    THREADS,
    Figures,
    Truth,
    attribute_falls,
    estimate_fall_probability,
    plan_truth,
)
from riskml.simulation.write_blows import (
    write_events,
    write_household_disasters,
    write_illness,
    write_regional_disasters,
)
from riskml.simulation.write_care import write_help, write_monitoring
from riskml.simulation.write_income import Income, write_income
from riskml.simulation.write_people import write_households, write_members
from riskml.simulation.writing import Tables

CHUNK = 4096
"""Number of households that are simulated and written at a time, so that memory use does not grow with the county.

Changing it changes the county that a seed produces.
"""


@dataclass(frozen=True)
class Simulated:
    """A summary of what `simulate` wrote.

    Parameters
    ----------
    rows : dict of str to int
        Number of rows in each table.
    figures : dict of str to float
        Figures about falls after the as-of dates (`truth.Figures.summarize`); empty if no truth was written.
    """

    rows: dict[str, int]
    figures: dict[str, float]


def simulate(
    out: Path,
    households: int,
    months: int,
    seed: int,
    params: Path | dict[str, Any] | None = None,
    truth: Truth = "last",
    progress: Callable[[int], None] | None = None,
    income: Income = "monthly",
) -> Simulated:
    """Write the records folder of a simulated county.

    Parameters
    ----------
    out : Path
        The records folder, which is created if missing; existing tables are replaced.
    households, months : int
        Number of households, and number of recorded months, which start with January of the parameter ``start_year``.
    seed : int
        Random seed; the same seed, parameters and sizes give exactly the same files.
    params : path or dict, optional
        Overrides; see `parameters.load_parameters`.
    truth : {"last", "all", "none"}, default "last"
        Dates for which ``truth.parquet`` (household_id, as_of, probability, cause) is written: the default test dates,
        all dates of the default grid, or none (see `truth.plan_truth`).
    progress : callable, optional
        Called after each part of the county with the number of households in it.
    income : {"monthly", "register", "mixed"}, default "monthly"
        How income is recorded: with ``monthly``, a report for every month; with ``register``, wage lists of
        individual persons and a statement for every year from October to September, known months after the year's
        end; with ``mixed``, each of these for half of the households. The choice affects neither the households nor
        their truth nor any other table.

    Returns
    -------
    Simulated

    Raises
    ------
    SimulationError
        If an argument or a parameter is invalid, or if there are too few months for any truth.
    """
    if income not in get_args(Income):
        raise SimulationError("The income is {income!r}.", "Choose monthly, register or mixed.", income=income)
    if households < 1 or months < 1 or seed < 0:
        raise SimulationError(
            "A county of {households} households and {months} months with seed {seed} cannot be simulated.",
            "Give at least one household, one month and a seed of 0 or more.",
            households=households,
            months=months,
            seed=seed,
        )
    p = load_parameters(params)
    county = lay_out_county(p, households, months, seed)
    dates = plan_truth(county.first, months, truth, income)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("truth.parquet"):
        old.unlink()
    figures = Figures()
    with Tables(out) as tables:
        tables.add("lines", build_lines(p, months))
        write_regional_disasters(county, np.random.default_rng([seed, 2]), tables)
        for first in range(0, households, CHUNK):
            count = min(CHUNK, households - first)
            chunk, states = _run(p, county, first, count, households, seed, dates)
            _write(chunk, income, tables)
            if len(dates):
                _write_truth(chunk, states, dates, seed, tables, figures)
            if progress is not None:
                progress(count)
    return Simulated(tables.rows, figures.summarize() if len(dates) else {})


def _run(
    p: Parameters, county: CountyMap, first: int, count: int, households: int, seed: int, dates: Ints
) -> tuple[Chunk, NDArray[np.void]]:
    """Simulate ``count`` households; return them, and their hidden states at the as-of dates of the truth."""
    states, people = settle(p, count, np.random.default_rng([seed, 3, first]))
    village = county.assign_villages(first, count, households)
    recorded = len(county.calendar.line) - county.burn_in
    past = min(county.burn_in, 2 * YEAR + 3)  # includes two full statement years, October to September
    lived = np.zeros((count, past + recorded), MONTH_OUT)
    keep = np.unique(np.concatenate([[county.burn_in - 1], county.burn_in + dates]))
    kept = np.zeros((len(keep), count), states.dtype)
    bounds = np.linspace(0, count, THREADS + 1).astype(int)
    values = p.pack()

    def run_part(low: int, high: int) -> None:
        simulate_history(
            values, county.calendar, county.burn_in - past, states[low:high], first + low, village[low:high],
            county.severity, seed, keep, lived[low:high], kept[:, low:high],
        )  # fmt: skip

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run_part, bounds[:-1], bounds[1:]))
    chunk = Chunk(
        first=first, start=kept[0], people=people, lived=lived[:, past:], past=lived[:, :past],
        months=(county.first + np.arange(recorded)).astype(np.int32), village=village, county=county, p=p,
        rng=np.random.default_rng([seed, 4, first]),
    )  # fmt: skip
    return chunk, kept[len(keep) - len(dates) :]


def _write(chunk: Chunk, income: Income, tables: Tables) -> None:
    write_households(chunk, tables)
    write_members(chunk, tables)
    write_income(chunk, income, tables)
    write_illness(chunk, tables)
    write_household_disasters(chunk, tables)
    write_events(chunk, tables)
    write_help(chunk, write_monitoring(chunk, tables), tables)


def _write_truth(
    chunk: Chunk, states: NDArray[np.void], dates: Ints, seed: int, tables: Tables, figures: Figures
) -> None:
    """Append to ``truth`` the households that are not monitored on each date, and add them to the figures."""
    county = chunk.county
    line = county.calendar.line[county.burn_in :]
    days = to_month_end((county.first + dates).astype(np.int32)).astype(np.int64)
    for at, day, state in zip(dates, days, states, strict=True):
        unmonitored = np.flatnonzero(state["monitored"] == 0)
        share = estimate_fall_probability(chunk, int(at), state, unmonitored, seed)
        cause = attribute_falls(chunk.lived, int(at), line)[unmonitored]
        codes, as_of = chunk.make_codes(unmonitored), np.full(len(unmonitored), day)
        rows = {"household_id": codes, "as_of": as_of, "probability": share, "cause": cause}
        tables.add("truth", rows)
        figures.add(state[unmonitored], share, chunk.lived, unmonitored, int(at))

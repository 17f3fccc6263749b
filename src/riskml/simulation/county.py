"""The geography and the calendar of the simulated county: villages, lines, income levels and disasters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import to_day
from riskml.simulation.lives import Calendar, simulate_disasters
from riskml.simulation.parameters import Parameters
from riskml.vocabulary.regions import Level, take_region

COUNTY_CODE = "990101"
"""No province has the code 99, so the county is clearly fictitious."""


@dataclass(frozen=True)
class CountyMap:
    """The villages of the county, their disasters, and its calendar.

    Parameters
    ----------
    regions : str array (villages,)
        Twelve-digit region codes of the villages.
    far : float array (villages,)
        Distance from each village to the county seat, in kilometres.
    exposure : float array (villages,)
        Factor by which the hazard of disasters is multiplied.
    severity : float array (villages, months)
        Share of a year's harvest that a disaster threatens, for each month including the burn-in.
    struck_on, kind : int array (villages, months)
        Day of the disaster within its month, counted from 0, and the position of its kind in
        ``write_blows.DISASTERS``.
    calendar : Calendar
        Months of the simulation, burn-in included.
    first : int
        Number of the first recorded month.
    burn_in : int
        Number of months simulated before that month.
    """

    regions: NDArray[np.str_]
    far: NDArray[np.float64]
    exposure: NDArray[np.float64]
    severity: NDArray[np.float64]
    struck_on: NDArray[np.int64]
    kind: NDArray[np.int64]
    calendar: Calendar
    first: int
    burn_in: int

    def assign_villages(self, first: int, count: int, households: int) -> NDArray[np.int64]:
        """Assign ``count`` households, from number ``first`` on, to villages; neighbours get consecutive codes."""
        return (first + np.arange(count, dtype=np.int64)) * len(self.regions) // households


def lay_out_county(p: Parameters, households: int, months: int, seed: int) -> CountyMap:
    """Lay out the villages and simulate their disasters."""
    c = p.county
    rng = np.random.default_rng([seed, 1])
    villages = max(1, round(households / c.households_per_village))
    regions: list[str] = []
    town = 0
    low, high = (int(value) for value in c.villages_per_town)
    while len(regions) < villages:
        town += 1
        regions += [f"{COUNTY_CODE}{100 + town:03d}{200 + k:03d}" for k in range(int(rng.integers(low, high + 1)))]
    far = np.round(rng.gamma(4.0, 7.0, villages), 1)
    exposure = np.exp(0.5 * rng.standard_normal(villages))
    burn_in = int(c.burn_in)
    first = (int(c.start_year) - 1970) * 12
    number = first - burn_in + np.arange(burn_in + months)
    years = number // 12 + 1970
    calendar = Calendar(
        of_year=number % 12,
        line=_compute_line(p, years),
        level=(1.0 + c.income_growth) ** ((number - first) / 12.0),
    )
    severity: NDArray[np.float64] = np.zeros((villages, burn_in + months))
    simulate_disasters(p.pack(), calendar, exposure, seed, severity)
    return CountyMap(
        regions=np.array(regions[:villages]), far=far, exposure=exposure, severity=severity,
        struck_on=rng.integers(0, 28, severity.shape), kind=rng.integers(0, 4, severity.shape), calendar=calendar,
        first=first, burn_in=burn_in,
    )  # fmt: skip


def _compute_line(p: Parameters, years: NDArray[np.int64]) -> NDArray[np.float64]:
    c = p.county
    steps: NDArray[np.float64] = np.rint(c.line_first * (1.0 + c.line_growth) ** (years - c.start_year) / c.line_step)
    line: NDArray[np.float64] = np.maximum(steps, 1.0) * c.line_step
    return line


def build_lines(p: Parameters, months: int) -> dict[str, list[object]]:
    """Build the table ``lines``: for each year, the province's line, and the lower national line that it overrides."""
    start = int(p.county.start_year)
    years = np.arange(start - 4, start + (months - 1) // 12 + 1)
    rows: dict[str, list[object]] = {"region_code": [], "effective_from": [], "amount": [], "source": []}
    for year, amount in zip(years, _compute_line(p, years), strict=True):
        for region, share in ((None, p.county.floor_share), (take_region(COUNTY_CODE, Level.PROVINCE), 1.0)):
            rows["region_code"].append(region)
            rows["effective_from"].append(to_day(f"{year}-01-01"))
            rows["amount"].append(float(np.rint(amount * share / p.county.line_step) * p.county.line_step))
            rows["source"].append("simulated")
    return rows

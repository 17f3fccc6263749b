"""The simulated months of a group of households, from which the record tables are written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import to_month_end
from riskml.simulation.county import CountyMap
from riskml.simulation.parameters import Parameters
from riskml.simulation.population import People
from riskml.simulation.state import MEMBERS, SHOCK


@dataclass(frozen=True)
class Chunk:
    """The ``n`` consecutive households of the county that start with number ``first``.

    Parameters
    ----------
    first : int
        Number of the first household.
    start : structured array (n,)
        The hidden states on the day before the first recorded month.
    people : People
    lived : structured array (n, months)
        What happened in each recorded month (`state.MONTH_OUT`).
    past : structured array (n, earlier months)
        What happened in the months before, as far back as statements of income reach.
    months : int32 array (months,)
        Month numbers since 1970-01.
    village : int array (n,)
    county : CountyMap
    p : Parameters
    rng : Generator
        Used only to draw how events are recorded; it never affects what happens.
    """

    first: int
    start: NDArray[np.void]
    people: People
    lived: NDArray[np.void]
    past: NDArray[np.void]
    months: NDArray[np.int32]
    village: NDArray[np.int64]
    county: CountyMap
    p: Parameters
    rng: np.random.Generator

    @property
    def n(self) -> int:
        """Number of households in the chunk."""
        return len(self.start)

    def find_present(self, rows: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Find the members who were present at the start and still are in the months ``at``."""
        until = np.full((self.n, MEMBERS), self.lived.shape[1])
        death = np.isin(self.lived["shock"], (SHOCK["elder_death"], SHOCK["worker_death"]))
        for member in (np.where(death, self.lived["person"], -1), self.lived["left"]):
            household, month = np.nonzero(member >= 0)
            until[household, member[household, month]] = month
        present: NDArray[np.bool_] = (self.start["present"][rows] == 1) & (until[rows] > at[:, None])
        return present

    def make_codes(self, rows: NDArray[np.int64]) -> NDArray[np.str_]:
        """Make the codes of households from their positions in the chunk.

        Codes have seven digits, so that they sort in numerical order; from ten million households on, some have more.
        """
        if not len(rows):
            return np.empty(0, np.str_)  # zfill fails on an empty array
        return np.char.add("H", np.char.zfill((self.first + rows).astype(str), 7))

    def make_member_codes(self, rows: NDArray[np.int64], member: NDArray[np.int64]) -> NDArray[np.str_]:
        """Make the codes of members: the household's code and the member's number, counted from 1."""
        return np.char.add(self.make_codes(rows), np.char.add("-", (member + 1).astype(str)))


def draw_days(chunk: Chunk, at: NDArray[np.int64], low: int = 1, high: int = 28) -> NDArray[np.int64]:
    """Draw the day of each event within its month; ``at`` holds the positions of the months."""
    start = to_month_end(chunk.months[at] - 1).astype(np.int64)
    return start + chunk.rng.integers(low, high + 1, len(at))


def draw_recording_days(chunk: Chunk, day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Draw the day on which each event is recorded, a few days after it happened."""
    low, high = (int(value) for value in chunk.p.recording.event_delay)
    return day + chunk.rng.integers(low, high + 1, len(day))


def draw_report_days(chunk: Chunk) -> NDArray[np.int64]:
    """Draw the day on which each month's income becomes known, usually the month's last day, shape (n, months)."""
    low, high = chunk.p.recording.report_delay
    share, from_days, to_days = chunk.p.recording.very_late
    shape = chunk.lived.shape
    usual = low + (high - low) * chunk.rng.beta(1.2, 2.5, shape)
    slow = from_days + (to_days - from_days) * chunk.rng.random(shape)
    usual[chunk.rng.random(shape) < chunk.p.recording.reported_at_once] = 0.0
    delay = np.where(chunk.rng.random(shape) < share, slow, usual).astype(np.int64)
    recorded_on: NDArray[np.int64] = to_month_end(chunk.months).astype(np.int64)[None, :] + delay
    return recorded_on

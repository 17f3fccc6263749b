"""The loops that call `month.step`: they simulate a county's history, and the possible futures of its households."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from riskml.records.panel.kernels import compiled
from riskml.records.panel.lines import BELOW
from riskml.simulation.blows import count_workers, draw_severity
from riskml.simulation.draws import start_stream
from riskml.simulation.month import step
from riskml.simulation.state import MONTH_OUT, YEAR

LIFE, VILLAGE, FUTURE = 1, 2, 3  # purposes of random streams
FUTURES = 1 << 20  # number of streams reserved for the futures of one household at one date


class Calendar(NamedTuple):
    """The county's calendar: arrays with one entry for each month, starting with the burn-in."""

    of_year: Any  # 0 is January
    line: Any  # in force at the month's end, in yuan per person and year
    level: Any  # incomes and prices relative to the first recorded month


def _hash_sources() -> str:
    names = ("blows", "draws", "lives", "month", "parameters", "state")
    sources = b"".join(Path(__file__).with_name(f"{name}.py").read_bytes() for name in names)
    return sha256(sources + str(BELOW).encode()).hexdigest()


def _compile_loops(sources: str) -> tuple[Callable[..., None], Callable[..., None], Callable[..., None]]:
    """Compile the loops over disasters, histories and futures.

    The loops refer to ``sources`` so that it becomes part of the key under which numba caches their machine code on
    disk. Otherwise numba would watch only this file and miss a change to ``step`` or ``BELOW``.
    """

    @compiled
    def simulate_disasters(values: Any, calendar: Calendar, exposure: Any, seed: int, severity: Any) -> None:
        """Fill ``severity`` (villages, months) with the share of a year's harvest at risk; 0 means no disaster."""
        sources  # noqa: B018
        p = values[0]
        r = np.zeros(1, np.uint64)
        for v in range(severity.shape[0]):
            start_stream(r, seed, VILLAGE, v, 0)
            for t in range(severity.shape[1]):
                severity[v, t] = draw_severity(p, calendar.of_year[t], exposure[v], r)

    @compiled
    def simulate_history(
        values: Any, calendar: Calendar, burn_in: int, states: Any, first: int, village: Any, severity: Any, seed: int,
        keep: Any, out: Any, kept: Any,
    ) -> None:  # fmt: skip
        """Simulate all months of the calendar for some households.

        Parameters
        ----------
        states : structured array (n,)
            Initial states of consecutive households, starting with number ``first``; changed in place.
        village : int array (n,)
            Row of ``severity`` for each household.
        keep : int array
            Months at whose end the states are copied to ``kept`` (one row per month), counted from the start of the
            burn-in and in ascending order.
        out : structured array (n, months without burn-in)
            Filled with the events of each recorded month.
        """
        sources  # noqa: B018
        p = values[0]
        r = np.zeros(1, np.uint64)
        for i in range(states.shape[0]):
            start_stream(r, seed, LIFE, first + i, 0)
            s = states[i]
            count_workers(p, s)
            turn = 0
            for t in range(calendar.line.shape[0]):
                o = out[i, max(t - burn_in, 0)]
                step(p, s, o, t, calendar.of_year[t], calendar.line[t], calendar.level[t], severity[village[i], t], r)
                if turn < keep.shape[0] and t == keep[turn]:
                    kept[turn, i] = s
                    turn += 1

    @compiled
    def simulate_futures(
        values: Any, calendar: Calendar, start: int, states: Any, exposure: Any, item: Any, seed: int, begin: int,
        end: int, falls: Any, labelled: Any,
    ) -> None:  # fmt: skip
        """Simulate futures ``begin`` to ``end`` for each state; count those with a fall and those with a label.

        ``start`` is the position of the first future month in the calendar, and ``item`` holds the household numbers. A
        future has no label if emergency help starts during it and the household does not fall. The counts are added to
        ``falls`` and ``labelled``.
        """
        sources  # noqa: B018
        p = values[0]
        r = np.zeros(1, np.uint64)
        state = np.zeros(1, states.dtype)
        out = np.zeros(1, MONTH_OUT)
        s = state[0]
        o = out[0]
        for i in range(states.shape[0]):
            for draw in range(begin, end):
                start_stream(r, seed, FUTURE, item[i], start * FUTURES + draw)
                state[0] = states[i]
                helped = False
                fell = False
                for t in range(start, start + YEAR):
                    of_year = calendar.of_year[t]
                    severity = draw_severity(p, of_year, exposure[i], r)
                    step(p, s, o, t, of_year, calendar.line[t], calendar.level[t], severity, r)
                    helped = helped or o.emergency == 1
                    if o.below == 1 or o.hardship == 1 or o.entered == 1:
                        fell = True
                        break
                falls[i] += fell
                labelled[i] += fell or not helped

    return simulate_disasters, simulate_history, simulate_futures


simulate_disasters, simulate_history, simulate_futures = _compile_loops(_hash_sources())

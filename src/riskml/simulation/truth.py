"""Compute what a simulated county's records cannot show: the probability and the cause of each household's fall."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Floats, Ints, Mask
from riskml.errors import SimulationError, SplitError
from riskml.evaluation.ranking import Ranking
from riskml.outcomes.labels import FALL_KINDS
from riskml.records.contract.calendar import to_month_end
from riskml.records.panel.lines import BELOW
from riskml.simulation.chunk import Chunk
from riskml.simulation.lives import simulate_futures
from riskml.simulation.parameters import count_spending
from riskml.simulation.state import CAUSE, SPENDING, YEAR, list_paid
from riskml.simulation.write_income import Income
from riskml.simulation.write_statements import OCTOBER
from riskml.splits import Grid, Settings, cut_origins
from riskml.vocabulary.causes import CAUSES

DRAWS = 1000
"""Number of possible futures that are drawn for every household."""

MORE_DRAWS = 2000
"""Number of additional futures for households that fall in at least `WORTH` of the first `DRAWS`.

The order of these households decides how good a ranking is, so their probabilities must be more precise.
"""

WORTH = 8
THREADS = 2
NOTHING = 0.02
"""Minimum loss per person, as a share of the line, for a cause to be named as the cause of a fall."""

Truth = Literal["none", "last", "all"]
"""Dates at which the true probability is computed: none, the default test dates, or all dates of the default grid."""


def plan_truth(first: int, months: int, truth: Truth, income: Income = "monthly") -> Ints:
    """Choose the as-of dates of the truth: all dates of the default grid, or those of the default test split.

    Parameters
    ----------
    first : int
        Number of the first recorded month, counted from 1970-01.
    months : int
        Number of recorded months.
    truth : Truth
    income : Income
        With statements, the grid begins on the day before the first recorded month, and ``last`` means the dates in the
        last twelve months of the grid, among which are the default test dates. A register's grid ends with its last
        complete statement.

    Returns
    -------
    int array
        Positions of the as-of months among the recorded months, in ascending order.

    Raises
    ------
    SimulationError
        If the choice is unknown, or if there are too few months for any as-of date.

    Examples
    --------
    >>> plan_truth(600, 60, "last").tolist()
    [38, 41, 44, 47]
    >>> plan_truth(600, 60, "last", "register").tolist()
    [35, 38, 41, 44]
    >>> plan_truth(600, 23, "last")
    Traceback (most recent call last):
    riskml.errors.SimulationError: 23 months contain no date with 12 months before and 12 months after it.
    Simulate at least 24 months, or give --truth none.
    """
    if truth not in get_args(Truth):
        raise SimulationError("There is no truth {truth!r}.", "Choose none, last or all.", truth=truth)
    if truth == "none":
        return np.zeros(0, np.int64)
    last, window = months - 1, YEAR
    if income != "monthly":
        window = 0  # statements cover the income before the first month
    if income == "register":
        last -= (first + last - (OCTOBER - 1)) % YEAR
    ends: Ints = np.arange(last - YEAR, window - 2, -Settings().step, dtype=np.int64)[::-1]
    if not len(ends):
        raise SimulationError(
            "{months} months contain no date with {year} months before and {year} months after it.",
            "Simulate at least {least} months, or give --truth none.",
            months=months,
            year=YEAR,
            least=2 * YEAR,
        )
    if truth == "all":
        return ends
    if income != "monthly":
        tested = ends > ends[-1] - YEAR
    else:
        days = to_month_end((first + ends).astype(np.int32))
        try:
            origins = cut_origins(Grid(tuple(map(int, days)), first, first + months - 1), Settings())
            tested = np.isin(days, origins[0].test)
        except SplitError:
            tested = ends == ends[-1]
    chosen: Ints = ends[tested]
    return chosen


def estimate_fall_probability(chunk: Chunk, at: int, states: NDArray[np.void], rows: Ints, seed: int) -> Floats:
    """Estimate each household's probability of a fall in the next twelve months, given that it has a label.

    Parameters
    ----------
    chunk : Chunk
    at : int
        Position of the as-of month among the recorded months.
    states : structured array (households of the chunk,)
        Hidden states at the end of that month.
    rows : int array (n,)
        Positions of the households in the chunk.
    seed : int

    Returns
    -------
    float array (n,)
        Share of the labelled futures in which the household falls. Futures without follow-up need not be simulated,
        since whether a month is reported does not depend on whether the household falls.
    """
    county, values = chunk.county, chunk.p.pack()
    falls, labelled = np.zeros(chunk.n, np.int64), np.zeros(chunk.n, np.int64)
    exposure, start = county.exposure[chunk.village], county.burn_in + at + 1

    def draw(part: Ints, begin: int, end: int) -> None:
        counts, numbers = np.zeros((2, len(part)), np.int64), chunk.first + part
        simulate_futures(
            values, county.calendar, start, states[part], exposure[part], numbers, seed, begin, end, *counts
        )
        falls[part] += counts[0]
        labelled[part] += counts[1]

    def run(part: Ints) -> None:
        draw(part, 0, DRAWS)
        draw(part[falls[part] >= WORTH], DRAWS, DRAWS + MORE_DRAWS)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, np.array_split(rows, 4 * THREADS)))
    return falls[rows] / np.maximum(labelled[rows], 1)


class Figures:
    """Falls among the households at risk on the as-of dates, and how well two rankings predict them.

    A household is at risk if it is not monitored and its income per head is known and not below the line, before or
    after unavoidable spending. Households that did not fall but received emergency help are left out, as in the
    outcome.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[Floats, Floats, Ints, Mask]] = []

    def add(self, state: NDArray[np.void], probability: Floats, lived: NDArray[np.void], rows: Ints, at: int) -> None:
        """Add the households ``rows`` of ``lived`` with their hidden states and true probabilities on one date."""
        kind, _, only = (values[rows] for values in find_falls(lived, at))
        helped = (lived["emergency"][rows, at + 1 : at + 1 + YEAR] == 1).any(1)
        use = (state["ratio"] >= BELOW) & (state["after"] >= BELOW) & ((kind > 0) | ~helped)
        self._parts.append((probability[use], state["ratio"][use], kind[use], only[use]))

    def summarize(self) -> dict[str, float]:
        """Compute the figures; ``falls`` and both AUCs are NaN if no household is at risk.

        Returns
        -------
        dict of str to float
            ``n``: number of households at risk, over all dates; ``falls``: share of them that fall within twelve
            months; ``income``, ``spending`` and ``monitoring``: shares of the falls according to what comes first;
            ``spending_alone``: share of the falls that are by spending, without any fall by income or entry into
            monitoring within the twelve months; ``oracle`` and ``distance_to_line``: AUC of the true probability and
            of income per head divided by the line.
        """
        probability, ratio, kind, only = map(np.concatenate, zip(*self._parts, strict=True))
        fell = kind > 0
        falls = max(int(fell.sum()), 1)
        shares = {name: float((kind == k).sum() / falls) for name, k in FALL_KINDS.items()}
        auc = [Ranking.from_scores(score, fell).measure()[0] for score in (probability, -ratio)]
        return {
            "n": len(kind), "falls": float(fell.mean()) if len(fell) else float("nan"), **shares,
            "spending_alone": float(only.sum() / falls), "oracle": auc[0], "distance_to_line": auc[1],
        }  # fmt: skip


def find_falls(lived: NDArray[np.void], at: int) -> tuple[Ints, Ints, Mask]:
    """Find the first fall of each household in the twelve months after ``at``.

    Returns
    -------
    kind : int array (n,)
        0 for no fall, otherwise a code from `outcomes.labels.FALL_KINDS`; the smallest code if several falls come
        in the same month.
    month : int array (n,)
        Position of the month of the fall among the recorded months.
    alone : bool array (n,)
        Whether the household falls by spending and in no other way in these months.
    """
    span = lived[:, at + 1 : at + 1 + YEAR]
    falls = np.stack([span["below"] == 1, span["hardship"] == 1, span["entered"] == 1])
    when = np.where(falls.any(2), falls.argmax(2), YEAR)
    first = when.min(0)
    kind = np.where(first < YEAR, when.argmin(0) + 1, 0)
    return kind, at + 1 + first, (when[1] < YEAR) & (when[0] == YEAR) & (when[2] == YEAR)


def attribute_falls(lived: NDArray[np.void], at: int, line: Floats) -> NDArray[np.object_]:
    """Attribute each fall in the twelve months after ``at`` to a cause.

    Parameters
    ----------
    lived : structured array (n, months)
        What happened in each recorded month (`state.MONTH_OUT`).
    at : int
        Position of the as-of month among the recorded months.
    line : float array (months,)
        Line in force in each recorded month, in yuan per person and year.

    Returns
    -------
    object array (n,)
        Cause code of each household's fall; None if it does not fall. An entry into monitoring has the cause of the
        alert that led to it, and a fall by spending has the cause of the largest item in the twelve months up to it.
        If income fell below the line, the losses in the twelve months up to the fall are compared with those in the
        twelve months before, and the cause whose loss grew most is named. If no loss grew by at least the share
        `NOTHING` of the line, the cause with the largest loss is named, or ``other`` if all losses are smaller than
        that share.
    """
    kind, month, _ = find_falls(lived, at)
    cause = np.full(len(lived), None, dtype=object)
    names = np.array(list(CAUSES), dtype=object)
    by_income, by_spending, by_entry = (np.flatnonzero(kind == k) for k in (1, 2, 3))
    alert = lived["alert_cause"][by_entry, month[by_entry]].astype(int)
    cause[by_entry] = names[np.where(alert < 0, len(names) - 1, alert)]
    year = np.maximum(month[by_spending][:, None] - np.arange(YEAR), 0)
    paid = list_paid(lived[by_spending[:, None], year].view(np.recarray))
    largest = (np.array(paid).sum(2) * np.array(count_spending())[:, None]).argmax(0)
    cause[by_spending] = names[np.array([CAUSE[name] for name in SPENDING.values()])[largest]]
    fell = month[by_income]
    sums = np.cumsum(lived["effect"][by_income].astype(np.float64), axis=1)
    sums = np.concatenate([np.zeros((len(by_income), 1, len(names))), sums], axis=1)
    row = np.arange(len(by_income))
    upto, year, before = (sums[row, np.maximum(fell + 1 - back, 0)] for back in (0, YEAR, 2 * YEAR))
    lost = upto - year
    grown = lost - (year - before)
    enough = NOTHING * line[fell] * lived["size"][by_income, fell]
    best = np.where(grown.max(1) >= enough, grown.argmax(1), lost.argmax(1))
    cause[by_income] = names[np.where(lost.max(1) >= enough, best, len(names) - 1)]
    return cause

"""Features about the year ahead: the lowest income after unavoidable spending if income and care go on as before."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from riskml.features import kernels
from riskml.features.catalogue import feature
from riskml.features.illness import REGULAR
from riskml.features.matrix import Direction
from riskml.features.views import cached_on_panel, read_income, require_rows, take_log
from riskml.records.contract.schema import list_codes
from riskml.records.panel.events import Events
from riskml.records.panel.panel import Panel

Floats = NDArray[np.float64]
SCHOOL_FEE = list_codes("events", "kind").index("school_fee")
YEAR = 12

declare = partial(
    feature,
    topic="income",
    cause="other",
    window=36,
    direction=Direction.LOWER_RISK,
    requires=("illness", "events"),
)
"""Declares a feature of this module; each declaration adds only what is specific to it.

None of them is ever a reason, since nobody can verify a projection at the door. What they contribute is divided among
the causes of lower income and of spending.
"""


@cached_on_panel
def _project_lowest(panel: Panel) -> Floats:
    """Project the lowest income per head after spending in the next 12 months, in multiples of the line then."""
    then = panel.at_income_end
    income = read_income(panel)
    care, events = require_rows("illness", panel), require_rows("events", panel)
    regular = (care["kind"] == REGULAR[0]) | (care["kind"] == REGULAR[1])
    unit = then.size[0] * then.line[0]
    paid = _sum_by_month(care, care["self_paid"], care["lag"] < YEAR) / unit
    monthly = care.sum(np.nan_to_num(care["self_paid"]), regular & (care["lag"] < 3)) / 3 / unit
    fees = events.sum(np.nan_to_num(events["amount"]), (events["kind"] == SCHOOL_FEE) & (events["lag"] < YEAR)) / unit
    lowest: Floats = kernels.project_lowest(income.values, income.known, then.line, paid, fees, monthly)
    return lowest


def _sum_by_month(events: Events, yuan: Floats, mask: NDArray[np.bool_]) -> Floats:
    """Sum amounts by month, the latest first, shape (12, n); unknown amounts add nothing."""
    sums = np.zeros((YEAR, events.n))
    np.add.at(sums, (events["lag"][mask], events.household[mask]), np.nan_to_num(yuan[mask]))
    return sums


@declare(
    unit="line",
    zh="按近期水平推算，未来一年内扣除医疗自付和学费后最低的年人均纯收入（相对监测线）",
    en="lowest yearly income per head after medical and school spending in the coming year, relative to the line, if "
    "income and care go on as before",
)
def lowest_income_after_spending(panel: Panel) -> Floats:
    """Lowest yearly income per head after spending at the end of any of the next 12 months ÷ the line then.

    Income returns from its latest level to the household's own mean of months 7-36 (by 4 % of the difference of the
    logarithms a month) and grows as the line grew in the last year. Past bills leave the 12 months one after another,
    outpatient and chronic care go on as in the last 3 months, and school fees are paid again. The line takes its steps
    of the last year again.
    """
    return _project_lowest(panel)


@declare(
    unit="log line",
    zh="按近期水平推算，未来一年内家庭还能承受的支出（监测线倍数，对数）",
    en="spending that the household could bear in the coming year, in multiples of the line (log)",
)
def bearable_spending(panel: Panel) -> Floats:
    """Log of (``lowest_income_after_spending`` - 1) × household size; at least -4.

    A bill meets the whole household, so what it can bear grows with its size.
    """
    return take_log((_project_lowest(panel) - 1) * panel.at_income_end.size[0])

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
Mask = NDArray[np.bool_]
SCHOOL_FEE = list_codes("events", "kind").index("school_fee")
YEAR = 12
KEPT = 0.96 ** np.arange(1, YEAR + 1)
"""Share of the distance between the latest level of income and the usual one that is left after 1 to 12 months."""

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
    regular = panel.within(care, 3) & ((care["kind"] == REGULAR[0]) | (care["kind"] == REGULAR[1]))
    unit = then.size[0] * then.line[0]
    paid = _sum_by_month(care, panel.within(care, YEAR)) / unit
    monthly = _sum_known(care, "self_paid", regular) / 3 / unit
    fees = _sum_known(events, "amount", panel.within(events, YEAR) & (events["kind"] == SCHOOL_FEE)) / unit
    latest, usual, growth = kernels.find_levels(income.values, income.known, then.line)
    ahead = usual * np.exp(np.log(latest / usual) * KEPT[:, None])
    lowest: Floats = kernels.project_lowest(income.values, income.known, then.line, ahead, growth, paid, fees, monthly)
    return lowest


def _sum_by_month(care: Events, mask: Mask) -> Floats:
    """Sum the known self-paid amounts by month, the latest first, shape (12, n)."""
    sums: Floats = kernels.sum_rows_by_month(care.household, care["lag"], care["self_paid"], mask, YEAR, care.n)
    return sums


def _sum_known(rows: Events, column: str, mask: Mask) -> Floats:
    """Sum the known amounts, shape (n,); 0 if none is known."""
    return np.nan_to_num(rows.sum(rows[column], mask))


@declare(
    unit="line",
    zh="按近期水平推算，未来一年内扣除医疗自付和学费后最低的年人均纯收入（相对监测线）",
    en="lowest yearly income per head after medical and school spending in the coming year, relative to the line, if "
    "income and care go on as before",
)
def lowest_income_after_spending(panel: Panel) -> Floats:
    """Lowest difference between yearly income and spending, per head, at the end of any of the next 12 months.

    Every difference is divided by the line that will then be in force, if the line grows as it did in the last year.
    The feature is missing if no income is reported in 36 months or there is no line. Months of income, the line and the
    household's size are counted back from month 0, the end of the year that counts as the household's income; care and
    school fees are counted back from ``as_of``.

    Growth is the line of month 0 ÷ the line 12 months before it, or 1 if that line is unknown. Projected incomes rise
    by growth^(1/12) a month. The latest level is the latest reported 12 × income per head; the usual level is the mean
    of those reported in months 7-36, or the latest level if there are none. For both, an income from t months before
    month 0 is multiplied by growth^(t/12), and each level is at least 0.02 × the line of month 0. The projected income
    h months ahead is usual × (latest ÷ usual)^(0.96^h) × growth^(h/12), so the distance to the usual level shrinks by
    4 % a month.

    Yearly income at the end of month h is the mean of 12 × income per head over the reported months among the latest
    12 - h and the h projected months. Spending is the sum of three parts ÷ size: self-paid care of the last 12 months,
    except care in a calendar month that is then more than 12 months old; school fees of the last 12 months, paid again;
    and h ÷ 3 × self-paid outpatient and chronic care of the last 3 months. Care after the last complete month counts as
    care in that month. Unknown amounts count as 0. The line at the end of month h is the line of month 0 × (line 12 - h
    months before month 0 ÷ line 12 months before it); it stays as it is if either is unknown.
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

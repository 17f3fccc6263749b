"""Features about the year ahead: the lowest income after unavoidable spending if income and care go on as before."""

from __future__ import annotations

from functools import partial

import numpy as np

from riskml.arrays import Floats
from riskml.features import kernels
from riskml.features.catalogue import feature
from riskml.features.illness import REGULAR
from riskml.features.matrix import Direction
from riskml.features.views import cached_on_panel, read_income, require_rows, take_log
from riskml.records.contract.schema import list_codes
from riskml.records.panel.panel import Panel

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

None of these features is ever given as a reason, since a visitor cannot verify a projection. An explanation divides
their contributions among the causes that lowered income or made the household spend.
"""


@cached_on_panel
def _project_lowest(panel: Panel) -> Floats:
    """Project the lowest income per head after spending in the next 12 months, in multiples of that month's line."""
    then, income = panel.at_income_end, read_income(panel)
    series = (income.values, income.known, then.line)
    latest, usual, growth = kernels.find_levels(*series)
    away = np.log(latest / usual) * KEPT[:, None]
    np.exp(away, out=away)  # not in the compiled loops, since NumPy's exp is several times as fast
    care, events = require_rows("illness", panel), require_rows("events", panel)
    year = panel.within(care, YEAR)
    paid = kernels.sum_rows_by_month(care.household, care["lag"], care["self_paid"], year, YEAR, care.n)
    regular = panel.within(care, 3) & ((care["kind"] == REGULAR[0]) | (care["kind"] == REGULAR[1]))
    fees = panel.within(events, YEAR) & (events["kind"] == SCHOOL_FEE)
    yearly, going_on = events.sum(events["amount"], fees), care.sum(care["self_paid"], regular)
    lowest: Floats = kernels.project_lowest(*series, usual, away, growth, then.size[0], paid, yearly, going_on)
    return lowest


@declare(
    unit="line",
    zh="按近期水平推算，未来一年内扣除医疗自付和学费后最低的年人均纯收入（相对监测线）",
    en="lowest yearly income per head after medical and school spending in the coming year, relative to the line, if "
    "income and care go on as before",
)
def lowest_income_after_spending(panel: Panel) -> Floats:
    """Lowest difference between yearly income and spending, per head, at the end of any of the next 12 months.

    Every difference is divided by the line that will be in force in that month if the line grows as it did in the last
    year. The feature is missing if no income is reported in 36 months or there is no line. Month 0 is the last month of
    the 12 that count as the household's income; incomes, lines and the household's size (that of month 0) are counted
    from there, while care and school fees are counted back from ``as_of``.

    Growth is the line of month 0 ÷ the line 12 months earlier, or 1 if that line is unknown. The latest level is the
    latest reported 12 × income per head; the usual level is the mean of those reported 6 to 35 months before month 0,
    or the latest level if there are none. For both, an income from t months before month 0 is multiplied by
    growth^(t ÷ 12), and each level is at least 0.02 × the line of month 0. The projected income of the h-th month ahead
    is usual × (latest ÷ usual)^(0.96^h) × growth^(h ÷ 12), so the distance to the usual level shrinks by 4 % a month.

    Yearly income at the end of the h-th month is the mean of the h projected incomes and of 12 × income per head over
    the reported months among the latest 12 - h, of which month 0 is the first. Spending is the sum of three parts ÷
    size: self-paid care of the last 12 months, as far as it falls in the latest 12 - h months, of which the last
    complete month is the first; school fees of the last 12 months, which are paid again; and h ÷ 3 × self-paid
    outpatient and chronic care of the last 3 months. Care after the last complete month counts as care in that month.
    Unknown amounts count as 0. The line at the end of the h-th month is the line of month 0 × (the line 12 - h months
    before month 0 ÷ the line 12 months before it), or the line of month 0 if one of the two is unknown.
    """
    return _project_lowest(panel)


@declare(
    unit="log line",
    zh="按近期水平推算，未来一年内家庭还能承受的支出（监测线倍数，对数）",
    en="spending that the household could bear in the coming year, in multiples of the line (log)",
)
def bearable_spending(panel: Panel) -> Floats:
    """Log of (``lowest_income_after_spending`` - 1) × household size; at least -4.

    The household pays its bills together, so the spending that it can bear is proportional to its size.
    """
    return take_log((_project_lowest(panel) - 1) * panel.at_income_end.size[0])

"""The cohort: the households that are at risk of a fall into poverty on a date."""

from __future__ import annotations

import numpy as np

from riskml.arrays import Codes, Floats, Mask
from riskml.policy import Policy
from riskml.policy.case import Case
from riskml.records.panel.lines import BELOW
from riskml.records.panel.panel import Panel
from riskml.splits import Settings
from riskml.vocabulary.verdicts import STATUSES

AT_RISK, _BELOW_LINE, _IN_HARDSHIP, _MONITORED, _NO_INCOME, UNKNOWN = (
    np.int8(STATUSES.codes.index(code))
    for code in ("at_risk", "below_line", "in_hardship", "monitored", "no_income", "unknown")
)


def is_below_line(income: Floats, line: Floats) -> Mask:
    """Return whether each income per head is below its line; false if either is missing.

    Incomes cluster at round numbers, so an income that falls short of the line by less than a ten-thousandth does not
    count as below it.

    >>> is_below_line(np.array([5999.0, 5999.5, np.nan]), np.array([6000.0, 6000.0, 6000.0])).tolist()
    [True, False, False]
    """
    below: Mask = income < line * BELOW
    return below


def classify_cohort(panel: Panel, settings: Settings, policy: Policy) -> Codes:
    """Classify every household of a panel by what was known on the panel's date.

    Parameters
    ----------
    panel : Panel
        Panel with at least ``settings.window`` months of history.
    settings : Settings
    policy : Policy
        Determines which spending counts as unavoidable.

    Returns
    -------
    array of int8, shape (n,)
        Positions in ``STATUSES``. A monitored household is ``monitored``, whatever its income. Any other household
        whose income per head or line is unknown is ``no_income``. A household is ``unknown`` before it was first
        recorded and after its last member has left.
    """
    assert panel.basis == settings.basis, "the panel must be built with the settings' basis of income"
    case = Case(panel, policy.spending)
    income, line = case.income, case.line
    status = np.where(is_below_line(income, line), _BELOW_LINE, AT_RISK)
    if settings.hardship == "count":
        status[case.in_hardship] = _IN_HARDSHIP
    status[np.isnan(income) | np.isnan(line)] = _NO_INCOME
    status[panel.monitored] = _MONITORED
    status[~panel.known] = UNKNOWN
    return status

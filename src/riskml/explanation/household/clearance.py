"""Check which conditions for risk elimination (风险消除) a household meets; people decide whether to clear it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskml.explanation.household.explanation import RuleView
from riskml.features.household import no_labour
from riskml.policy import Policy
from riskml.records.panel.lines import BELOW
from riskml.records.panel.panel import Panel
from riskml.vocabulary.terms import Term


@dataclass(frozen=True)
class Condition(Term):
    """One condition for risk elimination.

    Parameters
    ----------
    code : {"stable_income", "no_flags", "labour"}
    zh, en : str
    met : bool or None
        Whether the condition is met; None if unknown.
    """

    met: bool | None


def check_clearance(panel: Panel, policy: Policy, rule: RuleView) -> tuple[Condition, ...]:
    """Check which conditions for risk elimination a household meets.

    Parameters
    ----------
    panel : Panel
        A panel that holds only this household.
    policy : Policy
        Its ``timing.elimination`` is the number of months in which income must not have been below the line.
    rule : RuleView
        The rule line's verdict; hidden flags count as well.

    Returns
    -------
    tuple of Condition
        The conditions. A household in which nobody can work does not meet ``labour``, so no rule ever clears it.

    Notes
    -----
    For each month, income per head over the rule's window is compared with the line in force at the month's end.
    """
    assert panel.n == 1, "expects a panel of one household"
    months = int(policy.timing["elimination"].value)
    month_ends = [(panel.income_per_head(rule.window, lag)[0], panel.line[lag, 0]) for lag in range(months)]
    known = not any(np.isnan(value) for pair in month_ends for value in pair)
    below = any(income < line * BELOW for income, line in month_ends)
    labourless = float(no_labour(panel)[0]) if panel.has("members") else float("nan")
    return (
        Condition(
            "stable_income",
            f"近 {months} 个月各月末人均纯收入均不低于监测线",
            f"income per head was at or above the line at the end of each of the last {months} months",
            False if below else True if known else None,
        ),
        Condition(
            "no_flags",
            "目前没有规则提示（大额支出已化解、保障到位需入户核实）",
            "no rule-line flag at present (verify on a visit that large bills are settled and guarantees are met)",
            not rule.flags and not rule.hidden_flags,
        ),
        Condition(
            "labour",
            "家庭有劳动力（无劳动力的家庭不自动消除风险）",
            "a member is able to work (a household in which nobody is able to work is never cleared automatically)",
            None if np.isnan(labourless) else labourless == 0,
        ),
    )

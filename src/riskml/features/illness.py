"""Features about illness: out-of-pocket spending, visits and admissions, and the share that insurance covered."""

from __future__ import annotations

from functools import partial

import numpy as np

from riskml.arrays import Floats
from riskml.features.catalogue import feature
from riskml.features.matrix import Direction
from riskml.features.views import cached_on_panel, count_months_since, divide, divide_by_line, read_income, require_rows
from riskml.records.contract.schema import list_codes
from riskml.records.panel.panel import Panel

HIGHER, LOWER = Direction.HIGHER_RISK, Direction.LOWER_RISK
INPATIENT = list_codes("illness", "kind").index("inpatient")
REGULAR = (list_codes("illness", "kind").index("outpatient"), list_codes("illness", "kind").index("chronic"))

declare = partial(feature, topic="illness", cause="illness", risky="more than most", requires=("illness",))
"""Declares a feature of this module; each declaration adds only what is specific to it."""


_require_care = partial(require_rows, "illness")


@cached_on_panel
def _divide_self_paid(panel: Panel) -> Floats:
    """Divide the self-paid amount in each row by the line times the household's size; one value for each row."""
    return divide_by_line(panel, _require_care(panel), _require_care(panel)["self_paid"])


declare_self_paid = partial(
    declare,
    direction=HIGHER,
    reason_zh="近 {w} 个月自付医疗费 {self_paid}[，{self_paid_to_income}]|近 {w} 个月无自付医疗费记录",
    reason_en="out-of-pocket medical spending in the last {w} months was {self_paid}[, {self_paid_to_income}]"
    "|no out-of-pocket medical spending is recorded in the last {w} months",
)


@declare_self_paid(
    unit="line",
    windows=(3, 6, 12, 24),
    zh="近 {w} 个月自付医疗费（人均，相对监测线）",
    en="out-of-pocket medical spending per head relative to the line, last {w} months",
)
def self_paid_to_line(panel: Panel, window: int) -> Floats:
    """Sum of the self-paid amounts, each ÷ (line × size at the time); missing if there was care but no known amount."""
    care = _require_care(panel)
    return care.sum(_divide_self_paid(panel), panel.within(care, window))


@declare_self_paid(
    unit="share",
    zh="近 12 个月自付医疗费与家庭收入之比",
    en="out-of-pocket medical spending relative to income, last 12 months",
)
def self_paid_to_income_12m(panel: Panel) -> Floats:
    """Self-paid sum ÷ mean income over 12 months, both in multiples of the line; an income below 0.1 becomes 0.1."""
    return self_paid_to_line(panel, 12) / np.maximum(read_income(panel).mean(12), 0.1)


@declare(
    unit="line",
    direction=LOWER,
    cause="other",  # the feature depends on income as much as on spending
    zh="近 12 个月扣除自付医疗费后的人均收入（相对监测线）",
    en="income per head minus out-of-pocket medical spending, relative to the line, last 12 months",
    risky="",
)
def income_after_self_paid_12m(panel: Panel) -> Floats:
    """Mean income minus the self-paid sum over 12 months, both in multiples of the line at the time."""
    return read_income(panel).mean(12) - self_paid_to_line(panel, 12)


@declare(
    unit="line",
    direction=HIGHER,
    zh="近 12 个月单次最高自付医疗费（人均，相对监测线）",
    en="largest single out-of-pocket bill per head relative to the line, last 12 months",
    reason_zh="近 12 个月单次最高自付医疗费 {largest_bill}[，近 12 个月共自付 {self_paid}]|近 12 个月无自付医疗费记录",
    reason_en="the largest out-of-pocket medical bill in the last 12 months was {largest_bill}"
    "[, out of {self_paid} in all]|no out-of-pocket medical spending is recorded in the last 12 months",
)
def largest_bill_to_line_12m(panel: Panel) -> Floats:
    """Largest known self-paid amount ÷ (line × size at the time) in a single row; 0 if there was no care."""
    care = _require_care(panel)
    recent = panel.within(care, 12)
    largest = care.max(_divide_self_paid(panel), recent)
    return np.where(care.any(recent), largest, 0.0)


@declare(
    unit="line",
    direction=HIGHER,
    zh="近 12 个月门诊和慢性病自付（人均，相对监测线）",
    en="out-of-pocket spending on outpatient and chronic care per head relative to the line, last 12 months",
    reason_zh="近 12 个月门诊和慢性病自付 {regular_self_paid}[，平均每月 {regular_self_paid_a_month}]"
    "|近 12 个月无门诊和慢性病自付记录",
    reason_en="out-of-pocket spending on outpatient and chronic care was {regular_self_paid} in the last 12 months"
    "[, {regular_self_paid_a_month} a month]"
    "|no out-of-pocket spending on outpatient or chronic care is recorded in the last 12 months",
)
def regular_self_paid_to_line_12m(panel: Panel) -> Floats:
    """Sum of the self-paid amounts for outpatient and chronic care, each ÷ (line × size at the time)."""
    care = _require_care(panel)
    mask = panel.within(care, 12) & ((care["kind"] == REGULAR[0]) | (care["kind"] == REGULAR[1]))
    return care.sum(_divide_self_paid(panel), mask)


@declare(
    unit="count",
    windows=(3, 12),
    zh="近 {w} 个月就诊次数",
    en="visits and admissions, last {w} months",
    reason_zh="近 {w} 个月就诊 {value}[（{typical}）]|近 {w} 个月无就诊记录",
    reason_en="visits and admissions in the last {w} months: {number}[ ({typical})]"
    "|no medical care is recorded in the last {w} months",
)
def care_visits(panel: Panel, window: int) -> Floats:
    """Number of visits, for all kinds of care."""
    care = _require_care(panel)
    return care.sum(care["visits"].astype(np.float64), panel.within(care, window))


@declare(
    unit="count",
    windows=(3, 12, 24),
    zh="近 {w} 个月住院次数",
    en="admissions, last {w} months",
    reason_zh="近 {w} 个月住院 {value}[（{typical}）]|近 {w} 个月无住院记录",
    reason_en="hospital admissions in the last {w} months: {number}[ ({typical})]"
    "|no admission is recorded in the last {w} months",
)
def admissions(panel: Panel, window: int) -> Floats:
    """Number of visits in rows of kind ``inpatient``."""
    care = _require_care(panel)
    mask = panel.within(care, window) & (care["kind"] == INPATIENT)
    return care.sum(care["visits"].astype(np.float64), mask)


@declare(
    unit="count",
    zh="近 12 个月慢性病就诊次数",
    en="visits for chronic illness, last 12 months",
    reason_zh="近 12 个月慢性病就诊 {value}[（{typical}）]|近 12 个月无慢性病就诊记录",
    reason_en="visits for chronic illness in the last 12 months: {number}[ ({typical})]"
    "|no visit for chronic illness is recorded in the last 12 months",
)
def chronic_visits_12m(panel: Panel) -> Floats:
    """Number of visits in rows of kind ``chronic``."""
    care = _require_care(panel)
    mask = panel.within(care, 12) & (care["kind"] == REGULAR[1])
    return care.sum(care["visits"].astype(np.float64), mask)


@declare(
    unit="share",
    zh="近 12 个月医疗费报销比例",
    en="share of medical costs reimbursed, last 12 months",
    risky="less than most",
    reason_zh="近 12 个月医疗费报销比例 {value}[（{typical}）][，总费用 {medical_cost}]",
    reason_en="{value} of medical costs in the last 12 months were reimbursed[ ({typical})]"
    "[; the total cost was {medical_cost}]",
)
def reimbursed_share_12m(panel: Panel) -> Floats:
    """1 - sum of the self-paid amounts ÷ sum of the costs, over the rows that state both; missing if no row does."""
    care = _require_care(panel)
    both = panel.within(care, 12) & ~np.isnan(care["self_paid"]) & ~np.isnan(care["cost"])
    return 1 - divide(care.sum(care["self_paid"], both), care.sum(care["cost"], both))


@declare(
    unit="months",
    window=36,
    zh="距最近一次就诊的月数",
    en="months since the latest medical care",
    risky="",
)
def months_since_care(panel: Panel) -> Floats:
    """Days since the latest row ÷ 30.4375; missing if there is none in the last 36 months."""
    return count_months_since(panel, _require_care(panel))


@declare(
    unit="months",
    window=36,
    zh="距最近一次住院的月数",
    en="months since the latest admission",
    risky="recent",
    reason_zh="最近一次住院在{ago}",
    reason_en="the latest hospital admission was {ago}",
)
def months_since_admission(panel: Panel) -> Floats:
    """Days since the latest row of kind ``inpatient`` ÷ 30.4375; missing if there is none in the last 36 months."""
    care = _require_care(panel)
    return count_months_since(panel, care, care["kind"] == INPATIENT)

"""Features about income: its level, trend and volatility, months below the line, and how many months are reported."""

from __future__ import annotations

from functools import partial

import numpy as np

from riskml.arrays import Floats
from riskml.features import kernels
from riskml.features.catalogue import feature
from riskml.features.matrix import Direction
from riskml.features.views import (
    find_months_below,
    find_months_below_to_date,
    read_income,
    read_income_to_date,
    take_log,
)
from riskml.records.panel.panel import Panel

LOWER, HIGHER = Direction.LOWER_RISK, Direction.HIGHER_RISK
YEAR = 12

declare = partial(feature, topic="income", cause="other", direction=LOWER)
"""Declares a feature of this module; each declaration adds only what is specific to it."""


@declare(
    unit="log line",
    windows=(1, 3, 6, 12, 24, 36),
    zh="近 {w} 个月人均纯收入与监测线之比（对数）",
    en="income per head relative to the line, last {w} months (log)",
    risky="below the line",
    reason_zh="{income_level}",
    reason_en="{income_level}",
)
def log_income_to_line(panel: Panel, window: int) -> Floats:
    """Log of the mean, over the window's reported months, of 12 × income per head ÷ that month's line; at least -4."""
    return take_log(read_income(panel).mean(window))


@declare(
    unit="log line",
    window=36,
    zh="最近一次报告月份人均收入与监测线之比（对数）",
    en="income per head relative to the line in the latest reported month (log)",
    risky="below the line",
    reason_zh="{latest_income_level}",
    reason_en="{latest_income_level}",
)
def log_latest_income_to_line(panel: Panel) -> Floats:
    """Log of 12 × income per head ÷ the line in the latest reported month of the last 36; at least -4."""
    income = read_income(panel)
    latest = income.known.argmax(axis=0)
    value = np.where(income.count(panel.months) > 0, income.values[latest, np.arange(panel.n)], np.nan)
    return take_log(value)


@declare(
    unit="log line",
    window=36,
    zh="近 36 个月加权人均收入水平（对数，越近权重越大）",
    en="past income relative to the line, weighted towards recent months (log)",
)
def weighted_past_income(panel: Panel) -> Floats:
    """Weighted mean of log(12 × income per head ÷ that month's line), each at least -4, over the reported months.

    The weight of a month is 0.5^(age in months ÷ 12). This is the baseline of Zhang & Wan (2009),
    doi:10.1111/j.1475-4932.2009.00565.x, adapted to riskml's data contract.
    """
    income = read_income_to_date(panel)
    weight = 0.5 ** (np.arange(panel.months) / 12.0)
    mean: Floats = kernels.average_weighted(take_log(income.values), income.known, weight)
    return mean


@declare(
    unit="line",
    windows=(6, 12, 24),
    zh="近 {w} 个月收入走势（每月变化，相对监测线）",
    en="trend of income over the last {w} months (change per month, relative to the line)",
    risky="decline",
    reason_zh="近 {w} 个月收入{slope}",
    reason_en="income over the last {w} months was {slope}",
)
def income_trend(panel: Panel, window: int) -> Floats:
    """Least-squares slope of 12 × income per head ÷ that month's line; missing for fewer than three reported months."""
    return read_income(panel).slope(window)


@declare(
    unit="line",
    windows=(3, 6, 12),
    earlier=12,
    zh="近 {w} 个月收入比上年同月的变化（相对监测线）",
    en="change in income from the same months a year before, last {w} months",
    risky="decline",
    reason_zh="近 {w} 个月家庭收入{change:total@{w}}",
    reason_en="household income in the last {w} months was {change:total@{w}}",
)
def income_change_on_year(panel: Panel, window: int) -> Floats:
    """Mean change in 12 × income per head ÷ that month's line from a year before, for months reported in both years."""
    return read_income(panel).change_on_year(window)


@declare(
    unit="line",
    window=12,
    zh="近 3 个月收入与近 12 个月平均之差（相对监测线）",
    en="mean income of the last 3 months minus that of the last 12",
    risky="decline",
    reason_zh="近 3 个月人均收入按年计比近 12 个月平均{recent_change}",
    reason_en="annualised income per head in the last 3 months was {recent_change} than the mean of the last 12",
)
def income_recent_change(panel: Panel) -> Floats:
    """Mean of the last 3 months minus the mean of the last 12, with each month in multiples of its line."""
    return read_income(panel).mean(3) - read_income(panel).mean(12)


@declare(
    unit="log line",
    windows=(1, 3, 6),
    window=YEAR,
    zh="按近 {w} 个月水平推算，未来一年内最低的年人均纯收入与监测线之比（对数）",
    en="lowest yearly income per head in the coming year relative to the line, if income stays as in the "
    "last {w} months (log)",
)
def projected_lowest_income(panel: Panel, window: int) -> Floats:
    """Log of the lowest trailing 12-month mean in the next 12 months, if income stays at the mean of the window.

    As in the outcome, only reported months count. The value of a month is 12 × income per head ÷ its line. The result
    is at least -4.
    """
    income = read_income(panel)
    return take_log(kernels.find_lowest_ahead(income.values, income.known, income.mean(window), YEAR))


@declare(
    unit="line",
    window=36,
    zh="近 12 个月收入与前两年中较好一年之差（相对监测线）",
    en="income of the last year minus that of the better of the two years before",
    risky="decline",
    reason_zh="近 12 个月人均收入比前两年中较好一年约{more_yuan}（按现行监测线折算）",
    reason_en="income per head in the last 12 months was about {more_yuan} than in the better of the two years "
    "before (at today's line)",
)
def income_below_best_year(panel: Panel) -> Floats:
    """Mean of the last 12 months minus the larger of the means of months 13-24 and 25-36, in multiples of the line.

    Each month is divided by its own line.
    """
    income = read_income(panel)
    return income.mean(12) - np.fmax(income.mean_between(12, 24), income.mean_between(24, 36))


@declare(
    direction=Direction.FREE,
    unit="line",
    windows=(6, 12, 24),
    zh="近 {w} 个月收入波动（标准差，相对监测线）",
    en="volatility of monthly income, last {w} months (standard deviation)",
)
def income_volatility(panel: Panel, window: int) -> Floats:
    """Sample standard deviation of 12 × income per head ÷ that month's line; missing for fewer than two months."""
    return read_income(panel).deviation(window)


@declare(
    unit="line",
    window=12,
    zh="近 12 个月最低月收入（相对监测线）",
    en="income of the lowest of the last 12 months, relative to the line",
)
def income_lowest_month(panel: Panel) -> Floats:
    """Smallest value of 12 × income per head ÷ that month's line among the reported months of the last 12."""
    income = read_income(panel)
    lowest = np.where(income.known[:12], income.values[:12], np.inf).min(axis=0)
    return np.where(np.isposinf(lowest), np.nan, lowest)


@declare(
    unit="share",
    windows=(6, 12, 24, 36),
    direction=HIGHER,
    zh="近 {w} 个月中低于监测线的月份占比",
    en="share of reported months below the line, last {w} months",
    risky="more than most",
    reason_zh="近 {w} 个月有收入记录的 {months_known} 个月中，{months_below} 个月低于监测线"
    "|近 {w} 个月有收入记录的 {months_known} 个月均不低于监测线",
    reason_en="income was below the line in {months_below} of the {months_known} months reported in the last {w}"
    "|income was below the line in none of the {months_known} months reported in the last {w}",
)
def months_below_line(panel: Panel, window: int) -> Floats:
    """Share of the reported months in which 12 × income per head was below that month's line."""
    return read_income(panel).share(find_months_below(panel), window)


@declare(
    unit="line",
    windows=(12, 36),
    direction=HIGHER,
    zh="近 {w} 个月平均收入缺口（相对监测线）",
    en="mean shortfall below the line, last {w} months",
)
def income_shortfall(panel: Panel, window: int) -> Floats:
    """Mean of max(0, 1 - 12 × income per head ÷ that month's line) over the reported months."""
    income = read_income(panel)
    shortfall: Floats = kernels.average_shortfall(income.values, income.known, income.count(window), window)
    return shortfall


@declare(
    unit="months",
    window=36,
    direction=HIGHER,
    zh="截至最近报告月连续低于监测线的月数",
    en="consecutive months below the line up to the latest reported month",
    risky="more than most",
    reason_zh="截至最近有记录的月份，已连续 {value}低于监测线|最近有记录的月份不低于监测线",
    reason_en="income has been below the line for {value} in a row, up to the latest reported month"
    "|the latest reported month was not below the line",
)
def consecutive_months_below(panel: Panel) -> Floats:
    """Length of the run of months below the line that ends with the latest reported month; a gap ends the run."""
    length: Floats = kernels.measure_run_below(read_income(panel).known, find_months_below(panel))
    return length


@declare(
    unit="months",
    window=36,
    zh="距最近一次低于监测线的月数",
    en="months since the latest month below the line",
    risky="recent",
    reason_zh="{since_below}",
    reason_en="{since_below}",
)
def months_since_below(panel: Panel) -> Floats:
    """Months since the latest month below the line; 36 if no reported month was below it; missing without reports."""
    low = find_months_below_to_date(panel)
    since = np.where(low.any(axis=0), low.argmax(axis=0), panel.months).astype(np.float64)
    return np.where(read_income_to_date(panel).count(panel.months) > 0, since, np.nan)


@declare(
    direction=Direction.FREE,
    unit="share",
    windows=(12, 36),
    zh="近 {w} 个月有收入记录的月份占比",
    en="share of months with a report, last {w} months",
)
def income_coverage(panel: Panel, window: int) -> Floats:
    """Number of reported months ÷ number of months in the window."""
    coverage: Floats = kernels.sum_months(panel.at_income_end.reported, 0, window) / window
    return coverage


@declare(
    direction=Direction.FREE,
    unit="months",
    window=36,
    zh="最近一次收入记录距今月数",
    en="months since the latest income report",
)
def months_since_report(panel: Panel) -> Floats:
    """Months from the latest reported month to the last complete one; missing if no month is reported."""
    since = panel.reported.argmax(axis=0).astype(np.float64)
    return np.where(panel.reported.any(axis=0), since, np.nan)

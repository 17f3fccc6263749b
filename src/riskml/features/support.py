"""Features about help that a household received and about its earlier monitoring."""

from __future__ import annotations

from functools import partial

from riskml.arrays import Floats
from riskml.features.catalogue import feature
from riskml.features.views import count_months_since, divide, require_rows, sum_help
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.panel import Panel

declare = partial(feature, topic="help", cause="other", requires=("help",))
"""Declares a feature of this module; each declaration adds only what is specific to it."""


_require_help = partial(require_rows, "help")


_require_monitoring = partial(require_rows, "monitoring")


@declare(
    unit="count",
    window=36,
    zh="正在落实的帮扶措施数",
    en="support measures in place",
    risky="less than most",
    reason_zh="正在落实帮扶措施 {number} 项|目前无正在落实的帮扶措施",
    reason_en="support measures in place: {number}|no support measure is in place",
)
def help_in_place(panel: Panel) -> Floats:
    """Number of measures that started in the last 36 months and had not ended by ``as_of``."""
    rows = _require_help(panel)
    return rows.count((rows["ended_on"] == NO_DAY) & panel.within(rows, 36))


@declare(
    unit="count",
    zh="近 12 个月新增帮扶措施数",
    en="support measures begun, last 12 months",
    risky="less than most",
    reason_zh="近 12 个月新增帮扶措施 {number} 项|近 12 个月无新增帮扶措施",
    reason_en="support measures begun in the last 12 months: {number}|no support measure began in the last 12 months",
)
def help_begun_12m(panel: Panel) -> Floats:
    """Number of measures that started in the last 12 months."""
    rows = _require_help(panel)
    return rows.count(panel.within(rows, 12))


@declare(
    unit="line",
    window=36,  # an amount per month may have begun before these 12 months
    zh="近 12 个月帮扶金额（人均，相对监测线）",
    en="amount of help per head relative to the line, last 12 months",
    risky="less than most",
    reason_zh="近 12 个月帮扶金额 {help_amount}|近 12 个月无帮扶金额记录",
    reason_en="help worth {help_amount} in the last 12 months|no amount of help is recorded in the last 12 months",
)
def help_amount_to_line_12m(panel: Panel) -> Floats:
    """Known amounts of help in the last 12 months ÷ (line × size in the last complete month).

    Amounts per month or year count for the days on which the measure ran, others if it started in these months.
    """
    return divide(sum_help(panel, _require_help(panel), 12), panel.line[0] * panel.size[0])


@declare(
    unit="count",
    zh="近 12 个月应急救助次数",
    en="emergency support measures, last 12 months",
)
def emergency_help_12m(panel: Panel) -> Floats:
    """Number of emergency measures that started in the last 12 months."""
    rows = _require_help(panel)
    return rows.count(rows["emergency"] & panel.within(rows, 12))


@declare(
    unit="months",
    window=36,
    zh="距最近一次帮扶开始的月数",
    en="months since the latest support measure began",
)
def months_since_help(panel: Panel) -> Floats:
    """Days since the latest measure started ÷ 30.4375; missing if none started in the last 36 months."""
    rows = _require_help(panel)
    return count_months_since(panel, rows, panel.within(rows, 36))


@declare(
    unit="count",
    requires=("monitoring",),
    zh="近 36 个月纳入监测次数",
    en="entries into monitoring, last 36 months",
    risky="more than most",
    reason_zh="近 36 个月曾纳入监测 {value}|近 36 个月未曾纳入监测",
    reason_en="entries into monitoring in the last 36 months: {number}|no entry into monitoring in the last 36 months",
)
def monitoring_entries_36m(panel: Panel) -> Floats:
    """Number of entries in the last 36 months."""
    rows = _require_monitoring(panel)
    return rows.count(panel.within(rows, 36))


@declare(
    unit="months",
    window=36,
    requires=("monitoring",),
    zh="距风险消除的月数",
    en="months since the risk was declared gone",
)
def months_since_cleared(panel: Panel) -> Floats:
    """Days since the latest ``cleared_on`` of the entries in the last 36 months ÷ 30.4375; missing if there is none."""
    rows = _require_monitoring(panel)
    cleared = rows["cleared_on"]
    latest = rows.max(cleared, (cleared != NO_DAY) & panel.within(rows, 36))
    return (panel.as_of - latest) / (365.25 / 12)

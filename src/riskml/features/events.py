"""Features from the table ``events``: schooling, work, ventures, accidents, housing, and leads sent to the county."""

from __future__ import annotations

from functools import partial

from riskml.arrays import Floats
from riskml.features.catalogue import feature
from riskml.features.matrix import Direction
from riskml.features.views import cached_on_panel, count_months_since, divide_by_line, require_rows
from riskml.records.contract.schema import list_codes
from riskml.records.panel.panel import Panel

HIGHER, FREE = Direction.HIGHER_RISK, Direction.FREE
_code_kind = list_codes("events", "kind").index
REPORT = _code_kind("report")

declare = partial(feature, requires=("events",))
"""Declares a feature of this module; each declaration adds only what is specific to it."""

_require_events = partial(require_rows, "events")


@cached_on_panel
def _divide_amounts(panel: Panel) -> Floats:
    """Divide the amount in each row by the line times the household's size; one value for each row."""
    return divide_by_line(panel, _require_events(panel), _require_events(panel)["amount"])


def _count_kind(kind: int, panel: Panel, window: int) -> Floats:
    """Number of events of this kind in the window."""
    events = _require_events(panel)
    return events.count(panel.within(events, window) & (events["kind"] == kind))


def _sum_kind(kind: int, panel: Panel) -> Floats:
    """Sum of the events' amounts, each ÷ (line × size at the time); missing if there are events but no known amount."""
    events = _require_events(panel)
    return events.sum(_divide_amounts(panel), panel.within(events, 12) & (events["kind"] == kind))


def _count_months_since_kind(kind: int, panel: Panel) -> Floats:
    """Days since the latest event of this kind ÷ 30.4375; missing if there is none in the last 36 months."""
    events = _require_events(panel)
    return count_months_since(panel, events, events["kind"] == kind)


# kind, name, windows, topic, cause, direction, Chinese, English
_COUNTS = (
    ("dropout", "dropouts", (12,), "schooling", "schooling", HIGHER, "辍学", "dropouts from school"),
    ("job_loss", "job_losses", (6, 12), "work", "work", HIGHER, "失业", "job losses"),
    ("venture_failure", "venture_failures", (12, 24), "work", "venture", HIGHER, "产业项目失败", "failed ventures"),
    ("death", "deaths", (12,), "household", "labour", FREE, "家庭成员死亡", "deaths in the household"),
    ("accident", "accidents", (12,), "household", "accident", HIGHER, "意外事故", "accidents"),
    ("disability", "disabilities", (24,), "household", "disability", HIGHER, "新发残疾", "new disabilities"),
    (
        "housing_unsafe",
        "unsafe_housing",
        (12,),
        "household",
        "housing",
        HIGHER,
        "住房不安全",
        "findings of unsafe housing",
    ),
    (
        "water_unsafe",
        "unsafe_water",
        (12,),
        "household",
        "water",
        HIGHER,
        "饮水不安全",
        "findings of unsafe drinking water",
    ),
    ("visit", "visits_received", (12,), "leads", "other", FREE, "入户走访", "visits to the household"),
)
_COUNT_ZH = "近 {{w}} 个月有{0}记录 {{value}}[，最近一次在{{latest:{1}}}]|近 {{w}} 个月无{0}记录"
_COUNT_EN = (
    "{0} in the last {{w}} months: {{number}}[, the latest {{latest:{1}}}]|no {0} recorded in the last {{w}} months"
)
for _kind, _name, _windows, _topic, _cause, _direction, _zh, _en in _COUNTS:
    declare(
        name=_name,
        topic=_topic,
        unit="count",
        windows=_windows,
        direction=_direction,
        cause=_cause,
        zh=f"近 {{w}} 个月{_zh}次数",
        en=f"{_en}, last {{w}} months",
        risky="more than most" if _kind != "visit" else "",
        reason_zh=_COUNT_ZH.format(_zh, _kind) if _kind != "visit" else "",
        reason_en=_COUNT_EN.format(_en, _kind) if _kind != "visit" else "",
    )(partial(_count_kind, _code_kind(_kind)))

# kind, name, topic, cause, Chinese, English
_AMOUNTS = (
    ("school_fee", "school_fees_to_line_12m", "schooling", "schooling", "就学支出", "school fees"),
    ("accident", "accident_amount_to_line_12m", "household", "accident", "意外事故支出", "accident costs"),
    ("venture_failure", "venture_loss_to_line_12m", "work", "venture", "产业项目损失", "losses from failed ventures"),
)
_AMOUNT_ZH = "近 12 个月{0} {{event_sum:{1}}}[，{{event_sum_to_income:{1}}}]|近 12 个月无{0}记录"
_AMOUNT_EN = (
    "{0} in the last 12 months: {{event_sum:{1}}}[, {{event_sum_to_income:{1}}}]|no {0} recorded in the last 12 months"
)
for _kind, _name, _topic, _cause, _zh, _en in _AMOUNTS:
    declare(
        name=_name,
        topic=_topic,
        unit="line",
        direction=HIGHER,
        cause=_cause,
        zh=f"近 12 个月{_zh}（人均，相对监测线）",
        en=f"{_en} per head relative to the line, last 12 months",
        risky="more than most",
        reason_zh=_AMOUNT_ZH.format(_zh, _kind),
        reason_en=_AMOUNT_EN.format(_en, _kind),
    )(partial(_sum_kind, _code_kind(_kind)))

# kind, name, topic, cause, Chinese, English
_TIMES = (
    ("job_loss", "months_since_job_loss", "work", "work", "失业", "job loss"),
    ("venture_failure", "months_since_venture_failure", "work", "venture", "产业项目失败", "failed venture"),
    ("visit", "months_since_visit", "leads", "other", "入户走访", "visit"),
)
for _kind, _name, _topic, _cause, _zh, _en in _TIMES:
    declare(
        name=_name,
        topic=_topic,
        unit="months",
        window=36,
        cause=_cause,
        zh=f"距最近一次{_zh}的月数",
        en=f"months since the latest {_en}",
        risky="recent" if _kind != "visit" else "",
        reason_zh=f"最近一次{_zh}在{{ago}}" if _kind != "visit" else "",
        reason_en=f"the latest {_en} was {{ago}}" if _kind != "visit" else "",
    )(partial(_count_months_since_kind, _code_kind(_kind)))


def _count_leads(channel: int, panel: Panel) -> Floats:
    """Number of rows of kind ``report`` that came through this channel in the last 12 months."""
    events = _require_events(panel)
    mask = (events["kind"] == REPORT) & (events["channel"] == channel)
    return events.count(panel.within(events, 12) & mask)


for _code, _zh, _en in (
    ("hotline", "热线线索", "leads from the hotline"),
    ("self_report", "自主申报", "self-reports"),
    ("department", "部门比对线索", "leads from departments"),
):
    declare(
        name=f"leads_by_{_code}_12m",
        topic="leads",
        unit="count",
        cause="other",
        zh=f"近 12 个月{_zh}数",
        en=f"{_en}, last 12 months",
        risky="more than most",
        reason_zh=f"近 12 个月收到{_zh} {{number}} 条|近 12 个月无{_zh}",
        reason_en=f"{_en} in the last 12 months: {{number}}|no {_en} in the last 12 months",
    )(partial(_count_leads, list_codes("events", "channel").index(_code)))


@declare(
    topic="leads",
    unit="count",
    windows=(3, 12),
    cause="other",
    zh="近 {w} 个月线索数",
    en="leads from all channels, last {w} months",
    risky="more than most",
    reason_zh="近 {w} 个月收到线索 {number} 条|近 {w} 个月未收到线索",
    reason_en="leads in the last {w} months: {number}|no leads in the last {w} months",
)
def leads(panel: Panel, window: int) -> Floats:
    """Number of rows of kind ``report``, whatever their channel."""
    events = _require_events(panel)
    return events.count(panel.within(events, window) & (events["kind"] == REPORT))

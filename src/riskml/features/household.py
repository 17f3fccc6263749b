"""Features about a household's members: their number and ages, and their ability to work, health and schooling."""

from __future__ import annotations

from functools import partial

import numpy as np

from riskml.arrays import Floats, Mask
from riskml.features.catalogue import feature
from riskml.features.matrix import Direction
from riskml.features.views import cached_on_panel, divide, require_rows
from riskml.records.contract.calendar import to_year
from riskml.records.contract.schema import list_codes
from riskml.records.panel.events import Events
from riskml.records.panel.panel import Panel

HIGHER, LOWER = Direction.HIGHER_RISK, Direction.LOWER_RISK

declare = partial(feature, topic="household", unit="persons", requires=("members",))
"""Declares a feature of this module; each declaration adds only what is specific to it."""


_require_members = partial(require_rows, "members")


def _count_coded(panel: Panel, column: str, *values: str) -> Floats:
    """Count the members whose code is one of the values; missing if members are listed but none has a known code."""
    allowed = list_codes("members", column)
    return _require_members(panel).count_coded(column, *map(allowed.index, values))


def _count_health(health: str, panel: Panel) -> Floats:
    """Count the members whose health is ``health``."""
    return _count_coded(panel, "health", health)


def _set_unknown_missing(members: Events, number: Floats, stated: Mask) -> Floats:
    """Set a household's number to missing if it lists members but none of them has a value.

    A household that lists no members keeps its number.
    """
    return np.where(members.any(stated) | ~members.any(), number, np.nan)


@cached_on_panel
def _compute_ages(panel: Panel) -> Floats:
    """Compute ages as the year of ``as_of`` minus the year of birth; one value for each row."""
    ages: Floats = to_year(panel.as_of) - _require_members(panel)["birth_year"]
    return ages


def _count_aged(panel: Panel, low: float, high: float) -> Floats:
    """Count the members aged ``low`` or more and under ``high``; missing if members are listed but no age is known."""
    members, age = _require_members(panel), _compute_ages(panel)
    return _set_unknown_missing(members, members.count((age >= low) & (age < high)), ~np.isnan(age))


@declare(
    requires=(),
    cause="other",
    zh="家庭人口",
    en="household size",
)
def household_size(panel: Panel) -> Floats:
    """Number of persons in the latest known version."""
    return panel.size_now


@declare(
    requires=(),
    cause="other",
    zh="近 12 个月家庭人口变化",
    en="change in household size, last 12 months",
)
def household_size_change_12m(panel: Panel) -> Floats:
    """Number of persons in the latest known version minus the number 12 months before the last complete month."""
    change: Floats = panel.size_now - panel.size[12]
    return change


@declare(
    direction=LOWER,
    cause="labour",
    zh="劳动力人数（弱劳动力按半个计）",
    en="members able to work (weak labour counts half)",
    risky="less than most",
    reason_zh="劳动力 {value}（弱劳动力按半个计）[，{typical}]|登记的家庭成员中无劳动力",
    reason_en="members able to work (weak labour counts half): {number}[, {typical}]"
    "|no registered member is able to work",
)
@cached_on_panel
def labour_force(panel: Panel) -> Floats:
    """Number of members with full or skilled labour, plus half the number with weak labour."""
    return _count_coded(panel, "labour", "full", "skilled") + 0.5 * _count_coded(panel, "labour", "weak")


@declare(
    unit="share",
    direction=LOWER,
    cause="labour",
    zh="劳动力占家庭人口比例",
    en="share of members able to work",
    risky="less than most",
    reason_zh="劳动力占家庭人口的 {value}[（{typical}）]|登记的家庭成员中无劳动力",
    reason_en="{value} of the members are able to work[ ({typical})]|no registered member is able to work",
)
def labour_share(panel: Panel) -> Floats:
    """Labour force ÷ number of listed members."""
    return divide(labour_force(panel), _require_members(panel).count())


@declare(
    unit="count",
    direction=HIGHER,
    cause="labour",
    zh="无劳动力家庭",
    en="household with no member able to work",
    risky="more than most",
    reason_zh="登记的家庭成员中无劳动力|家庭有劳动力",
    reason_en="no registered member is able to work|the household has members able to work",
)
def no_labour(panel: Panel) -> Floats:
    """1 if members are listed and none has full, skilled or weak labour, else 0; missing if none has a known value."""
    force = labour_force(panel)
    return np.where(np.isnan(force), np.nan, ((force == 0) & _require_members(panel).any()).astype(np.float64))


@declare(
    cause="other",
    zh="16 岁以下人数",
    en="members under 16",
    risky="more than most",
    reason_zh="16 岁以下 {value}[（{typical}）]|无 16 岁以下成员",
    reason_en="members under 16: {number}[ ({typical})]|no member under 16",
)
def children(panel: Panel) -> Floats:
    """Number of members whose year of birth is less than 16 years before the year of ``as_of``."""
    return _count_aged(panel, -np.inf, 16)


@declare(
    cause="labour",
    zh="60 岁及以上人数",
    en="members aged 60 or over",
    risky="more than most",
    reason_zh="60 岁及以上 {value}[（{typical}）]|无 60 岁及以上成员",
    reason_en="members aged 60 or over: {number}[ ({typical})]|no member aged 60 or over",
)
def elders(panel: Panel) -> Floats:
    """Number of members whose year of birth is at least 60 years before the year of ``as_of``."""
    return _count_aged(panel, 60, np.inf)


@declare(
    unit="years",
    cause="other",
    zh="成员平均年龄",
    en="mean age of the members",
)
def mean_age(panel: Panel) -> Floats:
    """Mean of the year of ``as_of`` minus the year of birth, over the members whose year of birth is known."""
    members, age = _require_members(panel), _compute_ages(panel)
    return divide(members.sum(age), members.count(~np.isnan(age)))


# name, health, cause, Chinese, English
for _name, _health, _cause, _zh, _en in (
    ("members_chronic", "chronic", "illness", "长期慢性病", "a chronic illness"),
    ("members_seriously_ill", "serious", "illness", "大病", "a serious illness"),
    ("members_disabled", "disabled", "disability", "残疾", "a disability"),
):
    declare(
        name=_name,
        definition=f"Number of members whose health is ``{_health}``.",
        direction=HIGHER,
        cause=_cause,
        zh=f"{_zh}人数",
        en=f"members with {_en}",
        risky="more than most",
        reason_zh=f"登记有{_zh}成员 {{value}}|登记的家庭成员中无{_zh}",
        reason_en=f"members registered with {_en}: {{number}}|no member is registered with {_en}",
    )(partial(_count_health, _health))


@declare(
    topic="schooling",
    cause="schooling",
    zh="义务教育在校人数",
    en="members in compulsory education",
)
def pupils(panel: Panel) -> Floats:
    """Number of members in compulsory education."""
    return _count_coded(panel, "schooling", "compulsory")


@declare(
    topic="schooling",
    direction=HIGHER,
    cause="schooling",
    zh="高中、中职及以上在校人数",
    en="members in senior secondary school or college",
    risky="more than most",
    reason_zh="高中、中职及以上在校 {value}|无高中、中职及以上在校成员",
    reason_en="members in senior secondary school or college: {number}|no member in senior secondary school or college",
)
def students(panel: Panel) -> Floats:
    """Number of members in senior secondary school, vocational school or college, for which families pay."""
    return _count_coded(panel, "schooling", "senior", "college")


@declare(
    topic="work",
    cause="work",
    zh="外出务工人数",
    en="members working away from home",
    risky="less than most",
    reason_zh="外出务工 {value}[（{typical}）]|无外出务工成员",
    reason_en="members working away from home: {number}[ ({typical})]|no member works away from home",
)
def migrant_workers(panel: Panel) -> Floats:
    """Number of members who work away from home."""
    return _count_coded(panel, "working", "migrant")


@declare(
    topic="work",
    cause="work",
    zh="本地务工人数",
    en="members working locally",
    risky="less than most",
    reason_zh="本地务工 {value}[（{typical}）]|无本地务工成员",
    reason_en="members working locally: {number}[ ({typical})]|no member works locally",
)
def local_workers(panel: Panel) -> Floats:
    """Number of members who work locally."""
    return _count_coded(panel, "working", "local")


@declare(
    topic="work",
    unit="share",
    direction=LOWER,
    cause="work",
    zh="务工人数占家庭人口比例",
    en="share of members in work",
    risky="less than most",
    reason_zh="务工人数占家庭人口的 {value}[（{typical}）]|登记的家庭成员中无人务工",
    reason_en="{value} of the members are in work[ ({typical})]|no registered member is in work",
)
def workers_share(panel: Panel) -> Floats:
    """Number of members who work locally or away from home ÷ number of listed members."""
    return divide(_count_coded(panel, "working", "local", "migrant"), _require_members(panel).count())
